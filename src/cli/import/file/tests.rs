use proptest::prelude::*;

use super::*;

fn lines(text: &[u8]) -> Vec<usize> {
    read(text).unwrap().iter().map(|row| row.line).collect()
}

fn top(text: &[u8]) -> Vec<(usize, String, String)> {
    read(text).unwrap_err().into_iter().map(|(line, fault)| (line, fault.column, fault.code)).collect()
}

fn codes(row: &Record) -> Vec<(&str, &str)> {
    row.faults.iter().map(|fault| (fault.column.as_str(), fault.code.as_str())).collect()
}

#[test]
fn rows_are_numbered_as_an_editor_shows_them() {
    // A cell over three lines, a blank line, and a row of empty cells.
    for end in ["\n", "\r\n", "\r"] {
        let text = ["kind,email", "a,b", "\"x", "y", "z\",c", "", "d,e", " ,", "f,g"].join(end);
        assert_eq!(lines(text.as_bytes()), [2, 3, 7, 9], "{end:?}");
    }
    assert_eq!(lines(b"\n\r\n kind ; email\n\na;b"), [5]);
}

#[test]
fn the_header_tells_the_delimiter() {
    for (text, decimal_comma) in [
        ("kind;email\na;b,c", true),
        ("\u{FEFF}kind,email\na,\"b,c\"", false),
        ("\"kind\";\"email\"\n a ; b,c\u{A0}", true),
        ("kind\temail\na\tb,c", true),
        ("sep=;\r\nKind;E-mail\r\na;b,c\r\n\x1A\0\0", true),
        ("\u{FEFF}\"sep=|\"\nkind|e_mail\na\0|\u{200B}b,c\u{3000}\0\0\n", true),
        ("sep=,\n\nkind,Email address\na,\"b,c\"", false),
    ] {
        let rows = read(text.as_bytes()).unwrap();
        assert_eq!(rows[0].cells, [("kind", "a".to_owned()), ("email", "b,c".to_owned())], "{text}");
        assert_eq!((rows.len(), rows[0].decimal_comma), (1, decimal_comma), "{text}");
    }
}

#[test]
fn lines_are_counted_behind_a_line_that_says_the_separator() {
    assert_eq!(lines(b"sep=;\n\nkind;email\na;b\n\nc;d"), [4, 6]);
    assert_eq!(
        top(b"sep=;\r\nkind;emil\r\n"),
        [
            (2, "emil".to_owned(), "unknown_column".to_owned()),
            (2, "email".to_owned(), "missing_column".to_owned())
        ]
    );
    assert_eq!(top(b"sep=;\nkind,email\na,b"), [(2, "kind".to_owned(), "missing_header".to_owned())]);
    assert_eq!(top(b"sep=;\n"), [(1, "kind".to_owned(), "no_rows".to_owned())]);
}

#[test]
fn a_filled_column_without_a_name_is_reported_once() {
    let faults = read(b"\n,kind,,email\n,a,,b\n1,a,x,b\n2,a,,b\n").unwrap_err();
    let reported: Vec<_> =
        faults.iter().map(|(line, fault)| (*line, fault.column.as_str(), fault.code.as_str())).collect();
    assert_eq!(reported, [(2, "column 1", "unnamed_column"), (2, "column 3", "unnamed_column")]);
    assert!(
        faults[0].1.words.contains("on line 2") && faults[0].1.words.contains("row 4 has \"1\""),
        "{}",
        faults[0].1.words
    );
    assert_eq!(
        top(b"Unnamed: x,kind,email\n0,a,b"),
        [(1, "Unnamed: x".to_owned(), "unknown_column".to_owned())]
    );
    // A column with an unknown name is reported by that name, and an empty one is ignored.
    assert_eq!(
        top(b"Unnamed: 0,kind,email\n0,a,b"),
        [(1, "column 1".to_owned(), "unnamed_column".to_owned())]
    );
    assert_eq!(lines(b",kind,,email\n,a,,b"), [2]);
}

#[test]
fn what_is_wrong_with_the_whole_file_is_reported_where_it_shows() {
    for (text, line, column, code) in [
        (&b""[..], 1, "kind", "no_rows"),
        (b"\xEF\xBB\xBF\n \n", 1, "kind", "no_rows"),
        (b"kind,email\n,\n\n", 1, "kind", "no_rows"),
        (b"\0\0\x1A", 1, "kind", "no_rows"),
        (b"\xFF\xFE\x00\xD8k\0", 1, "kind", "not_utf8"),
        (b"k\0i\0n\0", 1, "kind", "not_utf8"),
        (b"PK\x03\x04\x14\0", 1, "kind", "not_csv"),
        (b"kind|email\na|b", 1, "kind", "missing_header"),
        (b"\nsystem_user,ada@example.com\n", 2, "kind", "missing_header"),
        (b"kind,mali,email\n", 1, "mali", "unknown_column"),
    ] {
        assert_eq!(
            top(text),
            [(line, column.to_owned(), code.to_owned())],
            "{}",
            String::from_utf8_lossy(text)
        );
    }
}

#[test]
fn cells_that_cannot_be_read_are_reported_with_their_column() {
    let text = b"kind,email,account_name,,\na,b,caf\xE9,,\na,b,c,,\na,b,c,d,\na,b\na,b,\"5\"\" \
        pipe\"\na,b,c,,,\na,b,\"c,,\na,b,c,,";
    let rows = read(text).unwrap();
    let found: Vec<_> = rows.iter().map(|row| (row.line, row.torn, codes(row))).collect();
    let torn = |code| vec![("kind", code)];
    assert_eq!(
        found,
        [
            (2, false, vec![("account_name", "not_utf8")]),
            (3, false, vec![]),
            (4, true, torn("cell_count")),
            (5, false, vec![]),
            (6, false, vec![]),
            (7, false, vec![]),
            (8, true, torn("unbalanced_quotes")),
        ]
    );
    assert_eq!(rows[4].cells[2].1, "5\" pipe");
}

proptest! {
    #[test]
    fn never_panics_and_counts_upwards(
        bytes in proptest::collection::vec(any::<u8>(), 0..60),
        text in "[ab,;\"\r\n\t]{0,40}",
    ) {
        for bytes in [bytes, text.into_bytes()] {
            let file = [&b"kind,email\n"[..], &bytes].concat();
            let _ = read(&bytes);
            if let Ok(rows) = read(&file) {
                prop_assert!(rows.windows(2).all(|pair| pair[0].line < pair[1].line));
                prop_assert!(rows.iter().all(|row| row.line > 1 && row.torn <= !row.faults.is_empty()));
            }
        }
    }
}

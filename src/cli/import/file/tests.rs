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
    for text in ["kind;email\na;b,c", "\u{FEFF}kind,email\na,\"b,c\"", "\"kind\";\"email\"\n a ; b,c\u{A0}"] {
        let rows = read(text.as_bytes()).unwrap();
        assert_eq!(rows[0].cells, [("kind", "a".to_owned()), ("email", "b,c".to_owned())], "{text}");
    }
}

#[test]
fn what_is_wrong_with_the_whole_file_is_told_where_it_shows() {
    for (text, line, column, code) in [
        (&b""[..], 1, "kind", "no_rows"),
        (b"\xEF\xBB\xBF\n \n", 1, "kind", "no_rows"),
        (b"kind,email\n,\n\n", 1, "kind", "no_rows"),
        (b"\xFF\xFEk\0i\0", 1, "kind", "not_utf8"),
        (b"kind\temail\na\tb", 1, "kind", "wrong_delimiter"),
        (b"kind|email\na|b", 1, "kind", "missing_header"),
        (b"\nsystem_user,ada@example.com\n", 2, "kind", "missing_header"),
        (b"kind,e-mail,email\n", 1, "e-mail", "unknown_column"),
    ] {
        assert_eq!(top(text), [(line, column.to_owned(), code.to_owned())], "{}", String::from_utf8_lossy(text));
    }
}

#[test]
fn cells_that_cannot_be_read_are_told_with_their_column() {
    let text =
        b"kind,email,account_name,,\na,b,caf\xE9,,\na,b,c,,\na,b,c,d,\na,b\na,b,\"5\"\" pipe\"\na,b,c,,,\na,b,\"c,,\na,b,c,,";
    let rows = read(text).unwrap();
    let found: Vec<_> = rows.iter().map(|row| (row.line, row.torn, codes(row))).collect();
    let torn = |code| vec![("kind", code)];
    assert_eq!(
        found,
        [
            (2, false, vec![("account_name", "not_utf8")]),
            (3, false, vec![]),
            (4, true, torn("cell_count")),
            (5, true, torn("cell_count")),
            (6, false, vec![]),
            (7, true, torn("cell_count")),
            (8, true, torn("unbalanced_quotes")),
        ]
    );
    assert_eq!(rows[4].cells[2].1, "5\" pipe");
}

proptest! {
    #[test]
    fn never_panics_and_counts_upwards(bytes in proptest::collection::vec(any::<u8>(), 0..60), text in "[ab,;\"\r\n\t]{0,40}") {
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

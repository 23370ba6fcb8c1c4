//! The cell separator: declared by a first line `sep=;`, or detected from the header.

use super::{
    columns,
    records::{Cut, is_blank},
};

/// The character between two cells, and the offset of the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Separator {
    pub byte: u8,
    /// The offset of the first byte after a line `sep=`; 0 when there is none.
    pub start: usize,
}

impl Separator {
    /// The separator of a file in UTF-8.
    pub(super) fn of(bytes: &[u8]) -> Self {
        declared(bytes).unwrap_or_else(|| Self { byte: seen(bytes), start: 0 })
    }

    /// Whether rates may have a decimal comma. Where the comma separates cells, `0,23` would be ambiguous.
    pub(super) fn allows_decimal_comma(self) -> bool {
        self.byte != b','
    }
}

/// Reads the line `sep=;` that declares the separator to Excel: in any case, with blanks around `=`, with or
/// without quotes, and with the empty cells after it that a spreadsheet adds when it saves the file again.
fn declared(bytes: &[u8]) -> Option<Separator> {
    let begin = bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n'))?;
    let length =
        bytes[begin..].iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(bytes.len() - begin);
    let line = bytes[begin..begin + length].trim_ascii_start();
    let (quoted, line) = line.strip_prefix(b"\"").map_or((false, line), |line| (true, line));
    let said = line.get(..3).filter(|name| name.eq_ignore_ascii_case(b"sep")).and_then(|_| line.get(3..))?;
    let said = said.trim_ascii_start().strip_prefix(b"=")?;
    // Blanks before the character are ignored, unless the blank is the separator.
    let behind = said.iter().position(|byte| *byte != b' ').and_then(|at| said.get(at..));
    let said = behind.filter(|text| !text.starts_with(b"\"")).unwrap_or(said);
    let (byte, rest) = match said {
        [b'\\', b't', rest @ ..] => (b'\t', rest),
        [byte, rest @ ..] if byte.is_ascii_punctuation() && *byte != b'"' || matches!(byte, b'\t' | b' ') => {
            (*byte, rest)
        }
        _ => return None,
    };
    let rest = if quoted { rest.strip_prefix(b"\"")? } else { rest };
    let empty = rest.iter().all(|other| *other == byte || matches!(other, b',' | b';' | b'\t' | b' '));
    empty.then_some(Separator { byte, start: begin + length })
}

/// Detects the separator: the one with which the most cells of the first line are column names. Spreadsheets
/// write `;` where the comma is the decimal sign, and tabs as "Unicode Text".
fn seen(bytes: &[u8]) -> u8 {
    let known = |delimiter: &u8| {
        let header =
            Cut::new(bytes, 0, *delimiter).map(|(_, record)| record).find(|record| !is_blank(record));
        header.unwrap_or_default().iter().filter(|cell| columns::find(cell).is_some()).count()
    };
    // `max_by_key` takes the last of equals: the comma.
    [b'\t', b';', b','].into_iter().max_by_key(known).unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_line_says_it() {
        for (text, byte) in [
            ("sep=;\nkind,email", b';'),
            ("sep=,\r\nkind;email", b','),
            ("\r\nSEP=\t\rkind", b'\t'),
            ("sep=\\t\nkind", b'\t'),
            ("\"sep=;\"\nkind", b';'),
            ("\"sep=,\",,,\nkind", b','),
            ("sep=;;;;\nkind", b';'),
            ("sep = ;\nkind", b';'),
            ("Sep =;\nkind", b';'),
            ("sep= \\t\nkind", b'\t'),
            ("\"sep = ;\"\nkind", b';'),
            ("sep= \nkind", b' '),
            ("\"sep= \"\nkind", b' '),
            ("sep=|\nkind", b'|'),
            ("sep=;", b';'),
        ] {
            let separator = Separator::of(text.as_bytes());
            assert_eq!(separator.byte, byte, "{text:?}");
            assert!(text[separator.start..].trim_start_matches(['\r', '\n']).len() <= 10, "{text:?}");
        }
    }

    #[test]
    fn other_first_lines_do_not() {
        for text in [
            "kind,email",
            "sep=\nkind,email",
            "sep=x\nkind,email",
            "sep=;x\nkind,email",
            "\"sep=;\nkind,email",
            "",
        ] {
            assert_eq!(Separator::of(text.as_bytes()), Separator { byte: b',', start: 0 }, "{text:?}");
        }
        assert_eq!(Separator::of(b"kind\temail").byte, b'\t');
        assert_eq!(Separator::of(b"E-Mail;Kind;roles").byte, b';');
    }
}

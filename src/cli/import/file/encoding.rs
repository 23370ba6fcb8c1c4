//! Converts the file's bytes to UTF-8: byte order marks, UTF-16, and padding after the end of the text.

use std::borrow::Cow;

use crate::cli::import::{columns, fault::RowError};

/// What programs leave after the last row: NULs of a buffer, Ctrl-Z (the end of a file under CP/M and DOS),
/// line ends.
const PADDING: [u8; 4] = [0, 0x1A, b'\r', b'\n'];

/// The file's text in UTF-8 without a byte order mark. Single cells may still be invalid UTF-8: these are
/// reported per cell.
///
/// UTF-16 with a byte order mark is converted: it is what Excel writes as "Unicode Text".
///
/// # Errors
/// When the file is no text: a workbook, or UTF-16 that cannot be decoded.
pub(super) fn to_utf8(bytes: &[u8]) -> Result<Cow<'_, [u8]>, RowError> {
    let fault = |code, words| Err(RowError::new(columns::KIND, code, words));
    match bytes {
        [b'P', b'K', 3, 4, ..] | [0xD0, 0xCF, 0x11, 0xE0, ..] => {
            fault("not_csv", "This is a spreadsheet's own format. Save the sheet as \"CSV UTF-8\".")
        }
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0, a, 0, b, ..] | [a, 0, b, 0, ..] if *a != 0 && *b != 0 => fault(
            "not_utf8",
            "This looks like UTF-16 without a byte order mark. Save the file as \"CSV UTF-8\".",
        ),
        _ => Ok(Cow::Borrowed(without_padding(bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)))),
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Cow<'_, [u8]>, RowError> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|pair| unit(*pair));
    let text = char::decode_utf16(units).collect::<Result<String, _>>().ok();
    let text = text.filter(|_| rest.iter().all(|byte| PADDING.contains(byte)));
    let Some(text) = text else {
        let words = "This is invalid UTF-16: a character is damaged. Save the file as \"CSV UTF-8\".";
        return Err(RowError::new(columns::KIND, "not_utf8", words));
    };
    Ok(Cow::Owned(without_padding(text.as_bytes()).to_vec()))
}

fn without_padding(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|byte| !PADDING.contains(byte)).map_or(0, |last| last + 1);
    &bytes[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_and_padding_are_no_text() {
        for bytes in [
            &b"a,b"[..],
            b"\xEF\xBB\xBFa,b",
            b"a,b\r\n\x1A",
            b"a,b\n\0\0\0\0",
            b"a,b\x1A\0\0",
            b"a,b\0\r\n\x1A\r\n",
        ] {
            assert_eq!(to_utf8(bytes).unwrap().as_ref(), b"a,b", "{bytes:?}");
        }
        assert_eq!(to_utf8(b"\0\0\x1A").unwrap().as_ref(), b"");
        assert_eq!(to_utf8(b"aa\0b\0").unwrap().as_ref(), b"aa\0b", "only behind the end");
    }

    #[test]
    fn utf_16_is_converted_and_what_cannot_be_is_reported() {
        let bytes =
            |text: &str, unit: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(unit).collect::<Vec<u8>>();
        for unit in [u16::to_le_bytes as fn(u16) -> [u8; 2], u16::to_be_bytes] {
            assert_eq!(
                to_utf8(&bytes("\u{FEFF}Zoë\t🚗\r\n\0", unit)).unwrap().as_ref(),
                "Zoë\t🚗".as_bytes()
            );
            assert_eq!(to_utf8(&bytes("kind\temail", unit)).unwrap_err().code, "not_utf8", "without a mark");
        }
        assert_eq!(to_utf8(b"\xFF\xFEa\0\x1A").unwrap().as_ref(), b"a");
        for damaged in [&b"\xFF\xFE\x00\xD8a\0"[..], b"\xFF\xFEa\0b"] {
            assert_eq!(to_utf8(damaged).unwrap_err().code, "not_utf8");
        }
        assert_eq!(to_utf8(b"PK\x03\x04\x14\0").unwrap_err().code, "not_csv");
    }
}

//! The canonical form `relaxed` of header fields and bodies: what changes of white space on the way do not
//! change (RFC 6376 §3.4.2, §3.4.4).

/// One header field with its folded lines, without the line break at its end.
pub(super) struct Field<'m>(pub(super) &'m [u8]);

impl Field<'_> {
    /// Whether it has this name; case does not matter.
    pub(super) fn is(&self, name: &str) -> bool {
        let own = self.0.split(|byte| *byte == b':').next().unwrap_or_default();
        own.trim_ascii().eq_ignore_ascii_case(name.as_bytes())
    }
}

/// The header fields and the body of a message with CRLF at every line's end.
pub(super) fn split(message: &[u8]) -> (Vec<Field<'_>>, &[u8]) {
    let (mut fields, mut start, mut at) = (Vec::new(), 0, 0);
    while at < message.len() {
        let line = message.get(at..).and_then(|rest| rest.windows(2).position(|two| two == b"\r\n"));
        // The end of the last line, where there is no body.
        let end = line.map_or(message.len(), |length| at + length);
        let next = message.len().min(end + 2);
        if end == at && start == at {
            return (fields, message.get(next..).unwrap_or_default());
        }
        at = next;
        // A line that begins with white space belongs to the field before.
        if !matches!(message.get(at), Some(b' ' | b'\t')) {
            fields.push(Field(message.get(start..end).unwrap_or_default()));
            start = at;
        }
    }
    (fields, &[])
}

/// A header field: its name in lower case, its lines joined, each run of white space one blank, none around
/// the colon and at the end.
pub(super) fn relaxed(field: &[u8]) -> Vec<u8> {
    let colon = field.iter().position(|byte| *byte == b':').unwrap_or(field.len());
    let (name, value) = field.split_at(colon);
    let mut form = name.trim_ascii().to_ascii_lowercase();
    form.push(b':');
    let words =
        value.get(1..).unwrap_or_default().split(|byte| is_blank(*byte) || matches!(byte, b'\r' | b'\n'));
    for (place, word) in words.filter(|word| !word.is_empty()).enumerate() {
        let blank: &[u8] = if place == 0 { b"" } else { b" " };
        form.extend(blank);
        form.extend(word);
    }
    form
}

/// A body: each run of white space within a line one blank, none at the end of a line, no empty lines at the
/// end, and a line break at the end of any text.
pub(super) fn body(body: &[u8]) -> Vec<u8> {
    let mut form: Vec<u8> = Vec::with_capacity(body.len() + 2);
    // The length up to the last line that is not empty.
    let mut filled = 0;
    let mut rest = body;
    while !rest.is_empty() {
        let end = rest.windows(2).position(|two| two == b"\r\n").unwrap_or(rest.len());
        let line = rest.get(..end).unwrap_or_default();
        rest = rest.get(end + 2..).unwrap_or_default();
        let text = line.len() - line.iter().rev().take_while(|byte| is_blank(**byte)).count();
        let mut after_blank = false;
        for byte in line.get(..text).unwrap_or_default() {
            match (is_blank(*byte), after_blank) {
                (true, true) => {}
                (true, false) => form.push(b' '),
                (false, _) => form.push(*byte),
            }
            after_blank = is_blank(*byte);
        }
        form.extend(b"\r\n");
        if text > 0 {
            filled = form.len();
        }
    }
    form.truncate(filled);
    form
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 6376 §3.4.5.
    #[test]
    fn the_example_of_the_standard() {
        let (fields, content) = split(b"A: X\r\nB : Y\t\r\n\tZ  \r\n\r\n C \r\nD \t E\r\n\r\n\r\n");
        let forms: Vec<Vec<u8>> = fields.iter().map(|field| relaxed(field.0)).collect();
        assert_eq!(forms, [b"a:X".to_vec(), b"b:Y Z".to_vec()]);
        assert!(fields[1].is("b") && !fields[1].is("a"));
        assert_eq!(body(content), b" C\r\nD E\r\n");
    }

    #[test]
    fn bodies_at_the_edges() {
        for (given, form) in [
            (&b""[..], &b""[..]),
            (b"\r\n\r\n", b""),
            (b" \t\r\n", b""),
            (b"a", b"a\r\n"),
            (b"a \r\n \r\nb\t\t", b"a\r\n\r\nb\r\n"),
            (b".\r\n..\r\n", b".\r\n..\r\n"),
        ] {
            assert_eq!(body(given), form);
        }
        assert!(split(b"A: 1\r\n").0.len() == 1 && split(b"A: 1").0.len() == 1 && split(b"").0.is_empty());
        let (fields, content) = split(b"A: 1\r\n \r\nB: 2\r\n\r\n\r\nx");
        assert_eq!((fields.len(), content), (2, &b"\r\nx"[..]));
    }
}

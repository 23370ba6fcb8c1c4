//! Why a letter did not arrive, as providers pass on what servers said: one short line, without what names a
//! person or leads somewhere.

/// The longest line, in characters.
const MAX_LEN: usize = 200;

/// The line; `None` when nothing is left of it.
pub(in crate::mail) fn line(text: &str) -> Option<String> {
    let safe = |word: &&str| !(is_address(word) || is_link(word));
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let mut line = clean.split_whitespace().filter(safe).collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = line.char_indices().nth(MAX_LEN) {
        line.truncate(end);
        line.push('…');
    }
    (!line.is_empty()).then_some(line)
}

fn is_address(word: &str) -> bool {
    word.contains('@') || word.contains("%40")
}

/// With a scheme or without; and whatever carries a token.
fn is_link(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    word.contains("://")
        || word.contains("www.")
        || word.contains("token=")
        || (word.contains('.') && word.contains('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_was_said_and_nothing_that_names_or_leads() {
        let said = "550-5.1.1 <ada@example.com>: user\r\n unknown; see https://support.example/?p=NoSuchUser \
            gsmtp\u{7}";
        assert_eq!(line(said).as_deref(), Some("550-5.1.1 user unknown; see gsmtp"));
        for gone in [
            "ada@example.com",
            "ada%40example.com",
            "support.google.com/mail/?p=x",
            "WWW.example.com",
            "?token=x",
            " \n",
        ] {
            assert_eq!(line(gone), None, "{gone}");
        }
        let long = line(&"é ".repeat(300)).unwrap();
        assert_eq!((long.chars().count(), long.ends_with('…')), (201, true));
    }
}

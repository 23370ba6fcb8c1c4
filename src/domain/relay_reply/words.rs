//! The words of a reply, without text that a caller may have chosen.

/// Whom a reply names before a colon: `<ada@example.com>: …`, or in Sendmail's form `<ada@example.com>... …`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    Sender,
    Recipient,
    /// A client, by its name or its HELO.
    Host,
    None,
}

/// Names that Postfix uses where the letter itself, or a command, is refused.
const COMMANDS: [&str; 4] = ["data", "end-of-message", "etrn", "unknown"];

pub(super) fn subject(text: &str, sender: &str, recipient: &[&str]) -> Subject {
    let text = text.to_ascii_lowercase();
    let Some((before, rest)) = text.split_once('<') else { return Subject::None };
    let Some((name, behind)) = rest.split_once('>') else { return Subject::None };
    // Only codes, and lettre's description of the reply, may precede it.
    let is_first =
        before.split_whitespace().all(|word| !word.starts_with(char::is_alphabetic) || is_prefix(word));
    if !is_first || !(behind.starts_with(':') || behind.starts_with("...")) {
        return Subject::None;
    }
    let is = |address: &str| !address.is_empty() && name.eq_ignore_ascii_case(address);
    match (name.contains('@'), is(sender), recipient.iter().any(|address| is(address))) {
        (true, _, true) => Subject::Recipient,
        (true, true, false) => Subject::Sender,
        (false, ..) if !name.is_empty() && !COMMANDS.contains(&name) => Subject::Host,
        _ => Subject::None,
    }
}

/// Whether a reply says that the sender's own address is at fault, as in "Verification failed for <…>" or
/// "mailbox … is unavailable", and does not name the recipient. Mentions such as "message from …" do not
/// count. Where the sender is unknown, an address that was verified and is not the recipient's is theirs.
pub(super) fn faults_sender(text: &str, sender: &str, recipient: &[&str]) -> bool {
    let bare = |word: &str| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    let words: Vec<String> = text.split_whitespace().map(bare).filter(|word| !word.is_empty()).collect();
    let is = |word: &String, address: &str| !address.is_empty() && word.eq_ignore_ascii_case(address);
    if words.iter().any(|word| recipient.iter().any(|address| is(word, address))) {
        return false;
    }
    let named = ["mailbox", "user", "account", "address", "verifying"];
    words.windows(3).any(|three| {
        let [before, last, name] = three else { return false };
        let verifies =
            last == "for" && matches!(before.as_str(), "failed" | "verification" | "callout" | "error");
        let is_another = sender.is_empty() && verifies && name.contains('@');
        is_another || is(name, sender) && (verifies || named.contains(&last.as_str()))
    })
}

fn is_prefix(word: &str) -> bool {
    matches!(word, "permanent" | "transient" | "error" | "smtp;" | "smtp")
}

/// The text without the letter's own texts, which content filters quote. A single word stays: it may be the
/// server's own.
pub(super) fn without_content(text: &str, content: &[&str]) -> String {
    let mut text = text.to_lowercase();
    for quoted in content {
        let quoted = quoted.trim().to_lowercase();
        if quoted.contains(char::is_whitespace) {
            text = text.replace(&quoted, " ");
        }
    }
    text
}

/// The text without anything between angle brackets, square brackets and quotation marks, and without any
/// other address, or its local part alone. A plain word stays: it may be the server's own.
pub(super) fn without_addresses(text: &str, recipient: &[&str]) -> String {
    let locals: Vec<String> = recipient
        .iter()
        .filter_map(|address| address.rsplit_once('@'))
        .map(|(local, _)| local.to_lowercase())
        .collect();
    let is_local = |word: &str| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
        locals.iter().any(|local| *local == word && (is_joined(local) || is_decisive(local)))
    };
    let mut text = text.to_owned();
    for (open, close) in [('<', '>'), ('[', ']'), ('"', '"')] {
        text = without_spans(&text, open, close);
    }
    text.split_whitespace()
        .filter(|word| !(word.contains('@') || word.contains("%40") || is_local(word)))
        .collect::<Vec<_>>()
        .join(" ")
}

/// Whether it contains a link to look up an IP address.
pub(super) fn leads_to_a_block_list(text: &str) -> bool {
    let lookups = ["?ip=", "&ip=", "/ip/", "ipcheck", "dnsbl", "/rbl"];
    let mut links = text.split_whitespace().filter(|word| word.contains("://") && !word.contains('@'));
    links.any(|link| lookups.iter().any(|part| link.contains(part)))
}

fn without_spans(text: &str, open: char, close: char) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once(open) {
        kept.push_str(before);
        match behind.split_once(close) {
            Some((_, after)) => {
                kept.push(' ');
                rest = after;
            }
            // The text is cut off, so the end of the span is unknown.
            None => return kept,
        }
    }
    kept + rest
}

/// Lower-case words with one blank before each and one at the end, to search for phrases.
pub(super) fn clean(text: &str, recipient: &[&str]) -> String {
    let lower = without_addresses(text, recipient).to_lowercase();
    let mut words = String::from(" ");
    for word in lower.split_whitespace().filter(|word| !word.contains("://")) {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        // Exchange's own names of errors: STOREDRV.Submission.Exception:SendAsDeniedException.
        if word.starts_with("storedrv") || word.starts_with("resolver") {
            word.split(|c: char| !c.is_alphanumeric()).for_each(|part| push(&mut words, part));
            continue;
        }
        // Host names and IP addresses.
        if word.contains('.') {
            continue;
        }
        word.split(['/', ':', ';', ',', '(', ')', '=']).for_each(|part| push(&mut words, part));
    }
    // An IP address is not the address of a person.
    words
        .replace(" recipient addresses rejected ", " recipient address rejected ")
        .replace(" ip address ", " ip ")
}

fn push(words: &mut String, part: &str) {
    let plain: String = part
        .trim_matches(|c: char| !c.is_alphanumeric())
        .chars()
        .filter(|c| !matches!(c, '\'' | '\u{2019}'))
        .collect();
    if !plain.is_empty() {
        words.push_str(&plain);
        words.push(' ');
    }
}

/// Whether this word alone would classify a reply, in any language.
fn is_decisive(word: &str) -> bool {
    super::phrases::is_decisive(word) || super::languages::of_us(&format!(" {word} ")).is_some()
}

fn is_joined(local: &str) -> bool {
    local.contains(|c: char| !c.is_alphanumeric())
}

//! The form that nearly every address has: ASCII alone, with nothing around it and no punycode. It is read
//! without the tables of UTS 46, since each row of a list has an address.

/// The longest address, in characters: the longest path of RFC 5321 §4.5.3.1.3 without its two brackets.
pub(super) const MAX_LEN: usize = 254;
/// The longest part before the `@`, RFC 5321 §4.5.3.1.1.
pub(super) const LONGEST_LOCAL: usize = 64;
/// The longest label of a domain name, and the longest name (RFC 1035 §2.3.4).
const LONGEST_LABEL: usize = 63;
const LONGEST_NAME: usize = 253;

/// The address with its domain in lower case, and its key, if it is such a one. `None` says nothing of the
/// text: the other rules decide.
pub(super) fn read(text: &str) -> Option<(String, String)> {
    let (local, domain) = text.split_once('@')?;
    let is_local = local.len() <= LONGEST_LOCAL
        && local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atext));
    let is_whole = domain.len() <= LONGEST_NAME && text.len() <= MAX_LEN;
    if !(is_local && is_whole && is_name(domain)) {
        return None;
    }
    let mut text = text.to_owned();
    if let Some(domain) = text.get_mut(local.len()..) {
        domain.make_ascii_lowercase();
    }
    let key = text.to_ascii_lowercase();
    Some((text, key))
}

/// RFC 5322 §3.2.3, `atext`.
pub(super) fn is_atext(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte)
}

/// Whether it is a domain name of two labels or more, none of them punycode, the last one no number.
fn is_name(domain: &str) -> bool {
    let Some((_, top)) = domain.rsplit_once('.') else { return false };
    domain.split('.').all(is_label) && !top.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_label(label: &str) -> bool {
    let is_punycode = label.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("xn--"));
    (1..=LONGEST_LABEL).contains(&label.len())
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
        && !is_punycode
}

#[cfg(test)]
mod tests {
    use super::{super::Email, *};
    use proptest::prelude::*;

    fn by_all_rules(text: &str) -> Option<(String, String)> {
        Email::by_all_rules(text).ok().map(|email| (email.as_str().to_owned(), email.key().to_owned()))
    }

    #[test]
    fn most_addresses_are_read_here() {
        for text in ["Ada.Lovelace+Test@Example.COM", "a@b.c", "o'brien@x-y.example", "a@1.2.c3"] {
            assert_eq!(read(text), by_all_rules(text), "{text}");
            assert!(read(text).is_some(), "{text}");
        }
        for text in ["", "@", "a@b", "a@b.1", "a@b.c.", "a@-b.c", "a@xn--b.c", "a@b@c.d", " a@b.c", "a,@b.c"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_here_is_what_all_rules_make_of_it(
            text in "[A-Ca-z0-9.@+'<>,;:(/ -]{0,12}@[xX]?[nN]?[A-Ca-z0-9._-]{1,70}(\\.[a-z0-9-]{1,9}){0,3}"
        ) {
            if let Some(email) = read(&text) {
                prop_assert_eq!(Some(email), by_all_rules(&text));
            }
        }
    }
}

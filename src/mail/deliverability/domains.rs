//! Whether domains belong to one organisation, as receivers see it.

/// The organisational domain (RFC 7489 §3.2): a public suffix and one label, as `example.co.uk`. It is the
/// domain itself where there is none.
///
/// The suffixes are those of the crate `psl`, as old as this program. Receivers that walk the DNS tree
/// instead come to the same domain, except below suffixes that were added since.
pub(super) fn organisational(domain: &str) -> String {
    let domain = domain.trim_end_matches('.').to_ascii_lowercase();
    psl::domain_str(&domain).map(str::to_owned).unwrap_or(domain)
}

/// Whether two domains belong to one organisation: the relaxed alignment of DMARC.
#[must_use]
pub fn same_organisation(one: &str, other: &str) -> bool {
    organisational(one) == organisational(other)
}

/// The domain and those above it, down to the organisational domain.
pub(super) fn up_to_organisation(domain: &str) -> Vec<String> {
    let top = organisational(domain);
    let mut domain = domain.trim_end_matches('.').to_ascii_lowercase();
    let mut domains = vec![domain.clone()];
    while domain != top {
        let Some((_, parent)) = domain.split_once('.') else { break };
        domain = parent.to_owned();
        domains.push(domain.clone());
    }
    domains
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_organisation_is_a_public_suffix_and_a_label() {
        for (one, other, same) in [
            ("example.com", "mail.example.com", true),
            ("Example.COM.", "a.b.example.com", true),
            ("one.co.uk", "two.co.uk", false),
            ("mail.one.co.uk", "one.co.uk", true),
            ("one.example", "two.example", false),
            ("localhost", "localhost", true),
            ("xn--bcher-kva.example", "post.xn--bcher-kva.example", true),
        ] {
            assert_eq!(same_organisation(one, other), same, "{one} {other}");
        }
        assert_eq!(
            up_to_organisation("a.b.example.com"),
            ["a.b.example.com", "b.example.com", "example.com"]
        );
        assert_eq!(up_to_organisation("localhost"), ["localhost"]);
    }
}

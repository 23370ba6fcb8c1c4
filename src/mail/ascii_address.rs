//! Addresses as they are sent to relays.

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use lettre::Address;

/// An address: ASCII before the `@`, and a domain in punycode, so that no relay needs SMTPUTF8. `localhost`,
/// without a dot, is allowed here.
pub(super) fn parse(text: &str) -> Option<Address> {
    let (local, domain) = text.rsplit_once('@')?;
    if !local.is_ascii() || text.contains(char::is_whitespace) || text.contains(char::is_control) {
        return None;
    }
    let domain = Uts46::new()
        .to_ascii(domain.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify)
        .ok()?;
    Address::new(local, domain.as_ref()).ok()
}

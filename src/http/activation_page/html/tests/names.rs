//! Names end as their owners like; no sentence of the page ends with one, so that none ends twice.

use super::fixture::{form, handed_over, page, requires};
use crate::domain::{activation::SignInWith, invitation::InvitationKind, locale::Locale};
use crate::http::activation_page::html::*;

/// Every screen that names somebody, with all names alike.
fn screens(name: &str) -> Vec<Screen<'_>> {
    let inviter = Inviter { name, organisation: name };
    let account =
        |name| Account { name, parent_name: None, used_by: Some("employee"), account_type: Some("business") };
    let mut all = Vec::new();
    for kind in [InvitationKind::SystemUser, InvitationKind::AccountOwner, InvitationKind::SubAccount] {
        for known in [
            None,
            Some(account(None)),
            Some(account(Some(name))),
            Some(Account { parent_name: Some(name), ..account(Some(name)) }),
        ] {
            all.push(Screen::Form(Form {
                inviter,
                kind,
                account: known,
                roles: &[],
                requires: requires(true),
                ..form()
            }));
        }
    }
    all.push(Screen::Form(Form { inviter, ..handed_over() }));
    for code in [
        InvalidLinkReason::Invalid,
        InvalidLinkReason::Expired,
        InvalidLinkReason::Used,
        InvalidLinkReason::Superseded,
        InvalidLinkReason::Revoked,
    ] {
        for renewal in [None, Some("token")] {
            all.push(Screen::InvalidLink(InvalidLink { code, inviter: Some(inviter), renewal }));
            all.push(Screen::InvalidLink(InvalidLink { code, inviter: None, renewal }));
        }
    }
    for sign_in_with in [SignInWith::NewPassword, SignInWith::PresentPassword, SignInWith::IdentityProvider] {
        all.push(Screen::Done(Done {
            organisation: name,
            first_name: Some(name),
            email: "ada@example.com",
            sign_in_with,
            inherited: vec![name],
        }));
    }
    all.push(Screen::Renewed(Renewed { organisation: Some(name) }));
    all.push(Screen::MissingToken(MissingToken { organisation: Some(name) }));
    all
}

#[test]
fn no_sentence_ends_with_a_name() {
    for name in ["Acme B.V.", "Yahoo!", "Who Knows?", "Ada"] {
        for locale in Locale::ALL {
            let all = screens(name);
            let named = all.iter().filter(|screen| page(screen, locale).contains(name)).count();
            assert!(named > 20, "{locale:?}: {named}");
            for screen in all {
                let html = page(&screen, locale).replace("</strong>", "");
                for end in [".", "!", "?", "\u{a0}!", "\u{a0}?", "\u{202f}!", " !", " ?", "…"] {
                    let at = html.find(&format!("{name}{end}"));
                    assert!(
                        at.is_none(),
                        "{locale:?}: {}",
                        &html[at.unwrap_or_default().saturating_sub(200)..]
                    );
                }
            }
        }
    }
}

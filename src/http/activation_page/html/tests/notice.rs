//! What the pages without a form say.

use super::fixture::{TOKEN, attributes, form, page};
use crate::domain::activation::SignInWith;
use crate::http::activation_page::html::*;

fn dead(code: InvalidLinkReason, inviter: Option<Inviter<'_>>, renewal: Option<&str>) -> String {
    page(&Screen::InvalidLink(InvalidLink { code, inviter, renewal }), Locale::En)
}

#[test]
fn an_expired_link_offers_the_way_on_that_there_is() {
    let inviter = Some(form().inviter);
    let asks = dead(InvalidLinkReason::Expired, inviter, None);
    assert!(
        asks.contains("Ask <strong dir=\"auto\">Grace Hopper</strong> for a fresh link.")
            && !asks.contains("<form")
    );
    let sends = dead(InvalidLinkReason::Expired, inviter, Some(TOKEN));
    assert!(sends.contains("action=\"/activate/renew\""));
    assert!(sends.contains("Send me a fresh link") && sends.contains(TOKEN));
}

#[test]
fn only_an_expired_link_is_renewed() {
    for code in [
        InvalidLinkReason::Invalid,
        InvalidLinkReason::Used,
        InvalidLinkReason::Superseded,
        InvalidLinkReason::Revoked,
    ] {
        assert!(!dead(code, None, Some(TOKEN)).contains("<form"), "{code:?}");
    }
}

#[test]
fn an_unknown_inviter_is_described() {
    assert!(
        dead(InvalidLinkReason::Revoked, None, None).contains("ask the person who invited you about it.")
    );
}

#[test]
fn a_second_click_is_reassured() {
    assert!(
        dead(InvalidLinkReason::Used, None, None)
            .contains("If that was you, your account is active and you can sign in.")
    );
}

#[test]
fn done_names_the_password_that_signs_in() {
    let done = |sign_in_with| {
        let done = Done {
            organisation: "Voltwerk",
            first_name: None,
            email: "ada@example.com",
            sign_in_with,
            inherited: vec!["Acme B.V."],
        };
        page(&Screen::Done(done), Locale::En)
    };
    assert!(done(SignInWith::NewPassword).contains("the password that you just chose"));
    assert!(done(SignInWith::PresentPassword).contains("the password that you already have"));
    assert!(done(SignInWith::IdentityProvider).contains("with your work account"));
}

#[test]
fn trouble_keeps_what_was_typed_for_another_try() {
    let values = FormValues { first_name: "Ada".into(), ..FormValues::default() };
    let trouble = |retry| {
        let (kind, message) = (FailureKind::Unavailable, Some("Back at noon."));
        page(&Screen::Failure(Failure { kind, message, request_id: "req-7", retry }), Locale::En)
    };
    let posts = trouble(Some(Retry { token: TOKEN, values: Some(&values) }));
    assert_eq!(attributes(posts.split_once("<form").unwrap().1, "name"), ["token", "first_name"]);
    assert!(posts.contains("method=\"post\"") && posts.contains("req-7") && posts.contains("Back at noon."));
    assert!(trouble(Some(Retry { token: TOKEN, values: None })).contains("method=\"get\""));
    assert!(!trouble(None).contains("<form"));
}

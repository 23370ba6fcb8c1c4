//! The pages without a form: a heading, a few sentences, at most one button.

use minijinja::Value;
use serde::Serialize;

use super::{
    screen::{
        Done, Failure, FailureKind, FormValues, InvalidLink, InvalidLinkReason, Inviter, MissingToken,
        Renewed, ResetNotice, ResetOutcome, Unconfirmed, Unsubscribed,
    },
    words::{self, Words, escape, fill, strong},
};
use crate::domain::activation::SignInWith;

/// What the template shows.
#[derive(Serialize)]
pub(super) struct Notice<'a> {
    pub heading: String,
    pub organisation: Option<&'a str>,
    /// Whether it is good news.
    good: bool,
    texts: Vec<Value>,
    action: Option<Action<'a>>,
    request_id: Option<(&'static str, &'a str)>,
}

/// A form that is one button.
#[derive(Serialize)]
struct Action<'a> {
    method: &'static str,
    /// One of ours, which needs no escaping.
    url: Value,
    label: &'static str,
    hidden: Vec<(&'static str, &'a str)>,
}

/// A path of the service, which templates put behind the base path.
pub(super) fn ours(url: &str) -> Value {
    Value::from_safe_string(url.to_owned())
}

impl<'a> Notice<'a> {
    pub(super) fn new(
        words: &words::Notice,
        organisation: Option<&'a str>,
        slots: &[(&str, String)],
    ) -> Self {
        let texts = words.texts.iter().map(|text| fill(text, slots)).collect();
        Self {
            heading: words.heading.to_owned(),
            organisation,
            good: false,
            texts,
            action: None,
            request_id: None,
        }
    }

    /// Whether it is good news.
    pub(super) fn good(self, good: bool) -> Self {
        Self { good, ..self }
    }
}

pub(super) fn dead<'a>(dead: &InvalidLink<'a>, words: &Words) -> Notice<'a> {
    let texts = &words.notices;
    let renewal = dead.renewal.filter(|_| dead.code == InvalidLinkReason::Expired);
    let text = match dead.code {
        InvalidLinkReason::Invalid => &texts.invalid,
        InvalidLinkReason::Expired if renewal.is_some() => &texts.renewable,
        InvalidLinkReason::Expired => &texts.expired,
        InvalidLinkReason::Used => &texts.used,
        InvalidLinkReason::Superseded => &texts.superseded,
        InvalidLinkReason::Revoked => &texts.revoked,
    };
    let inviter = |inviter: Inviter<'_>| strong(inviter.name);
    let slots = [("inviter", dead.inviter.map_or_else(|| escape(texts.somebody), inviter))];
    let action = renewal.map(|token| Action {
        method: "post",
        url: ours("/activate/renew"),
        label: texts.renew,
        hidden: vec![("token", token)],
    });
    Notice { action, ..Notice::new(text, dead.inviter.map(|inviter| inviter.organisation), &slots) }
}

pub(super) fn done<'a>(done: &Done<'a>, words: &Words) -> Notice<'a> {
    let texts = &words.notices;
    let next = match done.sign_in_with {
        SignInWith::NewPassword => texts.done_new_password,
        SignInWith::PresentPassword => texts.done_old_password,
        SignInWith::IdentityProvider => texts.done_elsewhere,
    };
    let slots = [("organisation", strong(done.organisation)), ("email", strong(done.email))];
    let mut notice = Notice::new(&texts.done, Some(done.organisation), &[]);
    notice.good = true;
    notice.texts.insert(0, fill(next, &slots));
    if !done.inherited.is_empty() {
        let accounts = done.inherited.iter().map(|name| strong(name)).collect::<Vec<_>>().join(", ");
        notice.texts.insert(1, fill(texts.done_inherited, &[("accounts", accounts)]));
    }
    if let Some(name) = done.first_name {
        notice.texts.insert(0, fill(texts.welcome, &[("name", strong(name))]));
    }
    notice
}

pub(super) fn renewed<'a>(renewed: &Renewed<'a>, words: &Words) -> Notice<'a> {
    Notice { good: true, ..Notice::new(&words.notices.renewed, renewed.organisation, &[]) }
}

pub(super) fn unsubscribed<'a>(done: &Unsubscribed<'a>, words: &Words) -> Notice<'a> {
    let slots = [("email", strong(done.email))];
    Notice { good: true, ..Notice::new(&words.unsubscribed, Some(done.organisation), &slots) }
}

pub(super) fn unconfirmed<'a>(asked: &Unconfirmed<'a>, words: &Words) -> Notice<'a> {
    Notice::new(&words.unconfirmed, Some(asked.organisation), &[])
}

pub(super) fn missing_token<'a>(missing: &MissingToken<'a>, words: &Words) -> Notice<'a> {
    Notice::new(&words.notices.missing_token, missing.organisation, &[])
}

pub(super) fn reset<'a>(shown: &ResetNotice<'a>, words: &Words) -> Notice<'a> {
    let texts = &words.reset;
    let text = match shown.outcome {
        ResetOutcome::Requested => &texts.requested,
        ResetOutcome::Changed => &texts.changed,
        ResetOutcome::Invalid => &texts.invalid,
        ResetOutcome::Expired => &texts.expired,
        ResetOutcome::Used => &texts.used,
        ResetOutcome::Superseded => &texts.superseded,
    };
    let good = matches!(shown.outcome, ResetOutcome::Requested | ResetOutcome::Changed);
    let again =
        Action { method: "get", url: ours("/reset-password"), label: texts.again, hidden: Vec::new() };
    let notice = Notice::new(text, Some(shown.organisation), &[]);
    Notice { good, action: (!good).then_some(again), ..notice }
}

pub(super) fn trouble<'a>(trouble: &Failure<'a>, words: &Words) -> Notice<'a> {
    let texts = &words.notices;
    let text = match trouble.kind {
        FailureKind::Unavailable => &texts.away,
        FailureKind::TooMany => &texts.too_many,
        FailureKind::Unexpected => &texts.unexpected,
    };
    let mut notice = Notice::new(text, None, &[]);
    notice.texts.extend(trouble.message.map(Value::from));
    notice.request_id = Some((texts.request_id, trouble.request_id));
    notice.action = trouble.retry.as_ref().map(|retry| {
        let typed =
            retry.values.into_iter().flat_map(FormValues::entries).filter(|(_, value)| !value.is_empty());
        Action {
            method: if retry.values.is_some() { "post" } else { "get" },
            url: ours("/activate"),
            label: texts.try_again,
            hidden: [("token", retry.token)].into_iter().chain(typed).collect(),
        }
    });
    notice
}

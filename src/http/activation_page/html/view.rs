//! Prepares the values for a screen's template. Decisions are made and texts are chosen here, so that
//! templates have structure only.

use chrono::SecondsFormat;
use minijinja::{Value, context, value::Serde};
use serde::Serialize;

use super::{
    confirm_email, fields,
    notice::{self, Notice},
    reset,
    screen::{Form, Screen},
    summary::Summary,
    when,
    words::{Words, escape, fill, strong},
};
use crate::domain::{invitation::InvitationKind, locale::Locale};

pub(super) const FORM: &str = "form.html";
pub(super) const NOTICE: &str = "notice.html";

/// One line of what the invitation says.
#[derive(Serialize)]
struct Fact {
    label: &'static str,
    value: Value,
}

/// The template's name and what it is filled with.
pub(super) fn lay_out(screen: &Screen<'_>, locale: Locale) -> (&'static str, Value) {
    let words = Words::of(locale);
    match screen {
        Screen::Form(screen) => (FORM, form(screen, words, locale)),
        Screen::InvalidLink(screen) => (NOTICE, notice_page(&notice::dead(screen, words), words, locale)),
        Screen::Done(screen) => (NOTICE, notice_page(&notice::done(screen, words), words, locale)),
        Screen::Renewed(screen) => (NOTICE, notice_page(&notice::renewed(screen, words), words, locale)),
        Screen::Unsubscribed(screen) => {
            (NOTICE, notice_page(&notice::unsubscribed(screen, words), words, locale))
        }
        Screen::Unconfirmed(screen) => {
            (NOTICE, notice_page(&notice::unconfirmed(screen, words), words, locale))
        }
        Screen::MissingToken(screen) => {
            (NOTICE, notice_page(&notice::missing_token(screen, words), words, locale))
        }
        Screen::ChoosePassword(screen) => (FORM, reset::choose(screen, words, locale)),
        Screen::AskForReset(screen) => (FORM, reset::ask(screen, words, locale)),
        Screen::ConfirmEmail(screen) => (FORM, confirm_email::form(screen, words, locale)),
        Screen::ConfirmEmailNotice(screen) => {
            (NOTICE, notice_page(&confirm_email::notice(screen, words), words, locale))
        }
        Screen::ResetNotice(screen) => (NOTICE, notice_page(&notice::reset(screen, words), words, locale)),
        Screen::Failure(screen) => (NOTICE, notice_page(&notice::trouble(screen, words), words, locale)),
    }
}

fn notice_page(notice: &Notice<'_>, words: &'static Words, locale: Locale) -> Value {
    let title = [Some(notice.heading.as_str()), notice.organisation]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" – ");
    context! { lang => locale.as_str(), w => Serde(words), title, ..Value::from(Serde(notice)) }
}

fn form(form: &Form<'_>, words: &'static Words, locale: Locale) -> Value {
    let texts = &words.form;
    let (heading, submit) = if form.requires.email {
        (texts.accept_heading, texts.accept)
    } else {
        (texts.activate_heading, texts.activate)
    };
    let sections = fields::sections(form, words);
    let place = |name: &str| {
        let mut shown = sections.iter().flat_map(|section| &section.fields);
        shown.find(|field| field.name == name).map(|field| (field.target(), field.label))
    };
    let errors: Vec<_> = form
        .errors
        .iter()
        .map(|error| Summary { target: place(error.field), message: &error.message })
        .collect();
    let organisation = form.inviter.organisation;
    let mark = if errors.is_empty() { String::new() } else { format!("{} ", words.error) };
    context! {
        lang => locale.as_str(),
        w => Serde(words),
        title => format!("{mark}{heading} – {organisation}"),
        organisation,
        heading,
        intro => intro(form, words),
        facts => Serde(facts(form, words)),
        errors => Serde(errors),
        action => super::notice::ours("/activate"),
        token => form.token,
        sections => Serde(sections),
        submit,
    }
}

fn intro(form: &Form<'_>, words: &Words) -> Value {
    let texts = &words.form;
    let account = form.account.unwrap_or_default();
    let text = match (form.kind, account.name, account.parent_name) {
        (InvitationKind::SystemUser, ..) => texts.intro_system_user,
        (InvitationKind::AccountOwner, Some(_), _) => texts.intro_named_account,
        (InvitationKind::AccountOwner, None, _) => texts.intro_account,
        (InvitationKind::SubAccount, _, Some(_)) => texts.intro_sub_account_of,
        (InvitationKind::SubAccount, _, None) => texts.intro_sub_account,
    };
    let slots = [
        ("inviter", strong(form.inviter.name)),
        ("organisation", strong(form.inviter.organisation)),
        ("account", strong(account.name.unwrap_or_default())),
        ("parent", strong(account.parent_name.unwrap_or_default())),
    ];
    fill(text, &slots)
}

fn facts(form: &Form<'_>, words: &Words) -> Vec<Fact> {
    let labels = &words.facts;
    let known = |name| match name {
        "employee" => labels.employee,
        "subsidiary" => labels.subsidiary,
        "business" => labels.business,
        "consumer" => labels.consumer,
        other => other,
    };
    let account = form.account.unwrap_or_default();
    let roles: Vec<_> = form.roles.iter().map(|role| words.role_name(*role)).collect();
    let roles_label = if roles.len() == 1 { labels.role } else { labels.roles };
    let stamp = form.expires_at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let local = escape(&when::local(form.expires_at, form.time_zone, words));
    let text = |label, value: Option<String>| value.map(|value| Fact { label, value: Value::from(value) });
    let facts = [
        text(labels.email, Some(form.email.to_owned())),
        text(roles_label, Some(roles.join(", ")).filter(|roles| !roles.is_empty())),
        text(labels.account, account.name.map(str::to_owned)),
        text(labels.parent, account.parent_name.map(str::to_owned)),
        text(labels.used_by, account.used_by.map(|name| known(name).to_owned())),
        text(labels.account_type, account.account_type.map(|name| known(name).to_owned())),
        Some(Fact {
            label: labels.expires,
            value: Value::from_safe_string(format!("<time datetime=\"{stamp}\">{local}</time>")),
        }),
    ];
    facts.into_iter().flatten().collect()
}

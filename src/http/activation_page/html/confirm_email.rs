//! The page where a new address is confirmed.

use minijinja::Value;

use super::{
    field::Field,
    notice::Notice,
    reset::{Texts, lay_out},
    screen::{ConfirmEmail, ConfirmEmailNotice, ConfirmEmailOutcome},
    words::{Words, fill, strong},
};
use crate::domain::locale::Locale;

/// The form.
pub(super) fn form(form: &ConfirmEmail<'_>, words: &'static Words, locale: Locale) -> Value {
    let (labels, texts) = (&words.fields, &words.email_change);
    let mut fields = Vec::new();
    if form.asks_password {
        let password = Field::input("password", labels.password).with(&[
            ("type", "password"),
            ("autocapitalize", "none"),
            ("spellcheck", "false"),
            ("autocomplete", "current-password"),
        ]);
        fields.push(if form.errors.is_empty() { password } else { password.hint(labels.password_again) });
    }
    let page = Texts { heading: texts.heading, legend: texts.legend, submit: texts.confirm };
    let intro = fill(texts.intro, &[("new", strong(form.new))]);
    let content = (intro, fields);
    lay_out((form.organisation, &form.errors), &page, content, words, locale, "/confirm-email", form.token)
}

/// What became of it.
pub(super) fn notice<'a>(shown: &ConfirmEmailNotice<'a>, words: &Words) -> Notice<'a> {
    let texts = &words.email_change;
    let text = match shown.outcome {
        ConfirmEmailOutcome::Changed => &texts.changed,
        ConfirmEmailOutcome::Invalid => &texts.invalid,
        ConfirmEmailOutcome::Expired => &texts.expired,
        ConfirmEmailOutcome::Used => &texts.used,
        ConfirmEmailOutcome::Superseded => &texts.superseded,
        ConfirmEmailOutcome::Taken => &texts.taken,
    };
    let good = matches!(shown.outcome, ConfirmEmailOutcome::Changed | ConfirmEmailOutcome::Used);
    Notice::new(text, Some(shown.organisation), &[]).good(good)
}

//! The two forms of the page where a password is reset.

use minijinja::{Value, context, value::Serde};

use super::{
    field::Field,
    fields::Section,
    notice::ours,
    screen::{AskForReset, ChoosePassword, FormError},
    summary::Summary,
    words::{Words, fill, strong},
};
use crate::domain::locale::Locale;

/// The form where a new password is chosen.
pub(super) fn choose(form: &ChoosePassword<'_>, words: &'static Words, locale: Locale) -> Value {
    let (labels, shortest) = (&words.fields, form.password_min_length.to_string());
    let mut password = Field::input("password", labels.password).with(&[
        ("type", "password"),
        ("autocapitalize", "none"),
        ("spellcheck", "false"),
        ("autocomplete", "new-password"),
        ("minlength", &shortest),
        ("passwordrules", &format!("minlength: {shortest}")),
    ]);
    if !form.errors.is_empty() {
        password = password.hint(labels.password_again);
    }
    password.hints.extend(labels.password_hints.map(|hint| hint.replace("{number}", &shortest)));
    let texts = &words.reset;
    let page = Texts { heading: texts.choose_heading, legend: words.form.password, submit: texts.choose };
    let intro = fill(texts.choose_intro, &[("email", strong(form.email))]);
    let fields = vec![Field::username(words.facts.email, form.email), password];
    lay_out(
        (form.organisation, &form.errors),
        &page,
        (intro, fields),
        words,
        locale,
        "/reset-password",
        form.token,
    )
}

/// The form that asks for a link.
pub(super) fn ask(form: &AskForReset<'_>, words: &'static Words, locale: Locale) -> Value {
    let mut email = Field::input("email", words.fields.confirm_email).with(&[
        ("type", "email"),
        ("inputmode", "email"),
        ("autocomplete", "email"),
        ("autocapitalize", "none"),
        ("spellcheck", "false"),
        ("maxlength", "254"),
    ]);
    email.value = form.email;
    let texts = &words.reset;
    let page = Texts { heading: texts.ask_heading, legend: words.form.about_you, submit: texts.ask };
    let intro = fill(texts.ask_intro, &[("organisation", strong(form.organisation))]);
    let content = (intro, vec![email]);
    lay_out((form.organisation, &form.errors), &page, content, words, locale, "/reset-password/request", "")
}

/// The texts around the fields.
pub(super) struct Texts {
    pub heading: &'static str,
    pub legend: &'static str,
    pub submit: &'static str,
}

pub(super) fn lay_out<'a>(
    (organisation, errors): (&'a str, &'a [FormError<'_>]),
    texts: &Texts,
    (intro, mut fields): (Value, Vec<Field<'a>>),
    words: &'static Words,
    locale: Locale,
    action: &str,
    token: &str,
) -> Value {
    for field in &mut fields {
        let own = errors.iter().filter(|error| error.field == field.name);
        field.errors = own.map(|error| error.message.as_str()).collect();
    }
    let target = |name: &str| {
        fields.iter().find(|field| field.name == name).map(|field| (field.target(), field.label))
    };
    let summary: Vec<_> =
        errors.iter().map(|error| Summary { target: target(error.field), message: &error.message }).collect();
    let mark = if errors.is_empty() { String::new() } else { format!("{} ", words.error) };
    let section = Section { legend: texts.legend, if_business: false, fields };
    context! {
        lang => locale.as_str(),
        w => Serde(words),
        title => format!("{mark}{} – {organisation}", texts.heading),
        organisation,
        heading => texts.heading,
        intro,
        facts => Vec::<Value>::new(),
        errors => Serde(summary),
        action => ours(action),
        token,
        sections => Serde(vec![section]),
        submit => texts.submit,
    }
}

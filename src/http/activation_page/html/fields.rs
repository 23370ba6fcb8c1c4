//! Which fields the form shows: what `requires` asks for, and nothing else.
//!
//! A `maxlength` makes the browser cut what is pasted, in silence. That is harmless for a name; a password
//! that was cut would be one that its owner does not know, so that the password has none.

use serde::Serialize;

use super::{
    field::{Control, Field},
    screen::Form,
    words::Words,
};
use crate::domain::company::CompanyVat;

/// Fields that belong together.
#[derive(Serialize)]
pub(super) struct Section<'a> {
    pub legend: &'static str,
    /// Shown only while "business" is chosen, by browsers whose style sheets can tell.
    pub if_business: bool,
    pub fields: Vec<Field<'a>>,
}

/// The form's sections, with what was typed and what was wrong.
pub(super) fn sections<'a>(form: &'a Form<'_>, words: &'static Words) -> Vec<Section<'a>> {
    let (asked, legends) = (form.requires, &words.form);
    let company = if asked.account_type { legends.company_if_business } else { legends.company };
    let section = |legend, fields| Section { legend, if_business: false, fields };
    let mut sections = vec![
        section(legends.about_you, person(form, words)),
        section(legends.account, account(form, words)),
        section(
            company,
            if asked.company || asked.account_type { company_fields(form, words) } else { Vec::new() },
        ),
        section(
            legends.password,
            if asked.password && form.is_mailed { new_password(form, words) } else { Vec::new() },
        ),
        section(
            legends.any_password,
            if asked.password && !form.is_mailed { any_password(form, words) } else { Vec::new() },
        ),
    ];
    sections.retain(|section| !section.fields.is_empty());
    for section in &mut sections {
        section.fields.iter_mut().for_each(|field| field.take(form));
        // Never hidden when there is something to put right.
        let faultless = section.fields.iter().all(|field| field.errors.is_empty());
        section.if_business = asked.account_type && section.legend == company && faultless;
    }
    sections
}

fn person<'a>(form: &Form<'_>, words: &'static Words) -> Vec<Field<'a>> {
    let labels = &words.fields;
    let name = |name, label, autocomplete| {
        Field::input(name, label).width("half").with(&[
            ("autocomplete", autocomplete),
            ("autocapitalize", "words"),
            ("spellcheck", "false"),
            ("maxlength", "100"),
        ])
    };
    let mut fields = Vec::new();
    if form.requires.person_name {
        fields.push(name("first_name", labels.first_name, "given-name"));
        fields.push(name("last_name", labels.last_name, "family-name"));
        for field in &mut fields {
            // A person who is active has a name already.
            field.required = form.is_mailed;
        }
    }
    if form.requires.email {
        fields.push(Field::input("email", labels.confirm_email).hint(labels.confirm_email_hint).with(&[
            ("type", "email"),
            ("inputmode", "email"),
            ("autocomplete", "email"),
            ("autocapitalize", "none"),
            ("spellcheck", "false"),
            ("maxlength", "254"),
        ]));
    }
    fields
}

fn new_password<'a>(form: &'a Form<'_>, words: &'static Words) -> Vec<Field<'a>> {
    let labels = &words.fields;
    let shortest = form.password_min_length.to_string();
    let mut password = password(form, words).with(&[
        ("autocomplete", "new-password"),
        ("minlength", &shortest),
        ("passwordrules", &format!("minlength: {shortest}")),
    ]);
    password.hints.extend(labels.password_hints.map(|hint| hint.replace("{number}", &shortest)));
    vec![Field::username(words.facts.email, form.email), password]
}

/// A new password, or the present one of a person who is active: the form does not say which, since the
/// inviter may look at it. The browser does not check its length, since the present one may be shorter.
fn any_password<'a>(form: &'a Form<'_>, words: &'static Words) -> Vec<Field<'a>> {
    let labels = &words.fields;
    let mut password = password(form, words).with(&[("autocomplete", "new-password")]);
    let shortest = form.password_min_length.to_string();
    password.hints.extend(labels.password_hints.map(|hint| hint.replace("{number}", &shortest)));
    vec![
        Field::username(words.facts.email, form.email),
        password.hint(labels.own_password_hint.replace("{inviter}", form.inviter.name)),
    ]
}

fn password<'a>(form: &Form<'_>, words: &'static Words) -> Field<'a> {
    let labels = &words.fields;
    let password = Field::input("password", labels.password);
    let password =
        password.with(&[("type", "password"), ("autocapitalize", "none"), ("spellcheck", "false")]);
    if form.errors.is_empty() { password } else { password.hint(labels.password_again) }
}

fn account<'a>(form: &Form<'_>, words: &'static Words) -> Vec<Field<'a>> {
    let (labels, facts) = (&words.fields, &words.facts);
    let mut fields = Vec::new();
    if form.requires.account_type {
        let choices = vec![("business", facts.business), ("consumer", facts.consumer)];
        fields.push(Field::choice(Control::Radio, "account_type", labels.account_type, choices));
    }
    if form.requires.account_name {
        let attributes = [("autocomplete", "off"), ("autocapitalize", "words"), ("maxlength", "200")];
        fields.push(Field::input("account_name", labels.account_name).with(&attributes));
    }
    fields
}

fn company_fields<'a>(form: &'a Form<'_>, words: &'static Words) -> Vec<Field<'a>> {
    let labels = &words.fields;
    let vat_number = line("company_vat_number", labels.company_vat_number, ("off", "characters", "100"))
        .with(&PLAIN)
        .hint(labels.company_vat_number_hint);
    let is_optional = form.company_vat == CompanyVat::Optional;
    let mut fields = vec![
        line("company_name", labels.company_name, ("organization", "words", "200")),
        line("company_registration_number", labels.company_registration_number, ("off", "characters", "50"))
            .with(&PLAIN)
            .optional(),
        if is_optional { vat_number.not_required() } else { vat_number },
    ];
    if is_optional {
        // Behind the number that it stands for.
        fields.push(Field::checkbox("company_vat_exempt", labels.company_vat_exempt));
    }
    fields.extend(company_address(form, words));
    // The browser cannot know that a private person leaves these empty.
    if form.requires.account_type {
        for field in &mut fields {
            field.required = false;
        }
    }
    fields
}

/// What browsers do not check for spelling.
const PLAIN: [(&str, &str); 1] = [("spellcheck", "false")];

/// A line with what browsers fill in, which letters they make capitals, and its greatest length.
fn line<'a>(
    name: &'static str,
    label: &'static str,
    (autocomplete, capitals, maxlength): (&str, &str, &str),
) -> Field<'a> {
    let attributes = [("autocomplete", autocomplete), ("autocapitalize", capitals), ("maxlength", maxlength)];
    Field::input(name, label).with(&attributes)
}

fn company_address<'a>(form: &'a Form<'_>, words: &'static Words) -> [Field<'a>; 5] {
    let labels = &words.fields;
    let countries = form.countries.iter().map(|(code, name)| (code.as_str(), name.as_str())).collect();
    let country = Field::choice(Control::Select, "company_country", labels.company_country, countries);
    [
        line("company_street", labels.company_street, ("address-line1", "words", "200")).width("wide"),
        line("company_house_number", labels.company_house_number, ("off", "none", "20"))
            .with(&PLAIN)
            .width("narrow")
            .optional(),
        line("company_postal_code", labels.company_postal_code, ("postal-code", "characters", "20"))
            .with(&PLAIN)
            .width("narrow")
            .hint(labels.company_postal_code_hint)
            .not_required(),
        line("company_city", labels.company_city, ("address-level2", "words", "100")).width("wide"),
        country.with(&[("autocomplete", "country")]),
    ]
}

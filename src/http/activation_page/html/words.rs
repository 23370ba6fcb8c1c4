//! Every text that a person reads on the page: the types that a language's `page.json` is read into.
//!
//! A file that lacks a text, or has one that is not known, is not read: a test fails, and the service would
//! not start. Texts are plain; `{slots}` are filled by [`fill`].

use std::{collections::BTreeMap, sync::LazyLock};

use minijinja::{HtmlEscape, Value};
use serde::{Deserialize, Serialize};

use crate::domain::{locale::Locale, role::Role};

/// Every language's texts, read once; or what is wrong with a file.
static ALL: LazyLock<Result<BTreeMap<Locale, Words>, String>> =
    LazyLock::new(|| Locale::ALL.into_iter().map(|locale| Ok((locale, Words::read(locale)?))).collect());
/// Takes the place of texts that could not be read.
static NONE: LazyLock<Words> = LazyLock::new(Words::default);

/// A page's language.
#[derive(Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Words {
    /// For `chrono`; the zone's abbreviation follows.
    #[serde(skip_serializing)]
    pub date_format: &'static str,
    #[serde(skip)]
    pub date_locale: chrono::Locale,
    /// Said before an error, for those who do not see that it is red; also in the title.
    pub error: &'static str,
    pub errors_heading: &'static str,
    pub optional: &'static str,
    /// The first, empty choice of a list.
    pub choose: &'static str,
    #[serde(skip_serializing)]
    pub form: Form,
    #[serde(skip_serializing)]
    pub facts: Facts,
    /// The display names of roles, which the letters use too: the keys `role_…` of `letters.json`.
    #[serde(skip)]
    roles: BTreeMap<Role, String>,
    #[serde(skip_serializing)]
    pub fields: Fields,
    #[serde(skip_serializing)]
    pub notices: Notices,
    #[serde(skip_serializing)]
    pub faults: Faults,
    /// Below every page of a link that was mailed.
    pub unsubscribe: Unsubscribe,
    #[serde(skip_serializing)]
    pub unsubscribed: Notice,
    #[serde(skip_serializing)]
    pub unconfirmed: Notice,
    #[serde(skip_serializing)]
    pub reset: Reset,
    #[serde(skip_serializing)]
    pub email_change: EmailChange,
}

/// The page where a new address is confirmed.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EmailChange {
    pub heading: &'static str,
    pub intro: &'static str,
    pub legend: &'static str,
    pub confirm: &'static str,
    pub changed: Notice,
    pub invalid: Notice,
    pub expired: Notice,
    pub used: Notice,
    pub superseded: Notice,
    pub taken: Notice,
}

/// The page where a password is reset.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reset {
    /// Heading, text and button of the form that asks for a link.
    pub ask_heading: &'static str,
    pub ask_intro: &'static str,
    pub ask: &'static str,
    /// The same of the form where the password is chosen.
    pub choose_heading: &'static str,
    pub choose_intro: &'static str,
    pub choose: &'static str,
    pub requested: Notice,
    pub changed: Notice,
    pub invalid: Notice,
    pub expired: Notice,
    pub used: Notice,
    pub superseded: Notice,
    /// The button that leads to the form that asks for a link.
    pub again: &'static str,
}

/// The unsubscribe form.
#[derive(Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Unsubscribe {
    pub summary: &'static str,
    /// What it does, and what stays the same.
    pub text: &'static str,
    /// Beside the box that is to be ticked.
    pub confirm: &'static str,
    pub button: &'static str,
}

/// Around the form's fields.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Form {
    /// Heading and button for a new user.
    pub activate_heading: &'static str,
    pub activate: &'static str,
    /// Heading and button for an existing user.
    pub accept_heading: &'static str,
    pub accept: &'static str,
    pub intro_system_user: &'static str,
    pub intro_account: &'static str,
    pub intro_named_account: &'static str,
    pub intro_sub_account: &'static str,
    pub intro_sub_account_of: &'static str,
    pub about_you: &'static str,
    pub account: &'static str,
    pub company: &'static str,
    pub company_if_business: &'static str,
    /// Where one is to be chosen.
    pub password: &'static str,
    /// Where a new user chooses one, and an active user gives the present one.
    pub any_password: &'static str,
}

/// What the invitation says.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Facts {
    pub email: &'static str,
    pub role: &'static str,
    pub roles: &'static str,
    pub account: &'static str,
    pub parent: &'static str,
    pub used_by: &'static str,
    pub account_type: &'static str,
    pub expires: &'static str,
    pub employee: &'static str,
    pub subsidiary: &'static str,
    pub business: &'static str,
    pub consumer: &'static str,
}

/// Labels and hints.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fields {
    pub first_name: &'static str,
    pub last_name: &'static str,
    pub confirm_email: &'static str,
    pub confirm_email_hint: &'static str,
    pub password: &'static str,
    pub password_hints: [&'static str; 3],
    pub own_password_hint: &'static str,
    pub password_again: &'static str,
    pub account_name: &'static str,
    pub account_type: &'static str,
    pub company_name: &'static str,
    pub company_registration_number: &'static str,
    pub company_vat_number: &'static str,
    pub company_vat_number_hint: &'static str,
    pub company_vat_exempt: &'static str,
    pub company_street: &'static str,
    pub company_house_number: &'static str,
    pub company_postal_code: &'static str,
    pub company_postal_code_hint: &'static str,
    pub company_city: &'static str,
    pub company_country: &'static str,
}

/// A heading and the paragraphs under it.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Notice {
    pub heading: &'static str,
    pub texts: Vec<&'static str>,
}

/// The pages without a form.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Notices {
    /// Stands for the inviter where the name is not known; fits every `{inviter}` of a notice.
    pub somebody: &'static str,
    pub invalid: Notice,
    pub expired: Notice,
    pub renewable: Notice,
    pub renew: &'static str,
    pub renewed: Notice,
    pub used: Notice,
    pub superseded: Notice,
    pub revoked: Notice,
    pub missing_token: Notice,
    pub done: Notice,
    pub done_new_password: &'static str,
    pub done_old_password: &'static str,
    /// Where staff sign in at the identity provider alone.
    pub done_elsewhere: &'static str,
    /// `{accounts}` were joined with this address before its person took it over.
    pub done_inherited: &'static str,
    pub welcome: &'static str,
    pub away: Notice,
    pub too_many: Notice,
    pub unexpected: Notice,
    pub try_again: &'static str,
    pub request_id: &'static str,
}

/// What is wrong with a field; `{number}` is a limit.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Faults {
    pub required: &'static str,
    pub too_long: &'static str,
    pub shorter: &'static str,
    pub control: &'static str,
    pub email_malformed: &'static str,
    pub email_other: &'static str,
    pub not_offered: &'static str,
    pub malformed: &'static str,
    /// Not of that country's form.
    pub vat_malformed: &'static str,
    /// A digit is wrong.
    pub vat_check_digits: &'static str,
    /// Of another country than the address.
    pub vat_other_country: &'static str,
    /// Neither a number, nor that there is none.
    pub vat_or_none: &'static str,
    /// A number, and that there is none.
    pub vat_both: &'static str,
    pub password_too_short: &'static str,
    pub password_common: &'static str,
    pub password_guessable: &'static str,
    pub password_contains_identity: &'static str,
    pub password_wrong: &'static str,
}

impl Words {
    /// The texts of a language.
    pub fn of(locale: Locale) -> &'static Self {
        ALL.as_ref().ok().and_then(|all| all.get(&locale)).unwrap_or(&NONE)
    }

    /// Reads the texts of every language, for the start.
    ///
    /// # Errors
    /// What is wrong with a file, which a test rules out.
    pub fn check() -> Result<(), minijinja::Error> {
        let fault =
            |text: &String| minijinja::Error::new(minijinja::ErrorKind::CannotDeserialize, text.clone());
        ALL.as_ref().map(|_| ()).map_err(fault)
    }

    fn read(locale: Locale) -> Result<Self, String> {
        let data = locale.data();
        let words: Self = serde_json::from_str(data.page)
            .map_err(|error| format!("locales/{}/page.json: {error}", data.tag))?;
        let letters: BTreeMap<&str, serde_json::Value> = serde_json::from_str(data.letters)
            .map_err(|error| format!("locales/{}/letters.json: {error}", data.tag))?;
        let role_name =
            |role: Role| Some((role, letters.get(&*format!("role_{}", role.as_str()))?.as_str()?.to_owned()));
        let roles = Role::ALL.into_iter().filter_map(role_name).collect();
        Ok(Self { date_locale: data.dates, roles, ..words })
    }

    /// The display name of a role.
    pub fn role_name(&self, role: Role) -> &str {
        self.roles.get(&role).map_or_else(|| role.as_str(), String::as_str)
    }
}

/// Fills the `{slots}` of a text: HTML, in which the text is escaped and the values are HTML already, as of
/// [`strong`].
pub(super) fn fill(text: &str, slots: &[(&str, String)]) -> Value {
    let mut html = String::with_capacity(text.len());
    // In one pass, so that a value which looks like a slot stays as it is.
    for piece in text.split_inclusive('}') {
        let slot = piece.strip_suffix('}').and_then(|piece| piece.rsplit_once('{'));
        let found =
            slot.and_then(|(words, name)| Some((words, slots.iter().find(|(slot, _)| *slot == name)?)));
        html.push_str(&escape(found.map_or(piece, |(words, _)| words)));
        html.push_str(found.map_or("", |(_, (_, value))| value));
    }
    Value::from_safe_string(html)
}

/// A typed name as HTML, emphasised. `dir=auto` keeps a name in another script from
/// reordering the words around it.
pub(super) fn strong(name: &str) -> String {
    format!("<strong dir=\"auto\">{}</strong>", escape(name))
}

/// Plain text as HTML.
pub(super) fn escape(text: &str) -> String {
    HtmlEscape(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_every_text_and_every_role() {
        for locale in Locale::ALL {
            let words = Words::read(locale).unwrap();
            let missing: Vec<_> =
                Role::ALL.into_iter().filter(|role| !words.roles.contains_key(role)).collect();
            assert!(
                missing.is_empty(),
                "locales/{}/letters.json has no role_… for {missing:?}",
                locale.as_str()
            );
        }
    }

    #[test]
    fn slots_are_filled_once_and_everything_is_escaped() {
        let slots = [("a", strong("<{b}>")), ("b", strong("never"))];
        let html = fill("1 < {a} & {c}}", &slots).to_string();
        assert_eq!(html, "1 &lt; <strong dir=\"auto\">&lt;{b}&gt;</strong> &amp; {c}}");
    }
}

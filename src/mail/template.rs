//! Writes a letter: two templates that all languages share, filled with each language's texts.
//!
//! All values are escaped for HTML; an undefined variable in a template is an error, never an empty text.

mod check;
pub(super) mod defang;
mod files;
mod read;
pub(super) mod text;
pub(super) mod translations;

use minijinja::{Environment, Value, context};
use secrecy::ExposeSecret;

use crate::domain::{
    ids::WebhookEndpointId,
    invitation::InvitationKind,
    letter::{Letter, LetterAccount, LetterPurpose},
    locale::Locale,
    sub_account::MemberRole,
    time_zone::TimeZone,
};
use defang::defang;
use translations::Vocabulary;

pub use self::{files::write_built_in, read::render};

/// The texts of a letter. They contain the link, so the `Debug` form omits them.
pub struct Rendered {
    /// One line.
    pub subject: String,
    /// For readers of plain text.
    pub text: String,
    /// A complete HTML document.
    pub html: String,
}

impl std::fmt::Debug for Rendered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Rendered")
    }
}

/// A template is invalid. The text names template and line, and contains nothing of the letter.
#[derive(Debug, thiserror::Error)]
#[error("a template of the letter is invalid: {0}")]
pub struct RenderError(String);

impl From<minijinja::Error> for RenderError {
    fn from(error: minijinja::Error) -> Self {
        // `Display` has kind, template and line; `Debug` would add the values, including the link.
        Self(error.to_string())
    }
}

/// The templates and the texts, parsed once.
#[derive(Clone)]
pub struct Templates {
    environment: Environment<'static>,
    vocabularies: Vec<(Locale, Vocabulary)>,
}

impl Templates {
    /// The texts of a language.
    pub(super) fn vocabulary(&self, locale: Locale) -> &Vocabulary {
        static NONE: Vocabulary = Vocabulary::empty();
        self.vocabularies.iter().find(|(known, _)| *known == locale).map_or(&NONE, |(_, words)| words)
    }

    /// Writes a letter, with its times in `time_zone`.
    ///
    /// # Errors
    /// [`RenderError`] when a template is invalid.
    pub fn render(&self, letter: &Letter, time_zone: &TimeZone) -> Result<Rendered, RenderError> {
        Ok(self.compose(letter, time_zone)?)
    }

    fn compose(&self, letter: &Letter, time_zone: &TimeZone) -> Result<Rendered, minijinja::Error> {
        let about = about(letter, time_zone, self.vocabulary(letter.locale))?;
        let composer = Composer { environment: &self.environment, letter, kind: occasion(letter), about };
        let headline = composer.headline()?;
        let subject = composer.subject(&headline)?;
        let text = composer.body("txt", &headline, &subject)?;
        let html = composer.body("html", &headline, &subject)?;
        Ok(Rendered { subject, text, html })
    }
}

/// The values of sentences and templates.
fn about(letter: &Letter, time_zone: &TimeZone, words: &Vocabulary) -> Result<Value, minijinja::Error> {
    let named = |name: &str| Some(defang(&text::name(name))).filter(|name| !name.is_empty());
    let organisation = text::name(&letter.organisation);
    let inviter = named(&letter.inviter).unwrap_or_else(|| organisation.clone());
    let account = letter.account.as_ref();
    let moment = text::moment(letter.expires_at, time_zone, letter.locale, words).ok_or_else(|| {
        let file = letter.locale.data().letters_file;
        let fault = format!("{file}: \"moment\" is no valid strftime format");
        minijinja::Error::new(minijinja::ErrorKind::BadSerialization, fault)
    })?;
    Ok(context! {
        kind => occasion(letter),
        purpose => letter.purpose.as_str(),
        locale => letter.locale.as_str(),
        roles => letter.roles.iter().map(|name| text::role(name, words)).collect::<Vec<_>>(),
        account => account.and_then(|account| named(account.name.as_deref()?)),
        parent => account.and_then(|account| named(account.parent_name.as_deref()?)),
        endpoints => letter.endpoints.iter().map(WebhookEndpointId::as_str).collect::<Vec<_>>().join(", "),
        to => letter.to.as_str(),
        valid_for => text::duration(letter.expires_at - letter.now, words),
        expires_at => moment,
        inviter,
        organisation,
    })
}

/// Renders the parts of one letter.
struct Composer<'a> {
    environment: &'a Environment<'static>,
    letter: &'a Letter,
    /// As [`occasion`] has it.
    kind: &'static str,
    about: Value,
}

impl Composer<'_> {
    /// Renders the template of one sentence, with values besides those about the letter.
    fn sentence(&self, name: &str, part: &str, more: Value) -> Result<String, minijinja::Error> {
        let name = sentence_name(self.letter.locale.data().letters_file, name, part);
        self.environment.get_template(&name)?.render(context! { ..more, ..self.values(part) })
    }

    /// The values of sentences and templates in the text (`txt`) or the HTML document (`html`).
    fn values(&self, part: &str) -> Value {
        context! { api_url => url(part, &self.letter.api_url), ..self.about.clone() }
    }

    /// The key of a sentence. A letter that is about no invitation has sentences of its own where they
    /// differ.
    fn own_key(&self, name: &str) -> String {
        let own = self.letter.purpose.is_notice() && name != "fallback" && name != "footer";
        if own { format!("{name}_{}", self.kind) } else { name.to_owned() }
    }

    fn is_reminder(&self) -> bool {
        self.letter.purpose == LetterPurpose::Reminder
    }

    fn headline(&self) -> Result<String, minijinja::Error> {
        let subject = self.sentence(&format!("subject_{}", self.kind), "txt", context! {})?;
        Ok(text::one_line(&subject))
    }

    fn subject(&self, headline: &str) -> Result<String, minijinja::Error> {
        if !self.is_reminder() {
            return Ok(text::without_encoded_words(headline));
        }
        let subject = self.sentence("subject_reminder", "txt", context! { headline => headline })?;
        Ok(text::without_encoded_words(&text::one_line(&subject)))
    }

    /// Renders the text (`txt`) or the HTML document (`html`).
    fn body(&self, part: &str, headline: &str, subject: &str) -> Result<String, minijinja::Error> {
        let is_html = part == "html";
        // A sentence rendered for HTML is escaped already.
        let own = |text: String| if is_html { Value::from_safe_string(text) } else { Value::from(text) };
        let said = |name: &str| self.sentence(name, part, context! {}).map(own);
        let said_here = |name: &str| said(&self.own_key(name));
        let link = self.letter.link.expose_secret();
        let texts = context! {
            reminder => if self.is_reminder() { said("reminder")? } else { Value::from(()) },
            introduction => said(&format!("introduction_{}", self.kind))?,
            roles_label => said("roles_label")?,
            button => said_here("button")?,
            action => said_here("action")?,
            expiry => said_here("expiry")?,
            secret => said_here("secret")?,
            fallback => said_here("fallback")?,
            stranger => said_here("stranger")?,
            footer => said_here("footer")?,
            headline,
            subject,
            link => url(part, link),
        };
        let template = self.environment.get_template(&format!("letter.{part}"))?;
        template.render(context! { ..texts, ..self.values(part) })
    }
}

impl std::fmt::Debug for Templates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Templates")
    }
}

/// The kind of invitation, or the purpose of another letter, as in the keys of texts.
fn occasion(letter: &Letter) -> &'static str {
    match (letter.kind, &letter.account) {
        (None, _) => letter.purpose.as_str(),
        (Some(InvitationKind::SystemUser), _) => "system_user",
        (Some(InvitationKind::AccountOwner), Some(LetterAccount { is_new: false, .. })) => "further_owner",
        (Some(InvitationKind::AccountOwner), _) => "account_owner",
        (Some(InvitationKind::SubAccount), Some(LetterAccount { role: MemberRole::AccountOwner, .. })) => {
            "sub_account_owner"
        }
        (Some(InvitationKind::SubAccount), _) => "driver",
    }
}

/// The template of one sentence: `words.en.json/expiry.html`.
fn sentence_name(file: &str, name: &str, part: &str) -> String {
    format!("{file}/{name}.{part}")
}

/// A URL as it is written in the text (`txt`) or the HTML document (`html`).
fn url(part: &str, url: &str) -> Value {
    if part == "html" { Value::from_safe_string(attribute(url)) } else { Value::from(url) }
}

/// Escapes a URL for HTML: the templates' own escaping writes every slash as `&#x2f;`, which is correct,
/// and impossible to read or copy from the source of a letter.
fn attribute(url: &str) -> String {
    url.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

#[cfg(test)]
mod tests;

//! Writes a letter: two templates that all languages share, filled with each language's texts.
//!
//! All values are escaped for HTML; an undefined variable in a template is an error, never an empty text.

mod check;
pub(super) mod defang;
mod files;
pub(super) mod text;
pub(super) mod translations;

use std::path::Path;

use minijinja::{
    AutoEscape, Environment, HtmlEscape, State, UndefinedBehavior, Value, context, syntax::SyntaxConfig,
};
use secrecy::ExposeSecret;

use self::files::Files;
use crate::domain::{
    invitation::InvitationKind,
    letter::{Letter, LetterAccount, LetterPurpose},
    locale::Locale,
    sub_account::MemberRole,
    time_zone::TimeZone,
};
use defang::defang;
use translations::{Vocabulary, line_of};

pub use self::files::write_built_in;

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

/// Writes a single letter with the built-in templates.
///
/// # Errors
/// [`RenderError`] when a template is invalid.
pub fn render(letter: &Letter, time_zone: &TimeZone) -> Result<Rendered, RenderError> {
    Templates::built_in().map_err(|faults| RenderError(faults.join("; ")))?.render(letter, time_zone)
}

/// The templates and the texts, parsed once.
#[derive(Clone)]
pub struct Templates {
    environment: Environment<'static>,
    vocabularies: Vec<(Locale, Vocabulary)>,
}

impl Templates {
    /// The built-in ones.
    ///
    /// # Errors
    /// What is wrong with them, which the tests rule out.
    pub fn built_in() -> Result<Self, Vec<String>> {
        let mut faults = Vec::new();
        let templates = Self::of(&Files::built_in(), &mut faults);
        if faults.is_empty() { Ok(templates) } else { Err(faults) }
    }

    /// The built-in ones, replaced by those in `folder`, and tried with every kind of letter in every
    /// language.
    ///
    /// # Errors
    /// All errors, each with file and line.
    pub fn from_folder(folder: &Path) -> Result<Self, Vec<String>> {
        let mut faults = Vec::new();
        let files = Files::with(folder, &mut faults);
        let templates = Self::of(&files, &mut faults);
        check::try_out(&templates, &files, &mut faults);
        if faults.is_empty() { Ok(templates) } else { Err(faults) }
    }

    /// Reports each invalid file, and uses its built-in counterpart, so that the rest can be checked.
    fn of(files: &Files, faults: &mut Vec<String>) -> Self {
        let mut environment = environment();
        for file in files.templates() {
            if let Err(error) = environment.add_template_owned(file.name, file.text.clone()) {
                faults.push(check::describe(&error, files));
                let _ = environment.add_template(file.name, file.built_in);
            }
        }
        let model = Files::built_in().words().find_map(|(locale, file)| {
            (locale == Locale::En).then(|| Vocabulary::read(file.built_in, None).0)
        });
        let vocabularies = files.words().map(|(locale, file)| {
            let built_in = Vocabulary::read(file.built_in, model.as_ref()).0;
            let (mut words, wrong) = Vocabulary::read(&file.text, Some(&built_in));
            faults.extend(
                wrong.into_iter().map(|fault| format!("{}:{}: {}", file.name, fault.line, fault.text)),
            );
            if text::moment(chrono::DateTime::UNIX_EPOCH, &TimeZone::utc(), locale, &words).is_none() {
                let line = line_of(&file.text, "\"moment\"");
                faults.push(format!("{}:{line}: \"moment\" is no valid strftime format", file.name));
                words.take_from(&built_in, "moment");
            }
            for (name, sentence) in words.sentences() {
                for part in ["txt", "html"] {
                    let key = sentence_name(file.name, name, part);
                    if let Err(error) = environment.add_template_owned(key.clone(), sentence.to_owned()) {
                        // The error is in both parts, and is reported once.
                        if part == "txt" {
                            faults.push(check::describe(&error, files));
                        }
                        let _ = environment.add_template_owned(key, built_in.plain(name).to_owned());
                    }
                }
            }
            (locale, words)
        });
        let vocabularies = vocabularies.collect();
        Self { environment, vocabularies }
    }

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
        let words = self.vocabulary(letter.locale);
        let named = |name: &str| Some(defang(&text::name(name))).filter(|name| !name.is_empty());
        let organisation = text::name(&letter.organisation);
        let inviter = named(&letter.inviter).unwrap_or_else(|| organisation.clone());
        let account = letter.account.as_ref();
        let moment = text::moment(letter.expires_at, time_zone, letter.locale, words).ok_or_else(|| {
            let file = letter.locale.data().letters_file;
            let fault = format!("{file}: \"moment\" is no valid strftime format");
            minijinja::Error::new(minijinja::ErrorKind::BadSerialization, fault)
        })?;
        let kind = occasion(letter);
        let about = context! {
            kind,
            purpose => letter.purpose.as_str(),
            locale => letter.locale.as_str(),
            roles => letter.roles.iter().map(|name| text::role(name, words)).collect::<Vec<_>>(),
            account => account.and_then(|account| named(account.name.as_deref()?)),
            parent => account.and_then(|account| named(account.parent_name.as_deref()?)),
            to => letter.to.as_str(),
            valid_for => text::duration(letter.expires_at - letter.now, words),
            expires_at => moment,
            inviter,
            organisation,
        };
        let say = |name: &str, part: &str, more: Value| -> Result<String, minijinja::Error> {
            let name = sentence_name(letter.locale.data().letters_file, name, part);
            self.environment.get_template(&name)?.render(context! { ..more, ..about.clone() })
        };
        let headline = text::one_line(&say(&format!("subject_{kind}"), "txt", context! {})?);
        let subject = match letter.purpose {
            LetterPurpose::Invitation => headline.clone(),
            LetterPurpose::Reminder => {
                text::one_line(&say("subject_reminder", "txt", context! { headline => headline.as_str() })?)
            }
        };
        let subject = text::without_encoded_words(&subject);
        let write = |part: &str, link: Value| -> Result<String, minijinja::Error> {
            // A sentence rendered for HTML is escaped already.
            let own =
                |text: String| if part == "html" { Value::from_safe_string(text) } else { Value::from(text) };
            let said = |name: &str| say(name, part, context! {}).map(own);
            let reminder = match letter.purpose {
                LetterPurpose::Invitation => Value::from(()),
                LetterPurpose::Reminder => said("reminder")?,
            };
            let texts = context! {
                reminder,
                introduction => said(&format!("introduction_{kind}"))?,
                roles_label => said("roles_label")?,
                button => said("button")?,
                action => said("action")?,
                expiry => said("expiry")?,
                secret => said("secret")?,
                fallback => said("fallback")?,
                stranger => said("stranger")?,
                footer => said("footer")?,
                headline => headline.as_str(),
                subject => subject.as_str(),
                link,
            };
            self.environment
                .get_template(&format!("letter.{part}"))?
                .render(context! { ..texts, ..about.clone() })
        };
        let link = letter.link.expose_secret();
        let text = write("txt", Value::from(link))?;
        let html = write("html", Value::from_safe_string(attribute(link)))?;
        Ok(Rendered { subject, text, html })
    }
}

impl std::fmt::Debug for Templates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Templates")
    }
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|name| {
        let html = Path::new(name).extension().is_some_and(|extension| extension == "html");
        if html { AutoEscape::Html } else { AutoEscape::None }
    });
    if let Ok(syntax) =
        SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build()
    {
        environment.set_syntax(syntax);
    }
    environment.add_filter("wrap", |text: &str| text::wrap(text));
    environment.add_filter("strong", strong);
    environment
}

/// Strong text in HTML, unchanged in plain text. `dir=auto` keeps a name in another script from reordering
/// the words around it.
fn strong(state: &State<'_, '_>, text: &str) -> Value {
    match state.auto_escape() {
        AutoEscape::Html => {
            Value::from_safe_string(format!("<strong dir=\"auto\">{}</strong>", HtmlEscape(text)))
        }
        _ => Value::from(text),
    }
}

/// The kind of invitation, as in the keys of texts.
fn occasion(letter: &Letter) -> &'static str {
    match (letter.kind, &letter.account) {
        (InvitationKind::SystemUser, _) => "system_user",
        (InvitationKind::AccountOwner, Some(LetterAccount { is_new: false, .. })) => "further_owner",
        (InvitationKind::AccountOwner, _) => "account_owner",
        (InvitationKind::SubAccount, Some(LetterAccount { role: MemberRole::AccountOwner, .. })) => {
            "sub_account_owner"
        }
        (InvitationKind::SubAccount, _) => "driver",
    }
}

/// The template of one sentence: `words.en.json/expiry.html`.
fn sentence_name(file: &str, name: &str, part: &str) -> String {
    format!("{file}/{name}.{part}")
}

/// Escapes the link for HTML: the templates' own escaping writes every slash as `&#x2f;`, which is correct,
/// and impossible to read or copy from the source of a letter.
fn attribute(link: &str) -> String {
    link.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

#[cfg(test)]
mod tests;

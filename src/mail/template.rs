//! Writes a letter: the templates of this folder, filled in.
//!
//! HTML templates escape everything; a name that a template asks for and nobody gave is an error, never an empty place.

use chrono_tz::Tz;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context, syntax::SyntaxConfig};
use secrecy::ExposeSecret;

use super::words;
use crate::domain::letter::Letter;

const SOURCES: [(&str, &str); 8] = [
    ("layout.html", include_str!("templates/layout.html")),
    ("roles.html", include_str!("templates/roles.html")),
    ("invitation.en.subject", include_str!("templates/invitation.en.subject")),
    ("invitation.en.txt", include_str!("templates/invitation.en.txt")),
    ("invitation.en.html", include_str!("templates/invitation.en.html")),
    ("invitation.nl.subject", include_str!("templates/invitation.nl.subject")),
    ("invitation.nl.txt", include_str!("templates/invitation.nl.txt")),
    ("invitation.nl.html", include_str!("templates/invitation.nl.html")),
];

/// A letter in words. It holds the live link, and so shows itself to nobody.
pub struct Rendered {
    /// One line.
    pub subject: String,
    /// For readers of plain text.
    pub text: String,
    /// A whole HTML document.
    pub html: String,
}

impl std::fmt::Debug for Rendered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Rendered")
    }
}

/// A template is at fault. The text names template and line, and holds nothing of the letter.
#[derive(Debug, thiserror::Error)]
#[error("a template of the letter is at fault: {0}")]
pub struct RenderError(String);

impl From<minijinja::Error> for RenderError {
    fn from(error: minijinja::Error) -> Self {
        // `Display` says kind, template and line; `Debug` would add the values, the link among them.
        Self(error.to_string())
    }
}

/// Writes a letter, for whoever writes one and no more.
///
/// # Errors
/// [`RenderError`] when a template is at fault.
pub fn render(letter: &Letter, time_zone: Tz) -> Result<Rendered, RenderError> {
    Templates::new()?.render(letter, time_zone)
}

/// The templates, read once.
pub(super) struct Templates(Environment<'static>);

impl Templates {
    /// Reads the templates.
    pub fn new() -> Result<Self, RenderError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|name| {
            let html = std::path::Path::new(name).extension().is_some_and(|extension| extension == "html");
            if html { AutoEscape::Html } else { AutoEscape::None }
        });
        environment
            .set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build()?);
        for (name, source) in SOURCES {
            environment.add_template(name, source)?;
        }
        Ok(Self(environment))
    }

    /// Writes a letter, with its times in `time_zone`.
    pub fn render(&self, letter: &Letter, time_zone: Tz) -> Result<Rendered, RenderError> {
        let organisation = words::name(&letter.organisation);
        let inviter = Some(words::name(&letter.inviter)).filter(|name| !name.is_empty()).unwrap_or_else(|| organisation.clone());
        let link = letter.link.expose_secret();
        let shared = context! {
            kind => letter.kind.as_str(),
            roles => letter.roles.iter().map(|name| words::role(name, letter.locale)).collect::<Vec<_>>(),
            to => letter.to.as_str(),
            valid_for => words::duration(letter.expires_at - letter.now, letter.locale),
            expires_at => words::moment(letter.expires_at, time_zone, letter.locale),
            locale => letter.locale.as_str(),
            inviter,
            organisation,
        };
        let write = |part: &str, own: Value| {
            let name = format!("invitation.{}.{part}", letter.locale.as_str());
            self.0.get_template(&name)?.render(context! { ..own, ..shared.clone() })
        };
        let subject = write("subject", context! {})?.trim().to_owned();
        let text = write("txt", context! { link, headline => subject.as_str() })?;
        let html = write("html", context! { link => Value::from_safe_string(attribute(link)), headline => subject.as_str() })?;
        Ok(Rendered { subject, text, html })
    }
}

impl std::fmt::Debug for Templates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Templates")
    }
}

/// The link, escaped for HTML by hand: the templates' own escaping writes every slash as `&#x2f;`, which is right and
/// which nobody who looks at the source of a letter can read or copy.
fn attribute(link: &str) -> String {
    link.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests;

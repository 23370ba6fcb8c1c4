//! The built-in activation page, in every language of [`Locale`]: pure rendering, values in and text out.
//!
//! A page is one self-contained document: no script, no image, nothing from elsewhere, and one inline style
//! sheet that the content security policy names by its hash. `screen` says what can be shown, `words` holds
//! every text that a person reads, `view` and `fields` lay the two out for the templates, which hold
//! structure and nothing else.
//!
//! The form leaves the browser's own checks (`required`, `minlength`, `type=email`) on, because a refused
//! form comes back with the password field empty: on a phone, a check before sending saves typing it again.
//! They are a convenience. The service checks everything itself, and the form shows what it found in the
//! page's own language.

mod confirm_email;
mod fault;
mod field;
mod fields;
mod notice;
mod reset;
mod screen;
mod summary;
mod view;
mod when;
mod words;

#[cfg(test)]
mod tests;

use base64::{Engine, engine::general_purpose::STANDARD};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context, syntax::SyntaxConfig};
use sha2::{Digest, Sha256};

use crate::domain::locale::Locale;

pub use screen::{
    Account, AskForReset, ChoosePassword, ConfirmEmail, ConfirmEmailNotice, ConfirmEmailOutcome, Done,
    Failure, FailureKind, Form, FormError, FormValues, InvalidLink, InvalidLinkReason, Inviter, MissingToken,
    Renewed, ResetNotice, ResetOutcome, Retry, Screen, Unconfirmed, Unsubscribed,
};

const STYLE: &str = include_str!("html/templates/style.css");
const TEMPLATES: [(&str, &str); 4] = [
    ("layout.html", include_str!("html/templates/layout.html")),
    ("fields.html", include_str!("html/templates/fields.html")),
    (view::FORM, include_str!("html/templates/form.html")),
    (view::NOTICE, include_str!("html/templates/notice.html")),
];

/// The compiled templates, and the policy that their style sheet needs.
pub struct Pages {
    environment: Environment<'static>,
    policy: String,
}

impl Pages {
    /// Compiles the templates and reads the texts: once, at start. Forms lead to paths below `base`, which is
    /// a base path or empty.
    ///
    /// # Errors
    /// When a template does not compile or a text cannot be read, which tests rule out.
    pub fn new(base: &str) -> Result<Self, minijinja::Error> {
        words::Words::check()?;
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
        environment.add_global("style", Value::from_safe_string(STYLE.to_owned()));
        // It has unreserved characters and slashes alone.
        environment.add_global("base", Value::from_safe_string(base.to_owned()));
        for (name, source) in TEMPLATES {
            environment.add_template(name, source)?;
        }
        let hash = STANDARD.encode(Sha256::digest(STYLE));
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{hash}'; img-src 'none'; form-action 'self'; base-uri \
            'none'; frame-ancestors 'none'"
        );
        Ok(Self { environment, policy })
    }

    /// The document that shows `screen` in the language of `locale`.
    ///
    /// # Errors
    /// When a template uses a value that the screen does not have, which a test over all screens rules out.
    pub fn render(&self, screen: &Screen<'_>, locale: Locale) -> Result<String, minijinja::Error> {
        self.render_below(screen, None, locale)
    }

    /// The same, and below it the unsubscribe form for the holder of this token of a mailed link, which keeps
    /// us from writing to them.
    ///
    /// # Errors
    /// As [`Pages::render`].
    pub fn render_below(
        &self,
        screen: &Screen<'_>,
        mailed_token: Option<&str>,
        locale: Locale,
    ) -> Result<String, minijinja::Error> {
        let (template, page) = view::lay_out(screen, locale);
        self.environment.get_template(template)?.render(context! { mailed_token, ..page })
    }

    /// The `Content-Security-Policy` that every page is to be sent with.
    #[must_use]
    pub fn content_security_policy(&self) -> &str {
        &self.policy
    }
}

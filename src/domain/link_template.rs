//! Where a mailed link leads: a page, and the place of the token in its URL.
//!
//! A page whose routes are in the fragment (`https://portal.example/#/activate?token=…`) has it there, where
//! a parameter of the query would not be seen. Browsers send no fragment to a server (RFC 3986 §3.5).

use secrecy::SecretString;
use url::{Position, Url};

/// Stands where the token goes.
pub const PLACEHOLDER: &str = "{token}";
/// Takes its place while the URL is parsed. It is written in the same way in a path, a query and a fragment,
/// and in another way in a host.
const MARK: &str = "0THE-TOKEN0";

/// A page, and where its URL has the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkTemplate {
    before: String,
    after: String,
    page: Url,
}

/// Why a text is no template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkTemplateError {
    /// Not a URL.
    #[error("is no URL")]
    Url,
    /// Another thing in braces.
    #[error("must contain no braces but those of {{token}}")]
    Braces,
    /// There is a fragment, and nothing says where the token goes.
    #[error(
        "has a # and must say with {{token}} where the token goes, as \
        https://portal.example.com/#/activate?token={{token}}"
    )]
    Fragment,
    /// The place of the token is given more than once.
    #[error("must contain {{token}} once at most")]
    Repeated,
    /// It is not in a path, query or fragment.
    #[error("must contain {{token}} in its path, its query or behind its #")]
    Place,
}

impl LinkTemplate {
    /// A page to whose query `token=…` is added.
    #[must_use]
    pub fn with_parameter(page: Url) -> Self {
        let mut link = page.clone();
        link.query_pairs_mut().append_pair("token", "");
        Self { before: link.into(), after: String::new(), page }
    }

    /// Reads a URL with `{token}` where the token goes; without it, as [`LinkTemplate::with_parameter`].
    ///
    /// # Errors
    /// [`LinkTemplateError`].
    pub fn parse(text: &str) -> Result<Self, LinkTemplateError> {
        let parse = |text: &str| Url::parse(text).map_err(|_| LinkTemplateError::Url);
        if text.replace(PLACEHOLDER, "").contains(['{', '}']) {
            return Err(LinkTemplateError::Braces);
        }
        match text.matches(PLACEHOLDER).count() {
            0 => Some(parse(text)?)
                .filter(|page| page.fragment().is_none())
                .map(Self::with_parameter)
                .ok_or(LinkTemplateError::Fragment),
            1 => Self::around(&parse(&text.replace(PLACEHOLDER, MARK))?),
            _ => Err(LinkTemplateError::Repeated),
        }
    }

    /// The template whose URL has [`MARK`] in the place of the token.
    fn around(link: &Url) -> Result<Self, LinkTemplateError> {
        let mut pieces = link.as_str().split(MARK);
        let (Some(before), Some(after), None) = (pieces.next(), pieces.next(), pieces.next()) else {
            return Err(LinkTemplateError::Place);
        };
        if link[..Position::BeforePath].contains(MARK) {
            return Err(LinkTemplateError::Place);
        }
        let page = Url::parse(&without_parameter(before, after)).map_err(|_| LinkTemplateError::Place)?;
        Ok(Self { before: before.to_owned(), after: after.to_owned(), page })
    }

    /// The link with this token, which is URL-safe base64 (RFC 4648 §5).
    #[must_use]
    pub fn with_token(&self, token: &str) -> SecretString {
        SecretString::from([&self.before, token, &self.after].concat())
    }

    /// The page without a token.
    #[must_use]
    pub fn page(&self) -> &Url {
        &self.page
    }
}

/// A link without the parameter that has the token; or, where the token is no parameter, without the token.
fn without_parameter(before: &str, after: &str) -> String {
    let separator = before.strip_suffix('=').and_then(|name| name.rfind(['?', '&']));
    let is_parameter = |at: &usize| !before[*at..].contains(['/', '#']);
    match (separator.filter(is_parameter), after.chars().next()) {
        (Some(at), None | Some('#')) => [&before[..at], after].concat(),
        // The next parameter takes its place, behind the same separator.
        (Some(at), Some('&')) => [&before[..=at], &after[1..]].concat(),
        _ => [before, after].concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    #[test]
    fn the_token_goes_where_the_template_says() {
        for (text, link, page) in [
            ("https://a.example", "https://a.example/?token=T-_1", "https://a.example/"),
            (
                "https://a.example/x?from=mail",
                "https://a.example/x?from=mail&token=T-_1",
                "https://a.example/x?from=mail",
            ),
            (
                "https://a.example/#/x?token={token}",
                "https://a.example/#/x?token=T-_1",
                "https://a.example/#/x",
            ),
            (
                "https://a.example/app/#!/x/{token}",
                "https://a.example/app/#!/x/T-_1",
                "https://a.example/app/#!/x/",
            ),
            ("https://a.example/x/{token}/y", "https://a.example/x/T-_1/y", "https://a.example/x//y"),
            (
                "https://a.example/?t={token}&x=1#y",
                "https://a.example/?t=T-_1&x=1#y",
                "https://a.example/?x=1#y",
            ),
            (
                "https://a.example/?x=1&t={token}#y",
                "https://a.example/?x=1&t=T-_1#y",
                "https://a.example/?x=1#y",
            ),
            ("https://a.example/#{token}", "https://a.example/#T-_1", "https://a.example/#"),
            (
                "https://a.example/?x=1#/y=/{token}",
                "https://a.example/?x=1#/y=/T-_1",
                "https://a.example/?x=1#/y=/",
            ),
        ] {
            let template = LinkTemplate::parse(text).unwrap();
            assert_eq!(template.with_token("T-_1").expose_secret(), link);
            assert_eq!(template.page().as_str(), page, "{text}");
        }
    }

    #[test]
    fn a_template_that_leaves_the_token_s_place_open_is_refused() {
        for (text, error) in [
            ("portal", LinkTemplateError::Url),
            ("https://a.example/#/activate", LinkTemplateError::Fragment),
            ("https://a.example/#", LinkTemplateError::Fragment),
            ("https://a.example/#/x?token={Token}", LinkTemplateError::Braces),
            ("https://a.example/#/x?token={{token}}", LinkTemplateError::Braces),
            ("https://a.example/#/{token}/{token}", LinkTemplateError::Repeated),
            ("https://{token}.example/", LinkTemplateError::Place),
            ("https://{token}@a.example/", LinkTemplateError::Place),
            ("https://a.example/{token}/../x", LinkTemplateError::Place),
        ] {
            assert_eq!(LinkTemplate::parse(text), Err(error), "{text}");
        }
    }
}

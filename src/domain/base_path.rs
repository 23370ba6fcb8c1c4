//! The path below which callers reach the service, where one host has other things beside it.

/// The first names of the service's own paths, which a base path must not begin with: a request would be
/// readable in two ways.
const OWN: [&str; 11] = [
    ".well-known",
    "activate",
    "confirm-email",
    "docs",
    "healthz",
    "metrics",
    "openapi.json",
    "problems",
    "readyz",
    "reset-password",
    "v1",
];

/// What is before every path of the service, as `/invite`: without a slash at its end, and empty where there
/// is nothing. It has unreserved characters alone (RFC 3986 §2.3), so that it needs no escapes in a URL, a
/// header, a cookie or a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BasePath(String);

/// Why a path is no base path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BasePathError {
    /// An empty name, a dot segment, an escape, or another character.
    #[error("must have a path of names between single slashes, each of letters, digits and -._~ alone")]
    Malformed,
    /// The service has paths of its own there.
    #[error("must not have a path that begins with /{0}: the service has paths of its own there")]
    Own(&'static str),
}

impl BasePath {
    /// Reads the path of a URL. One slash at its end is left out.
    ///
    /// # Errors
    /// [`BasePathError`].
    pub fn parse(path: &str) -> Result<Self, BasePathError> {
        let path = path.strip_suffix('/').unwrap_or(path);
        if path.is_empty() {
            return Ok(Self::default());
        }
        let names = path.strip_prefix('/').ok_or(BasePathError::Malformed)?;
        let is_name = |name: &str| !matches!(name, "" | "." | "..") && name.chars().all(is_unreserved);
        if !names.split('/').all(is_name) {
            return Err(BasePathError::Malformed);
        }
        let own = OWN.into_iter().find(|own| names.split('/').next() == Some(*own));
        own.map_or_else(|| Ok(Self(path.to_owned())), |own| Err(BasePathError::Own(own)))
    }

    /// Its text, to put in front of a path of the service.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing before the paths of the service.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is behind it in the path of a request: nothing, or a path of the service. `None` where the path
    /// does not begin with it. Escaped characters are the same ones (RFC 3986 §6.2.2.2); an escaped slash is
    /// none.
    #[must_use]
    pub fn strip<'a>(&self, path: &'a str) -> Option<&'a str> {
        let mut rest = path;
        for expected in self.0.chars() {
            rest = match rest.strip_prefix(expected) {
                Some(behind) => behind,
                None => escaped(rest).filter(|(found, _)| *found == expected)?.1,
            };
        }
        (rest.is_empty() || rest.starts_with('/')).then_some(rest)
    }
}

fn is_unreserved(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '-' | '.' | '_' | '~')
}

/// The unreserved character that an escape stands for, and what is behind it.
fn escaped(text: &str) -> Option<(char, &str)> {
    let digits = text.strip_prefix('%')?;
    let code = digits.get(..2).filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    let character = char::from(u8::from_str_radix(code, 16).ok()?);
    is_unreserved(character).then_some((character, digits.get(2..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_read_and_a_slash_at_its_end_left_out() {
        for (path, read) in [
            ("", ""),
            ("/", ""),
            ("/invite", "/invite"),
            ("/invite/", "/invite"),
            ("/a/b-c/d.e_f~1/", "/a/b-c/d.e_f~1"),
            ("/V1", "/V1"),
            ("/v1x/activate", "/v1x/activate"),
        ] {
            assert_eq!(BasePath::parse(path).unwrap().as_str(), read, "{path}");
        }
        for path in [
            "invite",
            "//",
            "//invite",
            "/invite//",
            "/a//b",
            "/a/./b",
            "/..",
            "/a%2Fb",
            "/%69nvite",
            "/a b",
            "/a;b",
            "/ä",
            "/a\"b",
            "/{a}",
            "/a:b",
            "/a@b",
        ] {
            assert_eq!(BasePath::parse(path), Err(BasePathError::Malformed), "{path}");
        }
        for own in OWN {
            assert_eq!(BasePath::parse(&format!("/{own}")), Err(BasePathError::Own(own)));
            assert_eq!(BasePath::parse(&format!("/{own}/more/")), Err(BasePathError::Own(own)));
        }
    }

    #[test]
    fn it_is_stripped_in_every_spelling_and_never_in_part() {
        let base = BasePath::parse("/in/vite").unwrap();
        for (path, rest) in [
            ("/in/vite", Some("")),
            ("/in/vite/", Some("/")),
            ("/in/vite/v1/users", Some("/v1/users")),
            ("/%69n/v%69te/v1/%75sers", Some("/v1/%75sers")),
            ("/i%6E/%76%69%74%65/x", Some("/x")),
            ("/in/vite/in/vite/x", Some("/in/vite/x")),
            ("/in/vite//x", Some("//x")),
            ("/in/vited", None),
            ("/in/vite%2Fx", None),
            ("/in%2Fvite/x", None),
            ("%2Fin/vite/x", None),
            ("/in/vit%6", None),
            ("/in/vit%", None),
            ("/in/vit%é", None),
            ("/in/vit%+5", None),
            ("/In/vite/x", None),
            ("/in", None),
            ("/v1/users", None),
            ("*", None),
            ("", None),
        ] {
            assert_eq!(base.strip(path), rest, "{path}");
        }
        assert_eq!(BasePath::default().strip("/v1/users"), Some("/v1/users"));
    }
}

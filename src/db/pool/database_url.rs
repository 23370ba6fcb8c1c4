//! `DATABASE_URL`: the kind of database and its address.

mod postgres;
mod url_error;

use std::{
    fs::{DirBuilder, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use secrecy::{ExposeSecret, SecretString};

use self::postgres::{PostgresUrl, decoded};
pub use self::url_error::DatabaseUrlError;
use super::open_error::OpenError;

/// The kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::db) enum Dialect {
    /// A PostgreSQL server.
    Postgres,
    /// A SQLite file.
    Sqlite,
}

/// The URL of a database, validated. It may contain a password, which its `Debug` form omits.
#[derive(Clone)]
pub struct DatabaseUrl {
    dialect: Dialect,
    target: SecretString,
}

impl DatabaseUrl {
    /// Parses a URL.
    ///
    /// # Errors
    /// [`DatabaseUrlError`] says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, DatabaseUrlError> {
        if let Some(path) = text.strip_prefix("sqlite://").or_else(|| text.strip_prefix("sqlite:")) {
            return match path {
                "" => Err(DatabaseUrlError::NoFile),
                path if path.contains(['?', '\0']) || path.starts_with("file:") => {
                    Err(DatabaseUrlError::NotAPath)
                }
                path if path.contains(":memory:") => Err(DatabaseUrlError::InMemory),
                path => Ok(Self { dialect: Dialect::Sqlite, target: path.to_owned().into() }),
            };
        }
        if let Some(rest) = text.strip_prefix("postgres://").or_else(|| text.strip_prefix("postgresql://")) {
            if rest.matches('@').count() > 1
                || rest.contains(|sign: char| sign == '#' || sign.is_whitespace() || sign.is_control())
            {
                return Err(DatabaseUrlError::Unencoded);
            }
            // The first @ ends the user and the password, so a / or ? before it belongs to them.
            if rest.split_once('@').is_some_and(|(user, _)| user.contains(['/', '?'])) {
                return Err(DatabaseUrlError::Unencoded);
            }
            if !is_percent_encoded(rest) {
                return Err(DatabaseUrlError::Percent);
            }
            PostgresUrl::parse(text)?;
            return Ok(Self { dialect: Dialect::Postgres, target: text.to_owned().into() });
        }
        Err(DatabaseUrlError::Scheme)
    }

    /// The kind of database.
    pub(in crate::db) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The path of the file, or the URL with its password.
    pub(in crate::db) fn expose(&self) -> &str {
        self.target.expose_secret()
    }

    /// The URL, with its password, and with these parameters unless it has them itself, and with these
    /// `options` before its own.
    pub(in crate::db) fn with(&self, parameters: &[(&str, &str)], options: Option<&str>) -> SecretString {
        self.postgres().map_or_else(|| self.expose().to_owned(), |url| url.with(parameters, options)).into()
    }

    /// Whether the URL's query sets a parameter of this name, also inside `options`.
    pub(in crate::db) fn names(&self, name: &str) -> bool {
        self.postgres().is_some_and(|url| url.names(name))
    }

    /// Whether the URL has `options` of its own.
    pub(in crate::db) fn has_options(&self) -> bool {
        self.postgres().is_some_and(|url| url.parameter("options").is_some())
    }

    /// A warning for the operator, if the URL has a risky parameter.
    #[must_use]
    pub fn caution(&self) -> Option<&'static str> {
        let attributes = self.postgres()?.parameter("target_session_attrs")?;
        (attributes == "any").then_some(
            "with target_session_attrs=any a list of hosts may connect to a standby, which is then refused: \
            read-write, the default here, tries the next host",
        )
    }

    fn postgres(&self) -> Option<PostgresUrl<'_>> {
        if self.dialect == Dialect::Sqlite { None } else { PostgresUrl::parse(self.expose()).ok() }
    }

    /// `message` without the password in any of its encodings: libpq quotes what it cannot parse.
    pub(in crate::db) fn redact(&self, message: &str) -> String {
        let Some(url) = self.postgres() else { return message.to_owned() };
        let mut secrets = vec![self.expose().to_owned()];
        let passwords =
            url.parameters().filter(|(name, _)| decoded(name).ends_with("password")).map(|(_, value)| value);
        for password in url.password.into_iter().chain(passwords) {
            secrets.extend([password.to_owned(), decoded(password).into_owned()]);
        }
        // The longest first: it may contain a shorter one.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets
            .iter()
            .filter(|secret| !secret.is_empty())
            .fold(message.to_owned(), |text, secret| text.replace(secret, "***"))
    }

    /// The location of the data, without a password: for people and logs.
    #[must_use]
    pub fn describe(&self) -> String {
        match self.dialect {
            Dialect::Sqlite => format!("SQLite file {}", self.expose()),
            Dialect::Postgres => self
                .postgres()
                .map_or_else(|| "PostgreSQL".to_owned(), |url| format!("PostgreSQL at {}", url.describe())),
        }
    }

    /// Refuses a SQLite file that does not exist: opening it would create it.
    pub(in crate::db) fn must_exist(&self) -> Result<(), OpenError> {
        let path = Path::new(self.expose());
        if self.dialect == Dialect::Postgres || path.is_file() {
            return Ok(());
        }
        Err(OpenError::Folder(path.to_owned(), io::ErrorKind::NotFound.into()))
    }

    /// Creates a SQLite file's folder, and locks the file for this process: two processes with one file would
    /// each act as the only courier. The system releases the lock when the process ends in any way.
    pub(in crate::db) fn own(&self) -> Result<Option<File>, OpenError> {
        if self.dialect == Dialect::Postgres {
            return Ok(None);
        }
        let path = Path::new(self.expose());
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
            made.map_err(|error| OpenError::Folder(folder.to_owned(), error))?;
        }
        let lock = PathBuf::from(format!("{}.lock", path.display()));
        let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&lock);
        let file = file.map_err(|error| OpenError::Folder(lock.clone(), error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(OpenError::Owned(path.to_owned())),
            Err(TryLockError::Error(error)) => return Err(OpenError::Folder(lock, error)),
        }
        // Created here because SQLite would create it with the default mode, readable by others. SQLite gives
        // its companions (-wal, -shm) the same mode.
        match OpenOptions::new().create_new(true).write(true).mode(0o600).open(path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                Err(OpenError::Folder(path.to_owned(), error))
            }
            _ => Ok(Some(file)),
        }
    }
}

/// Whether every `%` is followed by two hexadecimal digits, other than `00`.
fn is_percent_encoded(text: &str) -> bool {
    text.split('%').skip(1).all(|part| {
        let digits = part.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit) && digits != b"00")
    })
}

impl std::fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.describe())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_both_databases_and_refuses_the_rest() {
        assert_eq!(DatabaseUrl::parse("sqlite://data/x.db").unwrap().describe(), "SQLite file data/x.db");
        let postgres = DatabaseUrl::parse("postgres://me:secret@db.example:5433/inv").unwrap();
        assert_eq!(format!("{postgres:?}"), "PostgreSQL at db.example:5433/inv");
        assert_eq!(DatabaseUrl::parse("mysql://x").unwrap_err(), DatabaseUrlError::Scheme);
        assert_eq!(DatabaseUrl::parse("sqlite://").unwrap_err(), DatabaseUrlError::NoFile);
        assert_eq!(DatabaseUrl::parse("sqlite://:memory:").unwrap_err(), DatabaseUrlError::InMemory);
        assert!(matches!(DatabaseUrl::parse("postgres://h:99999/x"), Err(DatabaseUrlError::Malformed(_))));
    }

    #[test]
    fn a_sqlite_path_is_a_path_alone() {
        for text in
            ["sqlite://data/x.db?mode=ro", "sqlite:x.db?", "sqlite://file:x.db", "sqlite://x?mode=memory"]
        {
            assert_eq!(DatabaseUrl::parse(text).unwrap_err(), DatabaseUrlError::NotAPath, "{text}");
        }
        assert_eq!(DatabaseUrl::parse("sqlite://100%.db").unwrap().describe(), "SQLite file 100%.db");
    }

    /// Passwords that libpq would parse differently, or would report in its message.
    #[test]
    fn an_ill_encoded_password_is_refused_and_not_repeated() {
        for (text, error) in [
            ("postgres://u:s3cr%ZZ@127.0.0.1:1/x", DatabaseUrlError::Percent),
            ("postgres://u:s3cr%@127.0.0.1:1/x", DatabaseUrlError::Percent),
            ("postgres://u:s3cr%4@127.0.0.1:1/x", DatabaseUrlError::Percent),
            ("postgres://u%:s3cr@127.0.0.1:1/x", DatabaseUrlError::Percent),
            ("postgres://u:s3cr%00@127.0.0.1:1/x", DatabaseUrlError::Percent),
            ("postgres://u@h/x?password=s3cr%ZZ", DatabaseUrlError::Percent),
            ("postgres://u:s3@cr@127.0.0.1:1/x", DatabaseUrlError::Unencoded),
            ("postgres://u:12/s3cr@127.0.0.1:1/x", DatabaseUrlError::Unencoded),
            ("postgres://u:12?s3cr@127.0.0.1:1/x", DatabaseUrlError::Unencoded),
            ("postgres://u:12#s3cr@127.0.0.1:1/x", DatabaseUrlError::Unencoded),
            ("postgres://u:12 s3cr@127.0.0.1:1/x", DatabaseUrlError::Unencoded),
        ] {
            let refused = DatabaseUrl::parse(text).unwrap_err();
            assert_eq!(refused, error, "{text}");
            assert!(!refused.to_string().contains("s3"), "{refused}");
        }
        assert!(DatabaseUrl::parse("postgres://u%40x:p%2f%3F%25@h/x").is_ok());
    }

    #[test]
    fn the_password_is_taken_out_of_what_others_say() {
        let url = DatabaseUrl::parse("postgres://u:s3%63r%25@h/x?sslpassword=h%75sh").unwrap();
        for said in [
            "token: \"s3%63r%25\"",
            "token: s3cr%",
            "postgres://u:s3%63r%25@h/x?sslpassword=h%75sh",
            "hush",
            "h%75sh",
        ] {
            let redacted = url.redact(said);
            assert!(
                redacted.contains("***") && !redacted.contains("s3") && !redacted.contains('h'),
                "{redacted}"
            );
        }
        let several = DatabaseUrl::parse("postgres://u:s3cret@h1:5432,h2:5432/x").unwrap();
        assert_eq!(several.redact("postgres://u:s3cret@h1:5432,h2:5432/x and s3cret"), "*** and ***");
        assert_eq!(format!("{several:?}"), "PostgreSQL at h1:5432,h2:5432/x");
        let unusual = DatabaseUrl::parse("postgres://u:é^{@h/x").unwrap();
        assert_eq!(unusual.redact("token é^{"), "token ***");
        assert_eq!(DatabaseUrl::parse("postgres://u@h/x").unwrap().redact("as it is"), "as it is");
    }
}

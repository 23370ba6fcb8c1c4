//! `DATABASE_URL`: which database, and where.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::{Path, PathBuf},
};

use secrecy::{ExposeSecret, SecretString};

use super::OpenError;

/// Which of the two databases a URL names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// A server.
    Postgres,
    /// A file of ours.
    Sqlite,
}

/// A database's URL, read and found usable. It may hold a password and so shows itself without.
#[derive(Clone)]
pub struct DatabaseUrl {
    dialect: Dialect,
    target: SecretString,
}

/// The text names no database that this service can use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseUrlError {
    /// Neither of the two schemes.
    #[error("must begin with sqlite:// or postgres://")]
    Scheme,
    /// A SQLite URL without a file.
    #[error("names no file: use sqlite://PATH, as in sqlite://data/invitations.db")]
    NoFile,
    /// An in-memory database would lose invitations.
    #[error("an in-memory database would lose every invitation at the next start")]
    InMemory,
    /// A PostgreSQL URL that cannot be read.
    #[error("is no PostgreSQL URL: {0}")]
    Malformed(url::ParseError),
}

impl DatabaseUrl {
    /// Reads a URL.
    ///
    /// # Errors
    /// [`DatabaseUrlError`] says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, DatabaseUrlError> {
        if let Some(path) = text.strip_prefix("sqlite://").or_else(|| text.strip_prefix("sqlite:")) {
            return match path {
                "" => Err(DatabaseUrlError::NoFile),
                path if path.contains(":memory:") || path.contains("mode=memory") => Err(DatabaseUrlError::InMemory),
                path => Ok(Self { dialect: Dialect::Sqlite, target: path.to_owned().into() }),
            };
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            url::Url::parse(text).map_err(DatabaseUrlError::Malformed)?;
            return Ok(Self { dialect: Dialect::Postgres, target: text.to_owned().into() });
        }
        Err(DatabaseUrlError::Scheme)
    }

    /// Which database.
    pub(super) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The path of the file, or the URL with its password.
    pub(super) fn expose(&self) -> &str {
        self.target.expose_secret()
    }

    /// Where the data lives, without a password: for people and logs.
    #[must_use]
    pub fn describe(&self) -> String {
        match self.dialect {
            Dialect::Sqlite => format!("SQLite file {}", self.expose()),
            Dialect::Postgres => match url::Url::parse(self.expose()) {
                Ok(url) => format!(
                    "PostgreSQL at {}:{}{}",
                    url.host_str().unwrap_or("localhost"),
                    url.port().unwrap_or(5432),
                    url.path()
                ),
                Err(_) => "PostgreSQL".to_owned(),
            },
        }
    }

    /// Makes a SQLite file's folder, and takes the file for this process alone: two processes in one file would each
    /// believe that they are the only courier. The lock goes with the process, however it ends.
    pub(super) fn own(&self) -> Result<Option<File>, OpenError> {
        if self.dialect == Dialect::Postgres {
            return Ok(None);
        }
        let path = Path::new(self.expose());
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|error| OpenError::Folder(folder.to_owned(), error))?;
        }
        let lock = PathBuf::from(format!("{}.lock", path.display()));
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&lock);
        let file = file.map_err(|error| OpenError::Folder(lock.clone(), error))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Err(OpenError::Owned(path.to_owned())),
            Err(TryLockError::Error(error)) => Err(OpenError::Folder(lock, error)),
        }
    }
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
}

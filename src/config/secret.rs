//! The root key: from the environment, or made on first start and kept in a file that only its owner can
//! read.

#[cfg(test)]
mod tests;

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use secrecy::SecretString;

use super::guessable::is_guessable;
use crate::domain::token::hex;

/// The shortest key, in bytes.
pub(super) const SHORTEST: usize = 32;
/// The file with the key that this service made.
const FILE: &str = "data/secret.key";
/// The suffix of the file name of an unfinished key.
const DRAFT: &str = ".key-draft";

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file cannot be read or created.
    #[error("cannot use {}: {}", .0.display(), .1)]
    File(PathBuf, #[source] io::Error),
    /// The file's key is too short.
    #[error("{} has fewer than {SHORTEST} bytes; delete it to have a new key made, which invalidates every \
        link and token", .0.display())]
    Short(PathBuf),
    /// The file's key can be guessed.
    #[error("the key in {} is guessable: replace it by the output of `openssl rand -hex 32`, which \
        invalidates every link and token", .0.display())]
    Guessable(PathBuf),
    /// The file does not exist.
    #[error("there is no key: the file {} does not exist. Start the service once in this folder, or set \
        SECRET_KEY", .0.display())]
    Missing(PathBuf),
}

/// The root key: `given`, or the file's.
///
/// # Errors
/// [`SecretError`] when there is no valid key, or the file cannot be read.
pub fn root_key(given: Option<&SecretString>) -> Result<SecretString, SecretError> {
    given.map_or_else(|| read(Path::new(FILE)), |given| Ok(given.clone()))
}

/// The root key: `given`, or the file's, which is created when it does not exist.
///
/// # Errors
/// [`SecretError`] when the file cannot be read or created.
pub fn root_key_or_new(given: Option<&SecretString>) -> Result<SecretString, SecretError> {
    match root_key(given) {
        Err(SecretError::Missing(path)) => {
            make(&path).map_err(|error| SecretError::File(path.clone(), error))?;
            read(&path)
        }
        found => found,
    }
}

/// The key file, when the key comes from it and other users can read it.
#[must_use]
pub fn exposed_key_file(given: Option<&SecretString>) -> Option<&'static Path> {
    let path = Path::new(FILE);
    let mode = fs::metadata(path).ok()?.permissions().mode();
    (given.is_none() && mode & 0o077 != 0).then_some(path)
}

fn read(path: &Path) -> Result<SecretString, SecretError> {
    let text = fs::read_to_string(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => SecretError::Missing(path.to_owned()),
        _ => SecretError::File(path.to_owned(), error),
    })?;
    let text = text.trim();
    match text {
        short if short.len() < SHORTEST => Err(SecretError::Short(path.to_owned())),
        guessable if is_guessable(guessable) => Err(SecretError::Guessable(path.to_owned())),
        key => Ok(key.to_owned().into()),
    }
}

/// The text in a file that another program wrote, as a container's secret.
pub(super) fn from_file(path: &Path) -> Result<String, String> {
    // Enough for any key. A device file would not end.
    const MAX_LEN: u64 = 64 * 1024;
    let mut text = String::new();
    let read = fs::File::open(path).and_then(|file| file.take(MAX_LEN).read_to_string(&mut text));
    read.map(|_| text).map_err(|error| format!("cannot read {}: {error}", path.display()))
}

/// Why a text is no valid key; `None` if it is one.
pub(super) fn weakness(text: &str) -> Option<String> {
    if text.len() < SHORTEST {
        return Some(format!("has {} bytes and needs at least {SHORTEST}", text.len()));
    }
    is_guessable(text).then(|| "is guessable: use the output of `openssl rand -hex 32`".to_owned())
}

/// Creates the key file. Two processes that start together must get the same key: each writes a draft, and
/// the first to link its draft to the final name wins.
fn make(path: &Path) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let (key, draft): ([u8; 32], [u8; 8]) = (rand::random(), rand::random());
    // A random name: in a container the process id is always the same, and would be that of a draft which a
    // crash left.
    let draft = folder.join(format!("{}{DRAFT}", hex(&draft)));
    let named = write(&draft, &hex(&key)).and_then(|()| match fs::hard_link(&draft, path) {
        // Another process was faster, and may have removed our draft.
        Err(_) if path.exists() => Ok(()),
        named => named,
    });
    tidy(folder);
    named?;
    // The directory entry must survive a crash, too.
    fs::File::open(folder)?.sync_all()
}

fn write(draft: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(draft)?;
    writeln!(file, "{text}")?;
    file.sync_all()
}

/// Removes our draft, and those that crashes left. None of them was ever in use as a key.
fn tidy(folder: &Path) {
    for file in fs::read_dir(folder).into_iter().flatten().flatten() {
        if file.file_name().to_string_lossy().ends_with(DRAFT) {
            // Another process may have removed it first.
            let _ = fs::remove_file(file.path());
        }
    }
}

//! The root key: given by the environment, or made on first start and kept in a file that only its owner reads.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use secrecy::SecretString;

use crate::domain::token::hex;

/// Fewer bytes than this are no key.
pub(super) const SHORTEST: usize = 32;
/// Where a key that was made here is kept.
const FILE: &str = "data/secret.key";

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file cannot be read or made.
    #[error("cannot use {}: {}", .0.display(), .1)]
    File(PathBuf, #[source] io::Error),
    /// The file holds no key.
    #[error("{} holds fewer than {SHORTEST} bytes; delete it to have a new key made, which ends every link and token", .0.display())]
    Short(PathBuf),
}

/// The root key: `given`, or the file's, which is made when there is none.
///
/// # Errors
/// [`SecretError`] when the file cannot be read or made.
pub fn root_key(given: Option<&SecretString>) -> Result<SecretString, SecretError> {
    if let Some(given) = given {
        return Ok(given.clone());
    }
    let path = Path::new(FILE);
    let failed = |error| SecretError::File(path.to_owned(), error);
    match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make(path).map_err(failed)?;
            read(path)
        }
        _ => read(path),
    }
}

fn read(path: &Path) -> Result<SecretString, SecretError> {
    let text = fs::read_to_string(path).map_err(|error| SecretError::File(path.to_owned(), error))?;
    let text = text.trim();
    if text.len() < SHORTEST { Err(SecretError::Short(path.to_owned())) } else { Ok(text.to_owned().into()) }
}

/// Two processes that start together must end up with one key: each writes a draft, and the first to give it the name wins.
fn make(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let key: [u8; 32] = rand::random();
    let text: String = hex(&key);
    let draft = path.with_extension(format!("{}.draft", std::process::id()));
    let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&draft)?;
    writeln!(file, "{text}")?;
    file.sync_all()?;
    let named = match fs::hard_link(&draft, path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    };
    fs::remove_file(&draft)?;
    named
}

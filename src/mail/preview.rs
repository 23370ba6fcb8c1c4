//! Writes the sample letters to files, for review.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::{MessageBuilder, Sender, message::TransferEncoding, sample_letters::samples};
use crate::domain::letter::Letter;

/// Writes every letter in every language into `folder` on behalf of `organisation`, each to its own file, as
/// a transport of that encoding gets it, and returns the paths.
///
/// # Errors
/// A sentence for the operator.
pub fn write_samples(
    folder: &Path,
    sender: Sender,
    organisation: &str,
    encoding: TransferEncoding,
    now: DateTime<Utc>,
) -> Result<Vec<PathBuf>, String> {
    let builder = MessageBuilder::new(sender)?;
    std::fs::create_dir_all(folder)
        .map_err(|error| format!("{} cannot be created: {error}", folder.display()))?;
    let write = |(name, letter): (String, Letter)| {
        let letter = Letter { organisation: organisation.to_owned(), ..letter };
        let message = builder.message(&letter, encoding).map_err(|error| error.to_string())?;
        let source = builder.source(&message, &letter).map_err(|error| error.to_string())?;
        let file = folder.join(format!("{name}.eml"));
        std::fs::write(&file, source)
            .map_err(|error| format!("{} cannot be written: {error}", file.display()))?;
        Ok(file)
    };
    samples(now).into_iter().map(write).collect()
}

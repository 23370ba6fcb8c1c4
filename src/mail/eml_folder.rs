//! Writes letters as `.eml` files, which any mail program opens. For trials and for tests.

use std::{
    fs, io,
    io::Write,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use super::url::describe_folder;
use crate::domain::letter::{Letter, SendError};

/// The folder for the files. They contain valid links, so only their owner may read them.
#[derive(Debug)]
pub struct Directory {
    path: PathBuf,
    written: AtomicU64,
}

impl Directory {
    pub(super) fn new(path: &Path) -> Result<Self, String> {
        create(path).map_err(|error| cannot_be_made(path, &error))?;
        Ok(Self { path: path.to_owned(), written: AtomicU64::new(0) })
    }

    /// Checks that the folder exists or can be created, without creating it.
    pub(super) fn check(path: &Path) -> Result<(), String> {
        for place in path.ancestors() {
            let fault = match fs::metadata(place) {
                Ok(found) if found.is_dir() => return Ok(()),
                Ok(_) => io::ErrorKind::NotADirectory.into(),
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => error,
            };
            return Err(cannot_be_made(path, &fault));
        }
        Ok(())
    }

    /// Writes the letter as a file, atomically.
    pub(super) async fn put(&self, letter: &Letter, bytes: Vec<u8>) -> Result<(), SendError> {
        // Sorts by time, and reveals neither the person nor the link.
        let name = format!("{}-{}.eml", letter.now.format("%Y%m%dT%H%M%SZ"), letter.id);
        // Two attempts at once, or two processes, must not write into the same draft.
        let draft =
            format!(".{name}.{}-{}", std::process::id(), self.written.fetch_add(1, Ordering::Relaxed));
        let (target, draft) = (self.path.join(name), self.path.join(draft));
        let (folder, file) = (self.path.clone(), target.clone());
        let written = tokio::task::spawn_blocking(move || write(&folder, &draft, &file, &bytes)).await;
        match written {
            Ok(Ok(())) => {
                tracing::info!(file = %target.display(), "letter written");
                Ok(())
            }
            Ok(Err(error)) => Err(SendError::temporary(format!(
                "the letter cannot be written to the {}: {error}",
                self.describe()
            ))),
            Err(_) => {
                Err(SendError::temporary("the letter was not written: the service is stopping".to_owned()))
            }
        }
    }

    pub(super) fn describe(&self) -> String {
        describe_folder(&self.path)
    }
}

fn cannot_be_made(folder: &Path, error: &io::Error) -> String {
    format!("the {} cannot be made: {error}.", describe_folder(folder))
}

fn write(folder: &Path, draft: &Path, target: &Path, bytes: &[u8]) -> io::Result<()> {
    // The folder may have been deleted since the start.
    create(folder)?;
    let done = fill(draft, bytes).and_then(|()| fs::rename(draft, target));
    if done.is_err() {
        // The draft contains a link. When it cannot be removed either, the first error is still the one to
        // report.
        let _ = fs::remove_file(draft);
    }
    done?;
    // The directory entry must survive a crash, like the content.
    fs::File::open(folder)?.sync_all()
}

fn fill(draft: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(draft)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn create(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::{
        MailUrl, Mailer,
        testing::{LINK, letter, sender},
    };

    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("letters-{name}-{}", std::process::id()));
            let _ = fs::remove_dir_all(&path);
            Self(path)
        }

        fn mailer(&self) -> Mailer {
            let url = MailUrl::parse(&format!("directory:{}/mail", self.0.display())).unwrap();
            Mailer::new(&url, sender()).unwrap()
        }

        fn files(&self) -> Vec<PathBuf> {
            let mut files: Vec<_> =
                fs::read_dir(self.0.join("mail")).unwrap().map(|entry| entry.unwrap().path()).collect();
            files.sort();
            files
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[tokio::test]
    async fn one_private_file_a_letter_with_the_link_whole() {
        let scratch = Scratch::new("whole");
        let mailer = scratch.mailer();
        mailer.send(&letter()).await.unwrap();
        let mut dutch = letter();
        dutch.id = crate::domain::ids::LetterId::from_uuid(uuid::Uuid::from_u128(2));
        dutch.locale = crate::domain::locale::Locale::Nl;
        mailer.send(&dutch).await.unwrap();
        // A second attempt within the same second writes the same file again, and no other.
        mailer.send(&letter()).await.unwrap();

        let files = scratch.files();
        let name = |id: &str| format!("20261124T130307Z-{id}.eml");
        let names: Vec<_> =
            files.iter().map(|file| file.file_name().unwrap().to_str().unwrap().to_owned()).collect();
        assert_eq!(names.len(), 2);
        assert!(names.contains(&name(letter().id.as_str())) && names.contains(&name(dutch.id.as_str())));
        for file in &files {
            assert!(fs::read_to_string(file).unwrap().contains(&format!("\r\n{LINK}\r\n")));
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn only_the_owner_may_read() {
        use std::os::unix::fs::PermissionsExt;
        let scratch = Scratch::new("modes");
        scratch.mailer().send(&letter()).await.unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&scratch.0.join("mail")), 0o700);
        assert_eq!(mode(&scratch.files()[0]), 0o600);
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_written_is_tried_again_later() {
        let scratch = Scratch::new("fault");
        let mailer = scratch.mailer();
        fs::remove_dir_all(&scratch.0).unwrap();
        fs::write(&scratch.0, "a file in the place of the folder").unwrap();
        let error = mailer.send(&letter()).await.unwrap_err();
        assert!(
            matches!(&error, SendError::Temporary { text, .. } if text.contains("cannot be written")),
            "{error:?}"
        );
        assert!(Directory::new(&scratch.0.join("mail")).unwrap_err().contains("cannot be made"));
        fs::remove_file(&scratch.0).unwrap();
    }
}

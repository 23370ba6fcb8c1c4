//! The files of the letters: built-in, or the operator's of the same name.

use std::path::{Path, PathBuf};

use crate::domain::locale::Locale;

/// A file.
pub(super) struct File {
    pub name: &'static str,
    pub built_in: &'static str,
    pub text: String,
}

const TEMPLATES: [(&str, &str); 2] = [
    ("letter.txt", include_str!("../templates/letter.txt")),
    ("letter.html", include_str!("../templates/letter.html")),
];

/// All files.
pub(super) struct Files(Vec<File>);

impl Files {
    pub fn built_in() -> Self {
        let words = Locale::ALL.map(|locale| (locale.data().letters_file, locale.data().letters));
        let files = TEMPLATES.into_iter().chain(words);
        Self(files.map(|(name, built_in)| File { name, built_in, text: built_in.to_owned() }).collect())
    }

    /// The built-in files, replaced by those in `folder`. Names that begin with a dot are ignored: a
    /// Kubernetes volume has such entries beside its files.
    pub fn with(folder: &Path, faults: &mut Vec<String>) -> Self {
        let mut files = Self::built_in();
        let entries = std::fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let mut entries = match entries {
            Ok(entries) => entries,
            Err(error) => {
                faults.push(format!("{} cannot be read: {error}", folder.display()));
                return files;
            }
        };
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') {
                continue;
            }
            let known: Vec<&str> = files.0.iter().map(|file| file.name).collect();
            let unknown =
                format!("{name}: letters have no file of that name. Known files: {}", known.join(", "));
            match (files.0.iter_mut().find(|file| file.name == name), std::fs::read_to_string(entry.path())) {
                (None, _) => faults.push(unknown),
                (Some(file), Ok(text)) => file.text = text,
                (Some(_), Err(error)) => faults.push(format!("{name}: cannot be read: {error}")),
            }
        }
        files
    }

    pub fn templates(&self) -> impl Iterator<Item = &File> {
        self.0.iter().filter(|file| TEMPLATES.iter().any(|(name, _)| *name == file.name))
    }

    pub fn words(&self) -> impl Iterator<Item = (Locale, &File)> {
        Locale::ALL.into_iter().filter_map(|locale| Some((locale, self.named(locale.data().letters_file)?)))
    }

    pub fn named(&self, name: &str) -> Option<&File> {
        self.0.iter().find(|file| file.name == name)
    }
}

/// Writes the built-in files into `folder`, to start one's own from. An existing file is kept.
///
/// # Errors
/// A sentence for the operator.
pub fn write_built_in(folder: &Path) -> Result<Vec<PathBuf>, String> {
    std::fs::create_dir_all(folder)
        .map_err(|error| format!("{} cannot be created: {error}", folder.display()))?;
    let write = |file: &File| {
        let path = folder.join(file.name);
        let opened = std::fs::OpenOptions::new().write(true).create_new(true).open(&path);
        let written =
            opened.and_then(|mut opened| std::io::Write::write_all(&mut opened, file.built_in.as_bytes()));
        written
            .map(|()| path.clone())
            .map_err(|error| format!("{} cannot be written: {error}", path.display()))
    };
    Files::built_in().0.iter().map(write).collect()
}

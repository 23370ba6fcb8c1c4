//! The files that the documents name exist.

use std::{
    fs::read_to_string,
    path::{Path, PathBuf},
};

const DOCUMENTS: [&str; 6] = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "deploy", "docs", "findings"];
/// Where the files are that documents name.
const FOLDERS: [&str; 12] = [
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "CHANGELOG.md",
    "benches",
    "deploy",
    "docker",
    "docs",
    "findings",
    "migrations",
    "src",
    "tests",
];
/// What tells a file's name between back-ticks from other code.
const EXTENSIONS: [&str; 5] = [".rs", ".md", ".sql", ".tsv", ".sh"];

fn files(path: &Path) -> Vec<PathBuf> {
    match std::fs::read_dir(path) {
        Ok(entries) => entries.flat_map(|entry| files(&entry.unwrap().path())).collect(),
        Err(_) => vec![path.to_owned()],
    }
}

/// The targets of a document's relative links.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
    targets
        .filter(|target| !target.contains("://") && !target.starts_with('#'))
        .map(|target| target.split('#').next().unwrap())
}

/// The names of files between a document's back-ticks. `foo` and capitals stand for any name.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let code = text.split('`').skip(1).step_by(2);
    code.filter(|name| EXTENSIONS.iter().any(|extension| name.ends_with(extension)))
        .filter(|name| {
            name.chars().all(|c| c.is_ascii_alphanumeric() || "_-./".contains(c)) && !name.starts_with('.')
        })
        .filter(|name| {
            !name.starts_with("foo")
                && (Path::new(name).extension().is_some_and(|extension| extension == "md")
                    || !name.contains(|c: char| c.is_ascii_uppercase()))
        })
}

#[test]
fn files_that_documents_name_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = FOLDERS.iter().flat_map(|name| files(&root.join(name)));
    let known: Vec<String> =
        folders.map(|file| format!("/{}", file.strip_prefix(root).unwrap().display())).collect();
    let documents = DOCUMENTS.iter().flat_map(|name| files(&root.join(name)));
    let mut missing = Vec::new();
    for document in documents.filter(|file| file.extension().is_some_and(|extension| extension == "md")) {
        let text = read_to_string(&document).unwrap();
        // Samples of code have back-ticks of their own.
        let prose: String = text.split("```").step_by(2).collect();
        let dead = links(&prose).filter(|target| !document.parent().unwrap().join(target).exists());
        let unknown =
            names(&prose).filter(|name| !known.iter().any(|file| file.ends_with(&format!("/{name}"))));
        let place = document.strip_prefix(root).unwrap().display().to_string();
        missing.extend(dead.chain(unknown).map(|name| format!("{place}: {name}")));
    }
    assert!(missing.is_empty(), "no such files:\n{}", missing.join("\n"));
}

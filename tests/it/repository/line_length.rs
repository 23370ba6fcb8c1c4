//! No line of a source is longer than 110 characters, and no file than 400 lines.

use std::path::{Path, PathBuf};

const LONGEST: usize = 110;
const MAX_LINES: usize = 400;

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}

/// The exception: a line that is one token without a blank, which is either a URL in a comment
/// (`//! <https://…>`) or a literal of a string (`"…",`).
fn is_one_token(line: &str) -> bool {
    let line = line.trim();
    let (comment, text) = match line.split_once(' ') {
        Some((mark @ ("//" | "///" | "//!"), text)) => (Some(mark), text),
        _ => (None, line),
    };
    let begins =
        if comment.is_some() { &["https://", "<https://"][..] } else { &["\"", "b\"", "r\"", "r#\""] };
    !text.contains(char::is_whitespace) && begins.iter().any(|start| text.starts_with(start))
}

/// The numbers of the lines that are too long.
fn too_long(text: &str) -> impl Iterator<Item = usize> {
    let lines = text.lines().zip(1..);
    lines.filter(|(line, _)| line.chars().count() > LONGEST && !is_one_token(line)).map(|(_, number)| number)
}

#[test]
fn lines_fit_into_110_columns_and_files_into_400_lines() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for source in ["benches", "src", "tests"].iter().flat_map(|folder| sources(&root.join(folder))) {
        let text = std::fs::read_to_string(&source).unwrap();
        let name = source.strip_prefix(root).unwrap().display();
        found.extend(too_long(&text).map(|number| format!("{name}:{number}")));
        let lines = text.lines().count();
        found.extend((lines > MAX_LINES).then(|| format!("{name} has {lines} lines")));
    }
    assert!(found.is_empty(), "longer than {LONGEST} characters or {MAX_LINES} lines:\n{}", found.join("\n"));
}

#[test]
fn characters_are_counted_and_one_long_token_is_allowed() {
    let filler = "é".repeat(LONGEST);
    let fits = [filler.clone(), format!("/// <https://{filler}>"), format!("    \"{filler}\",")];
    for line in &fits {
        assert_eq!(too_long(line).count(), 0, "{line}");
    }
    for line in [format!("{filler}e"), format!("// See <https://{filler}>"), format!("\"{filler} e\"")] {
        assert_eq!(too_long(&line).collect::<Vec<_>>(), [1], "{line}");
    }
}

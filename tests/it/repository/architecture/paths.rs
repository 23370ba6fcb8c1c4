//! Reads the paths (`a::b::c`) that a Rust source names.

use std::iter::once;

/// Every path in a source, with groups multiplied out: `a::{b, c::d}` is `a::b` and `a::c::d`.
/// Comments and string literals are left out.
pub fn paths(source: &str) -> Vec<Vec<String>> {
    let tokens = tokens(source);
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let starts =
            tokens.get(at + 1).is_some_and(|next| next == "::") && (at == 0 || tokens[at - 1] != "::");
        if starts { at = use_tree(&tokens, at, &[], &mut found) } else { at += 1 }
    }
    found
}

/// A path from the crate's root, where the path begins there; `depth` is how far below the root the source's
/// module is.
pub fn from_root(path: &[String], depth: usize) -> Option<&[String]> {
    let supers = path.iter().take_while(|step| *step == "super").count();
    match path.first()?.as_str() {
        "crate" => Some(&path[1..]),
        "super" if supers >= depth => Some(&path[supers..]),
        _ => None,
    }
}

/// Reads one use tree, and returns the position after it.
fn use_tree(tokens: &[String], mut at: usize, prefix: &[String], found: &mut Vec<Vec<String>>) -> usize {
    let mut path = prefix.to_vec();
    loop {
        match tokens.get(at).map(String::as_str) {
            Some("{") => return group(tokens, at + 1, &path, found),
            Some(token) => path.push(token.to_owned()),
            None => break,
        }
        at += 1;
        if tokens.get(at).is_none_or(|token| token != "::") {
            break;
        }
        at += 1;
    }
    found.push(path);
    at
}

/// Reads what stands between braces, and returns the position after them.
fn group(tokens: &[String], mut at: usize, path: &[String], found: &mut Vec<Vec<String>>) -> usize {
    while tokens.get(at).is_some_and(|token| token != "}") {
        at = use_tree(tokens, at, path, found);
        // Past ` as name` and the comma.
        while tokens.get(at).is_some_and(|token| token != "," && token != "}") {
            at += 1;
        }
        at += usize::from(tokens.get(at).is_some_and(|token| token == ","));
    }
    at + 1
}

fn tokens(source: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = source;
    while !rest.is_empty() {
        let length = match skipped(rest) {
            0 => {
                let token = token(rest);
                tokens.extend(once(token).filter(|token| !token.trim().is_empty()).map(str::to_owned));
                token.len()
            }
            length => length,
        };
        rest = &rest[length..];
    }
    tokens
}

/// The length of the comment or literal at the start of a text, 0 where there is none.
fn skipped(rest: &str) -> usize {
    let until =
        |from: usize, end: &str| rest[from..].find(end).map_or(rest.len(), |at| from + at + end.len());
    if rest.starts_with("//") {
        until(2, "\n")
    } else if rest.starts_with("/*") {
        until(2, "*/")
    } else if rest.starts_with("r#\"") {
        until(3, "\"#")
    } else if rest.starts_with('"') {
        string_literal(rest)
    } else if ["'\"'", "'{'", "'}'"].iter().any(|literal| rest.starts_with(literal)) {
        3
    } else {
        0
    }
}

fn string_literal(rest: &str) -> usize {
    let mut escaped = false;
    let end = rest.char_indices().skip(1).find(|(_, c)| {
        let ends = *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        ends
    });
    end.map_or(rest.len(), |(at, _)| at + 1)
}

/// An identifier, `::`, or one character.
fn token(rest: &str) -> &str {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let length = match rest.find(|c| !is_part(c)).unwrap_or(rest.len()) {
        0 if rest.starts_with("::") => 2,
        0 => rest.chars().next().map_or(0, char::len_utf8),
        length => length,
    };
    &rest[..length]
}

//! Reads the paths (`a::b::c`) that a Rust source names.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

/// A path, and the name that it is imported under: its last step, unless `as` gives another.
pub struct Named {
    pub path: Vec<String>,
    pub name: String,
}

/// Every path in a source, with groups multiplied out: `a::{b, c::d}` is `a::b` and `a::c::d`.
/// Comments and string literals are left out.
pub fn paths(source: &str) -> Vec<Vec<String>> {
    paths_in(&tokens(source.parse().expect("Rust source")))
}

/// Every path among these tokens.
pub fn paths_in(tokens: &[String]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let starts =
            tokens.get(at + 1).is_some_and(|next| next == "::") && (at == 0 || tokens[at - 1] != "::");
        if starts { at = use_tree(tokens, at, &[], &mut found) } else { at += 1 }
    }
    found.into_iter().map(|named| named.path).collect()
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
pub fn use_tree(tokens: &[String], mut at: usize, prefix: &[String], found: &mut Vec<Named>) -> usize {
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
    let is_renamed = tokens.get(at).is_some_and(|token| token == "as");
    let name = if is_renamed { tokens.get(at + 1) } else { path.last() };
    let name = name.cloned().unwrap_or_default();
    found.push(Named { path, name });
    at
}

/// Reads what stands between braces, and returns the position after them.
fn group(tokens: &[String], mut at: usize, path: &[String], found: &mut Vec<Named>) -> usize {
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

/// The identifiers and the punctuation of a source, with `::` as one. Literals and comments are left out; a
/// documentation comment is an attribute with a literal.
pub fn tokens(source: TokenStream) -> Vec<String> {
    let mut tokens = Vec::new();
    flatten(source, &mut tokens);
    tokens
}

fn flatten(stream: TokenStream, tokens: &mut Vec<String>) {
    let mut stream = stream.into_iter().peekable();
    while let Some(tree) = stream.next() {
        match tree {
            TokenTree::Ident(name) => tokens.push(name.to_string()),
            TokenTree::Punct(first) if first.as_char() == ':' && first.spacing() == Spacing::Joint => {
                tokens.push("::".to_owned());
                stream.next();
            }
            TokenTree::Punct(sign) => tokens.push(sign.as_char().to_string()),
            TokenTree::Literal(_) => {}
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                tokens.push(open.to_owned());
                flatten(group.stream(), tokens);
                tokens.push(close.to_owned());
            }
        }
    }
}

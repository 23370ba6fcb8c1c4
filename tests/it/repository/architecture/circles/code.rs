//! What one file imports and names, its tests left out.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};

use crate::repository::architecture::paths::{Named, paths_in, tokens, use_tree};

/// One import.
pub struct Import {
    pub named: Named,
    /// Whether others may name it by this file's path: `pub use`, `pub(crate) use`.
    pub is_public: bool,
}

/// What one file imports and names.
pub struct Code {
    pub imports: Vec<Import>,
    /// The paths outside imports.
    pub paths: Vec<Vec<String>>,
    /// The names that stand alone: no steps of a path, no fields, no methods.
    pub names: BTreeSet<String>,
    /// The macros that it defines.
    pub macros: BTreeSet<String>,
    /// The macros that it calls by a lone name.
    pub called: BTreeSet<String>,
    /// The files that it declares for its tests.
    pub test_modules: BTreeSet<String>,
}

impl Code {
    pub fn read(source: &str) -> Self {
        let mut test_modules = BTreeSet::new();
        let code = without_tests(source.parse().expect("Rust source"), &mut test_modules);
        let tokens = tokens(code);
        let (imports, rest) = split_imports(&tokens);
        let defined = rest.windows(3).filter(|at| at[0] == "macro_rules" && at[1] == "!");
        let calls = rest.windows(3).filter(|at| at[1] == "!" && matches!(at[2].as_str(), "(" | "[" | "{"));
        Self {
            imports,
            paths: paths_in(&rest),
            names: lone_names(&rest),
            macros: defined.map(|at| at[2].clone()).collect(),
            called: calls.map(|at| at[0].clone()).collect(),
            test_modules,
        }
    }
}

/// The code without each item that follows `#[cfg(test)]`.
fn without_tests(source: TokenStream, test_modules: &mut BTreeSet<String>) -> TokenStream {
    let mut kept = Vec::new();
    let mut trees = source.into_iter();
    while let Some(tree) = trees.next() {
        let is_test =
            matches!(&tree, TokenTree::Group(group) if group.to_string().replace(' ', "") == "[cfg(test)]");
        if !is_test {
            kept.push(tree);
            continue;
        }
        let mut item = Vec::new();
        for tree in trees.by_ref() {
            let text = tree.to_string();
            if text == ";" || text.starts_with('{') {
                break;
            }
            item.push(text);
        }
        test_modules.extend(item.iter().skip_while(|word| *word != "mod").nth(1).cloned());
    }
    kept.into_iter().collect()
}

/// The imports, and the tokens outside them.
fn split_imports(tokens: &[String]) -> (Vec<Import>, Vec<String>) {
    let (mut imports, mut rest) = (Vec::new(), Vec::new());
    let mut at = 0;
    while at < tokens.len() {
        // `impl Trait + use<'_>` is no import.
        if tokens[at] == "use" && tokens.get(at + 1).is_some_and(|next| next != "<") {
            let is_public = at > 0 && matches!(tokens[at - 1].as_str(), "pub" | ")");
            let mut found = Vec::new();
            at = use_tree(tokens, at + 1, &[], &mut found);
            imports.extend(found.into_iter().map(|named| Import { named, is_public }));
            at += tokens[at..].iter().take_while(|token| *token != ";").count();
        } else {
            rest.push(tokens[at].clone());
            at += 1;
        }
    }
    (imports, rest)
}

/// The names that stand alone. A name behind `let`, `fn` or `mod` is defined there, and one before a colon is
/// that of a field or a parameter.
fn lone_names(tokens: &[String]) -> BTreeSet<String> {
    let at = |at: Option<usize>| at.and_then(|at| tokens.get(at)).map_or("", String::as_str);
    let alone = (0..tokens.len()).filter(|here| {
        let before = at(here.checked_sub(1));
        let after = at(Some(here + 1));
        !matches!(before, "::" | "." | "'" | "let" | "mut" | "fn" | "mod" | "macro_rules")
            && !matches!(after, "::" | ":" | "=")
    });
    alone.map(|here| tokens[here].clone()).collect()
}

//! No file uses one that uses it, directly or through others.
//!
//! A module that shows its parts (`mod part;`, `pub use part::Part;`) does not use them by that. Tests are
//! left out: they use what they test and what it works with.

mod code;
mod graph;

use std::collections::{BTreeMap, BTreeSet};

use self::graph::{Files, Graph};
use super::sources;

/// The files that one file uses, directly and through others.
fn reached<'a>(graph: &'a Graph, from: &'a str) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&str> = vec![from];
    while let Some(file) = open.pop() {
        let used = graph.get(file).into_iter().flat_map(|uses| uses.keys());
        open.extend(used.map(String::as_str).filter(|used| reached.insert(*used)));
    }
    reached
}

/// Each set of files that use each other, with the paths by which they do.
fn circles(files: &Files) -> Vec<String> {
    let graph = files.graph();
    let reached: BTreeMap<&str, BTreeSet<&str>> =
        graph.keys().map(|file| (file.as_str(), reached(&graph, file))).collect();
    let circle_of = |file: &str| -> Vec<&str> {
        let used = reached[file].iter().copied();
        used.filter(|used| reached.get(used).is_some_and(|back| back.contains(file))).collect()
    };
    let circles: BTreeSet<Vec<&str>> = reached.keys().map(|file| circle_of(file)).collect();
    circles.iter().filter(|circle| !circle.is_empty()).map(|circle| describe(&graph, circle)).collect()
}

fn describe(graph: &Graph, circle: &[&str]) -> String {
    let mut lines = vec![format!("a circle of {}:", circle.join(", "))];
    for file in circle {
        let inside = graph[*file].iter().filter(|(used, _)| circle.contains(&used.as_str()));
        lines.extend(inside.map(|(used, paths)| {
            let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
            format!("  {file} uses {used}: {}", paths.join(", "))
        }));
    }
    lines.join("\n")
}

#[test]
fn no_files_use_each_other() {
    let sources = sources();
    let files = Files::new(sources.iter().map(|source| (source.module.as_str(), source.text.as_str())));
    let found = circles(&files);
    assert!(found.is_empty(), "files that use each other:\n{}", found.join("\n"));
}

fn found(sources: &[(&str, &str)]) -> Vec<String> {
    circles(&Files::new(sources.iter().copied()))
}

#[test]
fn circles_are_found_however_they_are_written() {
    for sources in [
        &[("a", "mod b; use self::b::B;"), ("a/b", "use super::A;")][..],
        &[("a", "mod b; fn f() { b::g() }"), ("a/b", "fn g(_: &crate::a::A) {}")],
        &[("a", "mod b; pub use b::B; struct A(B);"), ("a/b", "use super::{A as Parent, other::O};")],
        &[("a", "use crate::b; fn f() { b::g() }"), ("b", "use crate::a::A;")],
        &[("a", "use crate::{b::B, d};"), ("b", "use super::c::{self, C};"), ("c", "use crate::a::{A};")],
        // The parent shows each of them to the other.
        &[("a", "mod b; mod c; pub use b::B; use c::C;"), ("a/b", "use super::C;"), ("a/c", "use super::B;")],
        &[("a", "pub use crate::b::B; struct A;"), ("b", "use crate::a::A;")],
        &[("a", "macro_rules! m { () => {} } mod b; use b::B;"), ("a/b", "m!();")],
    ] {
        assert_eq!(found(sources).len(), 1, "{sources:?}: {:?}", found(sources));
    }
    let circle = found(&[("a", "mod b; use b::B;"), ("a/b", "use super::A;")]);
    assert_eq!(circle, ["a circle of a, a/b:\n  a uses a/b: b::B\n  a/b uses a: super::A"]);
}

#[test]
fn what_is_no_circle_is_not_found() {
    for sources in [
        // A module shows its part, which uses the module.
        &[("a", "mod b; pub(crate) use self::b::B;"), ("a/b", "use super::A;")][..],
        // What the part names is defined in another one.
        &[("a", "mod b; mod c; use self::b::B; pub use c::C;"), ("a/b", "use crate::a::C;"), ("a/c", "")],
        &[
            ("a", "mod b; use b::B; macro_rules! m { () => {} }"),
            ("a/b", "macro_rules! m { () => {} } m!();"),
        ],
        &[("a", "mod b; use b::B;"), ("a/b", "#[cfg(test)] mod tests { use super::super::A; }")],
        &[("a", "mod b; use b::B;"), ("a/b", "#[cfg(test)] mod t;"), ("a/b/t", "use crate::a::A;")],
        &[("a", "mod b; use b::B;"), ("a/b", "//! [`super::A`]\nfn f() { \"super::A\"; c::A::new() }")],
        // The module itself: what it has is named by longer paths.
        &[("a", "mod b; mod c; use b::B;"), ("a/b", "use crate::a; fn f() { a::c::g() }"), ("a/c", "")],
    ] {
        assert_eq!(found(sources), [""; 0], "{sources:?}");
    }
}

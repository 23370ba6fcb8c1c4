//! The picture of the modules in `docs/architecture.md`, made from the code.

use std::collections::{BTreeMap, BTreeSet};

/// Each module with the modules that it uses.
pub type Dependencies = BTreeMap<String, BTreeSet<String>>;

const BEGIN: &str = "<!-- made by `make architecture` -->\n";
const END: &str = "<!-- end of what it made -->\n";

/// The document with its picture replaced by that of these dependencies.
pub fn redraw(document: &str, dependencies: &Dependencies) -> Option<String> {
    let (before, rest) = document.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}{}{END}{after}", draw(dependencies)))
}

/// A picture with the direct arrows, and a table with all of them.
fn draw(dependencies: &Dependencies) -> String {
    let mut drawn = "```mermaid\nflowchart TD\n".to_owned();
    for (module, used) in dependencies {
        let direct = used.iter().filter(|target| !is_indirect(dependencies, module, target));
        drawn.extend(direct.map(|target| format!("    {module} --> {target}\n")));
    }
    drawn.push_str("```\n\n| module | uses |\n|---|---|\n");
    drawn.extend(dependencies.iter().map(|(module, used)| {
        let used: Vec<String> = used.iter().map(|target| format!("`{target}`")).collect();
        let used = if used.is_empty() { "no other module".to_owned() } else { used.join(", ") };
        format!("| `{module}` | {used} |\n")
    }));
    drawn
}

/// Whether another dependency of the module leads to the target, so that an arrow of its own adds nothing to
/// the picture.
fn is_indirect(dependencies: &Dependencies, module: &str, target: &str) -> bool {
    dependencies[module]
        .iter()
        .filter(|other| *other != target)
        .any(|other| reaches(dependencies, other, target))
}

/// Whether `from` uses `to`, directly or through others. The dependency rule keeps circles out.
fn reaches(dependencies: &Dependencies, from: &str, to: &str) -> bool {
    dependencies
        .get(from)
        .is_some_and(|used| used.iter().any(|next| next == to || reaches(dependencies, next, to)))
}

#[test]
fn arrows_that_follow_from_others_are_left_out_of_the_picture() {
    let used = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<String>>();
    let dependencies: Dependencies = [("a", used(&["b", "c"])), ("b", used(&["c"])), ("c", used(&[]))]
        .map(|(name, used)| (name.to_owned(), used))
        .into();
    let document = format!("# A\n{BEGIN}old\n{END}end\n");
    let redrawn = redraw(&document, &dependencies).unwrap();
    assert!(redrawn.contains("a --> b\n    b --> c\n```"), "{redrawn}");
    assert!(
        redrawn.contains("| `a` | `b`, `c` |\n") && redrawn.contains("| `c` | no other module |\n"),
        "{redrawn}"
    );
    assert!(redrawn.starts_with("# A\n") && redrawn.ends_with(&format!("{END}end\n")), "{redrawn}");
    assert_eq!(redraw("# no picture\n", &dependencies), None);
}

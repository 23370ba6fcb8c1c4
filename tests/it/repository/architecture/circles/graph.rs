//! Which file uses which: paths resolved through imports and re-exports to the file that defines what they
//! name.

use std::collections::{BTreeMap, BTreeSet};

use super::code::Code;

/// The name of the crate's root among the files.
const ROOT: &str = "lib";

/// Each file of the crate with what it names.
pub struct Files(BTreeMap<String, Code>);

/// For each file, the files that it uses, each with the paths by which it does.
pub type Graph = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

/// What a path names.
enum Target {
    /// Something that this file defines.
    In(String),
    /// A module itself. What it has is named by longer paths.
    Module,
    /// Something of another crate or of the file that names it.
    Elsewhere,
}

impl Files {
    /// These files, each with its path without the extension; those of tests are left out.
    pub fn new<'a>(sources: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let mut files: BTreeMap<String, Code> =
            sources.map(|(file, source)| (file.to_owned(), Code::read(source))).collect();
        let tests: Vec<String> = files
            .iter()
            .flat_map(|(file, code)| code.test_modules.iter().map(move |module| child(file, module)))
            .collect();
        files.retain(|file, _| !tests.iter().any(|tests| file == tests || is_below(file, tests)));
        Self(files)
    }

    pub fn graph(&self) -> Graph {
        self.0.iter().map(|(file, code)| (file.clone(), self.uses(file, code))).collect()
    }

    fn uses(&self, file: &str, code: &Code) -> BTreeMap<String, BTreeSet<String>> {
        let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut add = |target: Target, path: &[String]| {
            if let Target::In(used) = target
                && used != file
            {
                uses.entry(used).or_default().insert(path.join("::"));
            }
        };
        for path in &code.paths {
            add(self.resolve(file, path, 0), path);
        }
        for import in &code.imports {
            let target = self.resolve(file, &import.named.path, 0);
            let is_shown = import.is_public && matches!(&target, Target::In(used) if is_below(used, file));
            if !is_shown || code.names.contains(&import.named.name) {
                add(target, &import.named.path);
            }
        }
        for name in code.called.iter().filter(|name| self.import(file, name).is_none()) {
            add(self.macro_in_scope(file, name), std::slice::from_ref(name));
        }
        uses
    }

    /// The file with a macro that `#[macro_use]` brings to others.
    fn macro_in_scope(&self, file: &str, name: &str) -> Target {
        let has = |code: &Code| code.macros.contains(name);
        let here = self.0.get(file).is_some_and(has);
        let there = self.0.iter().find(|(_, code)| has(code)).filter(|_| !here);
        there.map_or(Target::Elsewhere, |(file, _)| Target::In(file.clone()))
    }

    /// What a path in this file names.
    fn resolve(&self, file: &str, path: &[String], depth: usize) -> Target {
        let Some((first, rest)) = path.split_first() else { return Target::Module };
        match first.as_str() {
            "crate" => self.descend(ROOT, rest, depth),
            "self" => self.descend(file, rest, depth),
            "super" => {
                let supers = path.iter().take_while(|step| *step == "super").count();
                let above = (0..supers).fold(file, |file, _| parent(file));
                self.descend(above, &path[supers..], depth)
            }
            name if self.has(&child(file, name)) || self.import(file, name).is_some() => {
                match self.descend(file, path, depth) {
                    Target::In(used) if used == file => Target::Elsewhere,
                    target => target,
                }
            }
            _ => Target::Elsewhere,
        }
    }

    /// What the rest of a path names that has come to this file.
    fn descend(&self, file: &str, rest: &[String], depth: usize) -> Target {
        let Some((step, below)) = rest.split_first() else { return Target::Module };
        if step == "self" {
            return Target::Module;
        }
        let module = child(file, step);
        let import = self.import(file, step).filter(|_| depth < 20);
        let imported = import.map(|import| {
            let path: Vec<String> = import.iter().chain(below).cloned().collect();
            self.resolve(file, &path, depth + 1)
        });
        match imported {
            // A function may have the name of the module that it is re-exported from.
            _ if self.has(&module) && !below.is_empty() => self.descend(&module, below, depth),
            Some(Target::In(used)) => Target::In(used),
            _ if self.has(&module) => self.descend(&module, below, depth),
            Some(target) => target,
            None => Target::In(file.to_owned()),
        }
    }

    fn has(&self, file: &str) -> bool {
        self.0.contains_key(file)
    }

    /// The path that a file imports under this name.
    fn import(&self, file: &str, name: &str) -> Option<&Vec<String>> {
        let imports = &self.0.get(file)?.imports;
        let named = imports.iter().map(|import| &import.named).find(|named| named.name == name);
        named.map(|named| &named.path).filter(|path| path.as_slice() != [name.to_owned()])
    }
}

/// The file of a module that this file declares.
fn child(file: &str, module: &str) -> String {
    if file == ROOT { module.to_owned() } else { format!("{file}/{module}") }
}

fn parent(file: &str) -> &str {
    file.rsplit_once('/').map_or(ROOT, |(parent, _)| parent)
}

fn is_below(file: &str, above: &str) -> bool {
    above == ROOT || file.strip_prefix(above).is_some_and(|rest| rest.starts_with('/'))
}

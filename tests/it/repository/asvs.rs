//! `docs/asvs.md` goes through OWASP ASVS 5.0.0: every requirement of levels 1 and 2 has a row, the tests
//! that it and `docs/security.md` name exist, and the numbers in `docs/security.md` are those of the rows.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::read_to_string,
    path::Path,
};

/// How many requirements the standard has of levels 1 and 2.
const REQUIREMENTS: usize = 253;
const STATES: [&str; 3] = ["met", "not applicable", "not met"];

fn document(name: &str) -> String {
    read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// The cells of each row of tables whose first cell is `is_first`.
fn rows(text: &str, is_first: impl Fn(&str) -> bool) -> Vec<Vec<String>> {
    let cells = |line: &str| line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect();
    let rows = text.lines().filter(|line| line.starts_with("| ")).map(cells);
    rows.filter(|row: &Vec<String>| is_first(&row[0])).collect()
}

/// Whether it is the id of a requirement, without its `V`: `6.2.4`.
fn is_requirement(text: &str) -> bool {
    let numbers: Vec<_> = text.split('.').map(str::parse::<u8>).collect();
    numbers.len() == 3 && numbers.iter().all(Result::is_ok)
}

/// What stands in back-ticks and is the path of a test, as `access::sessions::in_a_browser`. A path that is
/// no longer than a module's (`access::sessions`, `domain::token::tests`) names none.
fn tests(text: &str) -> impl Iterator<Item = &str> {
    let code = text.split('`').skip(1).step_by(2);
    code.filter(|code| code.matches("::").count() > 1 && !code.ends_with("::tests"))
        .filter(|code| code.chars().all(|c| c.is_ascii_alphanumeric() || "_:".contains(c)))
}

/// Whether there is such a test: in `tests/it`, or in a file of `src` or its module `tests`.
fn exists(test: &str) -> bool {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (module, name) = test.rsplit_once("::").unwrap();
    let module = module.replace("::", "/");
    let inline = module.trim_end_matches("/tests");
    let files = [format!("tests/it/{module}.rs"), format!("src/{module}.rs"), format!("src/{inline}.rs")];
    let has = |file: &String| {
        read_to_string(root.join(file)).is_ok_and(|text| text.contains(&format!("fn {name}(")))
    };
    files.iter().any(has)
}

#[test]
fn every_requirement_has_a_row_with_its_state() {
    let rows = rows(&document("docs/asvs.md"), is_requirement);
    let ids: BTreeSet<&String> = rows.iter().map(|row| &row[0]).collect();
    assert_eq!((rows.len(), ids.len()), (REQUIREMENTS, REQUIREMENTS));
    for row in &rows {
        assert_eq!(row.len(), 5, "{row:?}");
        assert!(["1", "2"].contains(&row[1].as_str()) && STATES.contains(&row[3].as_str()), "{row:?}");
        assert!(!row[4].is_empty(), "{row:?} shows nothing");
    }
}

#[test]
fn the_tests_that_are_named_exist() {
    for name in ["docs/asvs.md", "docs/security.md"] {
        let text = document(name);
        assert!(tests(&text).count() > 50, "{name} names hardly a test");
        let missing: Vec<&str> = tests(&text).filter(|test| !exists(test)).collect();
        assert!(missing.is_empty(), "{name} names tests that do not exist: {missing:#?}");
    }
}

#[test]
fn the_summary_has_the_numbers_of_the_rows() {
    let rows_of_all = rows(&document("docs/asvs.md"), is_requirement);
    let mut counts: BTreeMap<String, [usize; 4]> = BTreeMap::new();
    for row in &rows_of_all {
        let chapter = row[0].split('.').next().unwrap();
        for key in [format!("V{chapter}"), "**all**".to_owned()] {
            let count = counts.entry(key).or_default();
            let state = STATES.iter().position(|state| *state == row[3]).unwrap();
            count[[0, 1, 3][state]] += 1;
            count[2] += usize::from(state == 1 && row[4].starts_with("Installation"));
        }
    }
    let security = document("docs/security.md");
    let is_chapter = |cell: &str| {
        let number = cell.split(' ').next().unwrap().strip_prefix('V');
        cell == "**all**" || number.is_some_and(|number| number.parse::<u8>().is_ok())
    };
    let summary = rows(&security, is_chapter).into_iter().map(|row| {
        let numbers = row[1..].iter().map(|cell| cell.trim_matches('*').parse().unwrap());
        let key = row[0].split(' ').next().unwrap().to_owned();
        (key, <[usize; 4]>::try_from(numbers.collect::<Vec<_>>()).unwrap())
    });
    assert_eq!(summary.collect::<BTreeMap<_, _>>(), counts, "docs/security.md, then docs/asvs.md");
}

#[test]
fn what_is_not_met_has_its_reason() {
    let not_met =
        rows(&document("docs/asvs.md"), is_requirement).into_iter().filter(|row| row[3] == "not met");
    let not_met: BTreeSet<String> = not_met.map(|row| row[0].clone()).collect();
    let security = document("docs/security.md");
    let (_, section) = security.split_once("\n### What is not met\n").expect("the section");
    let section = section.split("\n## ").next().unwrap();
    let reasons: BTreeSet<String> =
        rows(section, is_requirement).into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(reasons, not_met, "docs/security.md, then docs/asvs.md");
}

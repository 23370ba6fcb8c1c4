//! Imports of files beside a running server, and what must be true after them.

use std::{
    collections::BTreeSet,
    fmt::Write,
    process::{Command, Output},
    time::Duration,
};

use super::{Home, eventually, process::Process};

/// How long something under way may take on a busy machine.
pub const TIMEOUT: Duration = Duration::from_mins(1);

/// Runs an import of these lines beside a server.
pub fn import(home: &Home, server: &Process, lines: &str, arguments: &[&str]) -> Output {
    command(home, server, lines, arguments).output().unwrap()
}

pub fn command(home: &Home, server: &Process, lines: &str, arguments: &[&str]) -> Command {
    std::fs::write(home.path().join("people.csv"), lines).unwrap();
    home.command(&[&["import", "people.csv", "--url", &server.url], arguments].concat())
}

/// What it printed and complained of, and how it ended.
pub fn outcome_of(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

#[track_caller]
pub fn summary(output: &Output, expected: &str) {
    let (code, results, errors) = outcome_of(output);
    assert_eq!((code, results.as_str(), errors.as_str()), (0, format!("{expected}\n").as_str(), ""));
}

/// So many colleagues, in a file.
pub fn colleagues(count: usize) -> String {
    let mut lines = "kind,email,roles\n".to_owned();
    for number in 0..count {
        writeln!(lines, "system_user,person{number}@example.com,viewer|finance").unwrap();
    }
    lines
}

/// The addresses that a letter went to, when none is left in the outbox.
pub async fn reached(home: &Home) -> Vec<String> {
    let sent = async || (home.database.count("letters WHERE state <> 'sent'") == 0).then_some(());
    eventually("every letter is sent", TIMEOUT, sent).await;
    home.letters().into_iter().map(|letter| letter.to).collect()
}

/// Everybody of [`colleagues`] is invited, once, and has one letter.
pub async fn no_person_is_missing_or_twice(home: &Home, count: usize) {
    let expected: BTreeSet<String> = (0..count).map(|number| format!("person{number}@example.com")).collect();
    let letters = reached(home).await;
    assert_eq!(letters.len(), count, "a letter each");
    assert_eq!(letters.into_iter().collect::<BTreeSet<_>>(), expected);
    for table in ["invitations", "users"] {
        assert_eq!(home.database.count(table), i64::try_from(count).unwrap(), "{table}");
    }
}

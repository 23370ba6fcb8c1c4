//! `import` and files that it refuses: each fault with its row and column, all of them at once, and nothing
//! is sent.

use std::{
    collections::BTreeSet,
    io::Write,
    process::{Output, Stdio},
};

use serde_json::Value;

use super::rows::SAMPLE;
use crate::support::{Backend, Home};

/// Where nobody listens: whatever were sent would fail with other words.
const NOWHERE: &str = "http://127.0.0.1:1";

fn home() -> Home {
    Home::new(Backend::Sqlite, &[])
}

/// Imports bytes, and gives what it said on standard error and standard output.
fn refused(file: &[u8]) -> (String, String) {
    let home = home();
    std::fs::write(home.path().join("people.csv"), file).unwrap();
    said(&home.run(&["import", "people.csv", "--url", NOWHERE]))
}

fn said(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    (text(&output.stderr), text(&output.stdout))
}

#[test]
fn every_faulty_row_is_reported_with_its_line_and_column_and_nothing_is_sent() {
    let (errors, results) = refused(
        b"\xEF\xBB\xBFkind;email;roles;account_id;account_name;role;reimbursement_rate\r\n\
          system_user;ada@example.com;viewer;;;;\r\n\
          boss;ada;;;;;\r\n\
          \r\n\
          account_owner;olga@example.com;viewer;;\"Acme\r\nB.V.\";;\r\n\
          ;;;;;;\r\n\
          sub_account;dave@example.com;;acc_1;Acme;driver;1.000,23\r\n\
          sub_account;erin@example.com;;;;manager;\r\n\
          system_user;Ada@EXAMPLE.com;finance;;;;\r\n\
          system_user;grace@example.com;viewer;;;;;;x\r\n\
          system_user;linus@example.com;viewer\r\n\
          system_user;mary@example.com;viewer;;;;;;;;\r\n\x1A",
    );
    let expected = [
        "people.csv:3: kind: \"boss\": There is no such value. Known values: system_user, account_owner, \
        sub_account. (unknown_value)",
        "people.csv:3: email: This is not an e-mail address: it needs one @ and a domain name with a dot, as \
        in ada@example.com. (invalid_email)",
        "people.csv:5: roles: A row of kind account_owner must leave this cell empty. (not_applicable)",
        "people.csv:5: account_name: The name of an account must not contain line breaks, control characters \
        or text-direction controls. (control_characters)",
        "people.csv:8: account_name: Name the account above by account_id or by account_name, not by both. \
        (not_applicable)",
        "people.csv:8: reimbursement_rate: A reimbursement rate is a plain decimal in EUR per kWh, digits \
        with a point and no blanks, as in \"0.23\". (rate_malformed)",
        "people.csv:9: account_id: Name the account above by account_id or by account_name. (required)",
        "people.csv:9: role: \"manager\": There is no such value. Known values: account_owner, driver. \
        (unknown_value)",
        "people.csv:10: email: Row 2 already has this invitation. (duplicate_row)",
        "people.csv:11: kind: The row has 9 cells, the header has 7. Put text that contains a ; in double \
        quotes. (cell_count)",
        "Nothing was sent: 6 of 9 rows are faulty. Correct them, or send the others with --skip-faulty.",
    ];
    assert_eq!(errors.lines().collect::<Vec<_>>(), expected);
    assert_eq!(results, "invited 0, already there 0, failed 6, not sent 3\n");
}

/// The columns are the members of the three invites, and the sample and `--help` have each of them.
#[test]
fn every_member_of_an_invite_is_a_column() {
    let document = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi/openapi.json");
    let document: Value = serde_json::from_str(&std::fs::read_to_string(document).unwrap()).unwrap();
    let mut members = BTreeSet::from(["kind".to_owned()]);
    for of in ["system-users", "account-owners", "sub-accounts"] {
        let body = &document["paths"][format!("/v1/{of}/invitations")]["post"]["requestBody"]["content"];
        let schema = body["application/json"]["schema"]["$ref"].as_str().unwrap().trim_start_matches('#');
        members.extend(
            document.pointer(&format!("{schema}/properties")).unwrap().as_object().unwrap().keys().cloned(),
        );
    }
    // The import sends letters.
    assert!(members.remove("delivery"));
    let sample = std::fs::read_to_string(SAMPLE).unwrap();
    let columns: BTreeSet<String> = sample.lines().next().unwrap().split(',').map(str::to_owned).collect();
    assert_eq!(columns, members);
    let help = String::from_utf8(home().run(&["import", "--help"]).stdout).unwrap();
    for column in columns {
        assert!(help.contains(&format!("\n  {column} ")), "{column} in {help}");
    }
}

#[test]
fn a_file_that_is_no_list_of_people_says_what_is_wrong_with_it() {
    let sample = std::fs::read_to_string(SAMPLE).unwrap();
    let known = sample.lines().next().unwrap().replace(',', ", ");
    let unknown = format!("1: rolls: There is no such column. Known columns: {known}. (unknown_column)");
    let nameless = format!(
        "1: kind: The first line must name the columns, separated by , or ; as in: {} (missing_header)",
        known.replace(", ", ",")
    );
    for (file, lines) in [
        (&b""[..], &["1: kind: The file is empty. (no_rows)"][..]),
        (b"kind,email\n\n", &["1: kind: No row follows the line with the columns' names. (no_rows)"]),
        (b"system_user,ada@example.com\n", &[&nameless]),
        (b"kind|email|roles\nsystem_user|ada@example.com|viewer\n", &[&nameless]),
        (
            b",kind,email,roles\n0,system_user,ada@example.com,viewer\n1,boss,ada,\n",
            &["1: column 1: This column has no name on line 1, and row 2 has \"0\" in it. Name the column \
                or remove it; pandas omits its index with to_csv(\u{2026}, index=False). (unnamed_column)"],
        ),
        (
            b"rolls,roles,Roles\nada@example.com,viewer,viewer\n",
            &[
                &unknown,
                "1: roles: The header has this column twice. Remove one of them. (duplicate_column)",
                "1: kind: This column is missing. Every row needs it. (missing_column)",
                "1: email: This column is missing. Every row needs it. (missing_column)",
            ],
        ),
        (
            b"k\0i\0n\0d\0",
            &["1: kind: This looks like UTF-16 without a byte order mark. Save the file as \"CSV UTF-8\". \
                (not_utf8)"],
        ),
        (
            b"PK\x03\x04\x14\0",
            &["1: kind: This is a spreadsheet's own format. Save the sheet as \"CSV UTF-8\". (not_csv)"],
        ),
    ] {
        let (errors, results) = refused(file);
        let found: Vec<_> = errors.lines().map(|line| line.strip_prefix("people.csv:").unwrap()).collect();
        assert_eq!(found, lines, "{}", String::from_utf8_lossy(file));
        assert_eq!(results, "");
    }
}

#[test]
fn latin_1_and_stray_quotes_are_told_where_they_stand() {
    let (errors, _) = refused(
        b"kind,email,account_name\naccount_owner,olga@example.com,Caf\xE9\n\
        account_owner,\xE9@example.com,Acme\n\
          account_owner,petra@example.com,\"Acme\naccount_owner,carl@example.com,Globex\n",
    );
    let places: Vec<_> = errors
        .lines()
        .map(|line| (line.split(": ").take(2).collect::<Vec<_>>(), line.rsplit(' ').next().unwrap()))
        .collect();
    assert_eq!(places[0], (vec!["people.csv:2", "account_name"], "(not_utf8)"));
    assert_eq!(places[1], (vec!["people.csv:3", "email"], "(not_utf8)"));
    assert_eq!(places[2], (vec!["people.csv:4", "kind"], "(unbalanced_quotes)"));
    assert_eq!(places.len(), 4, "{errors}");
}

#[test]
fn a_cell_steers_no_terminal() {
    let (errors, _) = refused(b"kind,email\n\"\x1b[2J\nsystem_user\",ada@example.com\n");
    assert_eq!(errors.lines().count(), 2, "{errors}");
    assert!(!errors.contains('\x1b'), "{errors:?}");
}

#[test]
fn programs_read_results_as_json() {
    let home = home();
    let mut import = home.command(&["import", "-", "--json", "--url", NOWHERE]);
    let mut import =
        import.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    import
        .stdin
        .take()
        .unwrap()
        .write_all(b"email,kind\nada@example.com,boss\nada@example.com,account_owner\n")
        .unwrap();
    let (errors, results) = said(&import.wait_with_output().unwrap());
    assert!(errors.starts_with("stdin:2: kind: "), "{errors}");
    assert!(errors.ends_with("invited 0, already there 0, failed 1, not sent 1\n"), "{errors}");
    let rows: Vec<serde_json::Value> =
        results.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows[0]["errors"][0]["code"], "unknown_value");
    assert_eq!(
        (&rows[0]["row"], &rows[0]["email"], &rows[0]["status"]),
        (&2.into(), &"ada@example.com".into(), &"failed".into())
    );
    assert_eq!(
        rows[1],
        serde_json::json!({
            "row": 3, "kind": "account_owner", "email": "ada@example.com", "status": "not_sent"
        })
    );
}

#[test]
fn what_is_missing_is_named_with_what_to_do() {
    let home = Home::new(Backend::Sqlite, &[("PUBLIC_URL", NOWHERE)]);
    std::fs::write(home.path().join("people.csv"), "kind,email\naccount_owner,olga@example.com\n").unwrap();
    for (arguments, words) in [
        (&["import", "nobody.csv"][..], &["cannot read nobody.csv"][..]),
        (
            &["import", "people.csv"],
            &[NOWHERE, "refused", "invitation-service serve", "--url", "Nothing was sent"],
        ),
        (&["import", "people.csv", "--dry-run"], &[NOWHERE, "refused", "Nothing was sent"]),
        (&["import", "people.csv", "--subject", " "], &["--subject: A name is required."]),
    ] {
        let (errors, results) = said(&home.run(arguments));
        assert!(words.iter().all(|words| errors.contains(words)), "{arguments:?}: {errors}");
        assert_eq!(results, "");
    }
    for arguments in [
        &["import"][..],
        &["import", "people.csv", "--url", "ftp://x"],
        &["import", "people.csv", "--retry-for", "soon"],
    ] {
        assert_eq!(home.run(arguments).status.code(), Some(2), "{arguments:?}");
    }
    let keyless = Home::new(Backend::Sqlite, &[("SECRET_KEY", "")]);
    std::fs::write(keyless.path().join("people.csv"), "kind,email\naccount_owner,olga@example.com\n")
        .unwrap();
    let (errors, _) = said(&keyless.run(&["import", "people.csv"]));
    assert!(errors.contains("there is no key") && errors.contains("ACCESS_TOKEN"), "{errors}");
    assert!(!keyless.path().join("data").exists(), "an import makes no key");
}

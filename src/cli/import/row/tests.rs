use serde_json::json;

use super::*;
use crate::cli::import::file;

const HEADER: &str = "kind,email,roles,account_id,account_name,account_type,role,\
    reimbursement_rate,used_by,sub_account_name,locale";
const ACME: &str = "acc_01kavx6e9kfzabv5qhm1p4d6xn";

fn rows(lines: &[&str]) -> (Vec<Row>, Vec<Row>) {
    read(file::read([&[HEADER], lines].concat().join("\n").as_bytes()).unwrap())
}

/// The faults of one row, as `(column, code)`.
fn faults(line: &str) -> Vec<(String, String)> {
    let (good, faulty) = rows(&[line]);
    assert_eq!(good.len() + faulty.len(), 1);
    faulty.into_iter().flat_map(|row| row.faults).map(|fault| (fault.column, fault.code)).collect()
}

fn words(line: &str) -> String {
    rows(&[line]).1[0].faults[0].to_string()
}

#[test]
fn a_row_becomes_the_body_of_its_invite() {
    let (good, faulty) = rows(&[
        "system_user,ada@example.com,viewer| finance,,,,,,,,nl-NL",
        "account_owner,olga@example.com,,,Acme B.V.,business,,,,,",
        &format!("sub_account,dave@example.com,,{ACME},,,driver,0.23,,,"),
    ]);
    assert!(faulty.is_empty(), "{faulty:?}");
    let bodies: Vec<Value> = good.iter().map(|row| serde_json::from_str(&row.body()).unwrap()).collect();
    assert_eq!(
        bodies,
        [
            json!({ "email": "ada@example.com", "roles": ["finance", "viewer"], "locale": "nl-NL" }),
            json!({ "email": "olga@example.com", "account_name": "Acme B.V.", "account_type": "business" }),
            json!({
                "email": "dave@example.com", "account_id": ACME, "role": "driver",
                "reimbursement_rate": "0.23"
            }),
        ]
    );
}

#[test]
fn every_faulty_cell_is_reported_with_its_column_and_the_api_s_code() {
    for (line, expected) in [
        (",ada,,,,,,,,,", &[("kind", "required"), ("email", "invalid_email")][..]),
        ("boss,,,,,,,,,,", &[("kind", "unknown_value"), ("email", "required")]),
        ("system_user,ada@example.com,,,,,,,,,", &[("roles", "required")]),
        (
            "system_user,a@b.example,boss viewer viewer,,,,,0.2,,,xx",
            &[
                ("roles", "unknown_role"),
                ("roles", "duplicate_role"),
                ("reimbursement_rate", "not_applicable"),
                ("locale", "unknown_locale"),
            ],
        ),
        ("account_owner,olga@example.com,viewer,,,,,,,,", &[("roles", "not_applicable")]),
        (
            &format!("account_owner,olga@example.com,,{ACME},Acme,,,,,,"),
            &[("account_name", "not_applicable")],
        ),
        (
            "account_owner,olga@example.com,,usr_1,,company,,,,,",
            &[("account_id", "invalid_id"), ("account_type", "unknown_value")],
        ),
        ("sub_account,dave@example.com,,,,,,,,,", &[("account_id", "required"), ("role", "required")]),
        (
            &format!("sub_account,dave@example.com,,{ACME},Acme,,driver,,,,"),
            &[("account_name", "not_applicable")],
        ),
        (
            "sub_account,dave@example.com,,,Acme,,driver,\"0,23\",subsidiary,,",
            &[("reimbursement_rate", "rate_malformed"), ("used_by", "driver_of_subsidiary")],
        ),
        (
            "sub_account,dave@example.com,,,\"Ac\nme\",,driver,-1,,,",
            &[("account_name", "control_characters"), ("reimbursement_rate", "rate_not_positive")],
        ),
        // The cells of a torn row are not validated.
        (
            "sub_account,dave@example.com,,,Acme,,driver,0,23,,,",
            &[("reimbursement_rate", "rate_not_positive"), ("used_by", "unknown_value")],
        ),
        ("sub_account,dave@example.com,,,Acme,,driver,0,23,employee,Home,nl", &[("kind", "cell_count")]),
    ] {
        let expected: Vec<_> =
            expected.iter().map(|(column, code)| ((*column).to_owned(), (*code).to_owned())).collect();
        assert_eq!(faults(line), expected, "{line}");
    }
}

#[test]
fn the_words_say_what_to_change() {
    let comma = words("sub_account,dave@example.com,,,Acme,,driver,\"0,23\",,,");
    assert_eq!(comma, "reimbursement_rate: Write 0.23 with a decimal point, not 0,23. (rate_malformed)");
    assert!(
        words("system_user,ada@example.com,boss,,,,,,,,")
            .starts_with("roles: \"boss\": There is no such role.")
    );
    let customer = words("account_owner,olga@example.com,viewer,,,,,,,,");
    assert_eq!(customer, "roles: A row of kind account_owner must leave this cell empty. (not_applicable)");
    // A cell cannot forge a second line.
    assert!(!words("\"x\ny\u{1b}[2J\",a@example.com,,,,,,,,,").contains(['\n', '\u{1b}']));
}

#[test]
fn a_person_is_invited_to_one_thing_once() {
    let (good, faulty) = rows(&[
        "system_user,ada@example.com,viewer,,,,,,,,",
        "account_owner,ada@example.com,,,,,,,,,",
        "system_user,ADA@Example.com,finance,,,,,,,,",
        "sub_account,ada@example.com,,,Acme,,driver,,,,",
        "sub_account,ada@example.com,,,ACME,,driver,0.2,,,",
        "sub_account,ada@example.com,,,Globex,,driver,,,,",
        &format!("account_owner,ada@example.com,,{ACME},,,,,,,"),
        "account_owner,ada@example.com,,,Other,,,,,,",
    ]);
    assert_eq!(good.len(), 5);
    let reported: Vec<_> = faulty.iter().map(|row| (row.line, row.faults[0].to_string())).collect();
    let again = |line: usize| format!("email: Row {line} already has this invitation. (duplicate_row)");
    assert_eq!(reported, [(4, again(2)), (6, again(5)), (9, again(3))]);
}

#[test]
fn a_key_tells_rows_apart_and_knows_one_again() {
    let key = |line: &str| rows(&[line]).0[0].key();
    let ada = key("system_user,ada@example.com,viewer finance,,,,,,,,");
    assert!(ada.len() == 7 + 64 && ada.bytes().all(|byte| byte.is_ascii_graphic()));
    assert_eq!(ada, key("system_user, ada@example.com ,finance|viewer,,,,,,,,"));
    assert_eq!(
        ada,
        read(file::read(b"roles;email;kind\nviewer finance;ada@example.com;system_user").unwrap()).0[0].key()
    );
    for other in [
        "system_user,ada@example.com,finance,,,,,,,,",
        "system_user,ada@example.com,viewer finance,,,,,,,,nl",
    ] {
        assert_ne!(ada, key(other));
    }
    assert_ne!(
        key("account_owner,ada@example.com,,,A,,,,,,"),
        key("sub_account,ada@example.com,,,A,,driver,,,,")
    );
}

#[test]
fn cells_are_read_as_people_and_programs_write_them() {
    let body = |file: &str| {
        let (good, faulty) = read(file::read(file.as_bytes()).unwrap());
        assert!(faulty.is_empty(), "{faulty:?}");
        (good[0].kind().unwrap().as_str(), serde_json::from_str::<Value>(&good[0].body()).unwrap())
    };
    let driver = json!({
        "email": "d@example.com", "account_name": "Acme", "role": "driver", "reimbursement_rate": "0.23"
    });
    for file in [
        "Kind;E-mail;Account name;Role;Reimbursement rate\nSUB_ACCOUNT;d@example.com;Acme;Driver;0,23",
        "kind\temail\taccount_name\trole\treimbursement_rate\nSub-account\td@example.com\tAcme\tDRIVER\t0,23",
        "sep=;\nkind;email;account_name;role;reimbursement_rate;used_by;locale\nsub \
        account;d@example.com;Acme;driver;0.23",
        "KIND,EMAIL,Account_Name,ROLE,Reimbursement_Rate,,\nSubAccount,d@example.com,Acme,driver,0.23,,,,,",
    ] {
        assert_eq!(body(file), ("sub_account", driver.clone()), "{file}");
    }
    let zeros = body(
        "kind,email,account_name,role,reimbursement_rate\nsub_account,d@example.com,Acme,driver,0.230000",
    )
    .1;
    assert_eq!(zeros["reimbursement_rate"], "0.2300");
    let staff = body("kind;email;roles\nSystem User;a@example.com;Viewer, customer support").1;
    assert_eq!(staff["roles"], json!(["customer_support", "viewer"]));
    let staff = body("kind,email,roles\nsystem_user,a@example.com,\"Viewer; FINANCE\"").1;
    assert_eq!(staff["roles"], json!(["finance", "viewer"]));
}

#[test]
fn digits_that_would_be_lost_are_refused() {
    for rate in ["0,23001", "0.23001", "1.234,56", "1,234.56", "0,2,3", "0,23 USD"] {
        let file = format!(
            "kind;email;account_name;role;reimbursement_rate\nsub_account;d@example.com;Acme;driver;{rate}"
        );
        let (good, faulty) = read(file::read(file.as_bytes()).unwrap());
        assert!(good.is_empty() && faulty[0].faults[0].column == RATE, "{rate}");
    }
}

#[test]
fn a_rate_above_two_euros_is_warned_of_and_sent() {
    for (rate, warned) in
        [("2", false), ("2.0000", false), ("2.0001", true), ("23", true), ("99.9999", true), ("100", false)]
    {
        let (good, faulty) = rows(&[&format!("sub_account,dave@example.com,,,Acme,,driver,{rate},,,")]);
        let row = good.first().or(faulty.first()).unwrap();
        let codes: Vec<_> =
            row.warnings.iter().map(|warning| (warning.column.as_str(), warning.code.as_str())).collect();
        assert_eq!(codes, if warned { vec![(RATE, "rate_unusually_high")] } else { vec![] }, "{rate}");
        assert_eq!(good.len(), usize::from(rate != "100"), "{rate}");
    }
}

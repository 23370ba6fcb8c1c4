//! Compares the numbers with what the lists have.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{INVITATIONS, USERS};
use crate::support::Client;

const KINDS_OF_INVITATIONS: [&str; 3] = ["system_user", "account_owner", "sub_account"];
const KINDS_OF_USERS: [&str; 2] = ["system_user", "customer"];

/// All rows of a list; none where the caller may not see it.
async fn walk(caller: &Client, path: &str) -> Option<Vec<Value>> {
    let mut rows = Vec::new();
    let mut page = path.to_owned();
    loop {
        let answer = caller.get(&page).await;
        if answer.status == 403 {
            return None;
        }
        let answer = answer.expect(200);
        rows.extend(answer.body["data"].as_array().unwrap().iter().cloned());
        let Some(cursor) = answer.body["next_cursor"].as_str() else { return Some(rows) };
        page = format!("{path}&cursor={cursor}");
    }
}

/// The numbers of a member, and nothing where it is 0.
fn given(counts: &Value, group: &str) -> BTreeMap<String, u64> {
    let members = counts[group].as_object().unwrap().iter();
    let numbers = members.map(|(name, n)| (name.clone(), n.as_u64().unwrap()));
    numbers.filter(|(_, n)| *n > 0).collect()
}

fn counted(rows: &[Value], pointer: &str) -> BTreeMap<String, u64> {
    let mut numbers = BTreeMap::new();
    for row in rows {
        *numbers.entry(row.pointer(pointer).unwrap().as_str().unwrap().to_owned()).or_default() += 1;
    }
    numbers
}

/// Every number of every one of these callers is the number of rows in the list with the same filter.
pub(super) async fn agree(callers: &[(&str, Client)]) {
    for (name, caller) in callers {
        for kind in ["", "sub_account,system_user"].into_iter().chain(KINDS_OF_INVITATIONS) {
            invitations(name, caller, kind).await;
        }
        for kind in ["", "customer,system_user"].into_iter().chain(KINDS_OF_USERS) {
            users(name, caller, kind).await;
        }
    }
}

fn filter(kind: &str) -> String {
    if kind.is_empty() { String::new() } else { format!("kind={kind}") }
}

async fn invitations(name: &str, caller: &Client, kind: &str) {
    let filter = filter(kind);
    let answer = caller.get(&format!("{INVITATIONS}?{filter}")).await;
    let Some(rows) = walk(caller, &format!("/v1/invitations?limit=200&{filter}")).await else {
        answer.problem(403, "forbidden");
        return;
    };
    let counts = answer.expect(200).body;
    assert_eq!(counts["total"], json!(rows.len()), "{name} {filter}");
    assert_eq!(given(&counts, "by_kind"), counted(&rows, "/kind"), "{name} {filter}");
    assert_eq!(given(&counts, "by_status"), counted(&rows, "/status"), "{name} {filter}");
    assert_eq!(given(&counts, "by_delivery"), counted(&rows, "/delivery/state"), "{name} {filter}");
}

async fn users(name: &str, caller: &Client, kind: &str) {
    let filter = filter(kind);
    let answer = caller.get(&format!("{USERS}?{filter}")).await;
    let Some(rows) = walk(caller, &format!("/v1/users?limit=200&{filter}")).await else {
        answer.problem(403, "forbidden");
        return;
    };
    let counts = answer.expect(200).body;
    assert_eq!(counts["total"], json!(rows.len()), "{name} {filter}");
    assert_eq!(given(&counts, "by_status"), counted(&rows, "/status"), "{name} {filter}");
    let mut by_kind = BTreeMap::new();
    for one in KINDS_OF_USERS.into_iter().filter(|one| kind.is_empty() || kind.contains(one)) {
        let rows = walk(caller, &format!("/v1/users?limit=200&kind={one}")).await.unwrap_or_default();
        if !rows.is_empty() {
            by_kind.insert(one.to_owned(), u64::try_from(rows.len()).unwrap());
        }
    }
    assert_eq!(given(&counts, "by_kind"), by_kind, "{name} {filter}");
}

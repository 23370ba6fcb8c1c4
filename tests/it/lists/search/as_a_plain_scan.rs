//! A search by index finds what a plain comparison with every row finds: terms from all parts of the texts,
//! of every length, in several scripts, and terms that are nowhere.

use std::collections::{BTreeMap, BTreeSet};

use invitation_service::domain::{
    email::Email,
    search_text::{of_email, search_key},
};
use serde_json::Value;

use crate::support::{
    Backend, Client, PASSWORD, TestApp,
    customers::{text, with},
    extent::IS_LONG,
    json,
    lists::query,
    on_both_databases,
};

const ACCOUNTS: [&str; 13] = [
    "Świątek Elektromobilność",
    "O’Brien & Sons",
    "李明 充电",
    "Ωμέγα Φόρτιση",
    "Ёлкин и сыновья",
    "भारत चार्जिंग",
    "50%_sure \\ \"quoted\"",
    "Straßen\u{a0}Strom  GmbH",
    "Ærøskøbing Lading",
    "東京がく電",
    "Q",
    "łż",
    // No characters, which SQLite reads as another one.
    "x\u{FFFE}y\u{FFFF}z",
];
const PEOPLE: [(&str, &str); 4] =
    [("Łukasz", "Żółć"), ("Nguyễn", "Văn An"), ("Мария", "Семёнова"), ("李", "小龍")];
const DOMAINS: [&str; 4] = ["bücher.example", "example.com", "chargé.example", "mail.example.org"];

/// The texts of each object that a search looks in, by its id.
type Texts = BTreeMap<String, Vec<String>>;

struct World {
    invitations: Texts,
    users: Texts,
    accounts: Texts,
}

/// Customers whose accounts have the names, and colleagues who have activated.
async fn populate(app: &TestApp) -> World {
    let mut world = World { invitations: Texts::new(), users: Texts::new(), accounts: Texts::new() };
    // So many with one domain that it is common, and no longer looked for in the index.
    for n in 0..36 {
        let email = format!("person.{n}+tag@{}", DOMAINS[n % DOMAINS.len()]);
        let name = format!("{}{}", ACCOUNTS[n % ACCOUNTS.len()], if n < ACCOUNTS.len() { "" } else { " 2" });
        let body = json!({ "email": email, "account_name": name });
        let made = app.admin().post("/v1/account-owners/invitations", &body).await.expect(201).body;
        let texts = vec![of_email(&Email::parse(&email).unwrap()), search_key(&name)];
        world.invitations.insert(text(&made, "/id").to_owned(), texts.clone());
        world.users.insert(text(&made, "/user_id").to_owned(), texts);
        world.accounts.insert(text(&made, "/account/id").to_owned(), vec![search_key(&name)]);
    }
    app.letters().await;
    for (n, (first_name, last_name)) in PEOPLE.iter().enumerate() {
        let email = format!("colleague{n}@staff.example");
        let (made, mail) = app.invite(&email, &["viewer"]).await;
        let body = json!({ "token": mail.token, "password": PASSWORD });
        let names = json!({ "first_name": first_name, "last_name": last_name });
        app.anonymous().post("/v1/activations", &with(body, names)).await.expect(201);
        let name = search_key(&format!("{first_name} {last_name}"));
        let texts = vec![of_email(&Email::parse(&email).unwrap()), name];
        world.invitations.insert(text(&made, "/id").to_owned(), texts.clone());
        world.users.insert(text(&made, "/user_id").to_owned(), texts);
    }
    world
}

/// Parts of all texts, and some that are nowhere.
fn terms(world: &World) -> BTreeSet<String> {
    let texts = world.users.values().flatten().flat_map(|text| text.split('\n').map(str::to_owned));
    let texts: BTreeSet<String> = texts.collect();
    let mut terms: BTreeSet<String> =
        ["qx", "zzzz", "李小", "w'w", "example.net", "łw", "a%", "__", "ąęź"].map(str::to_owned).into();
    for (n, text) in texts.iter().enumerate() {
        let characters: Vec<char> = text.chars().collect();
        let lengths = [1, 3, 7, 2, 4, characters.len()];
        // Each half of the texts has half of the lengths.
        let given = if IS_LONG { &lengths[..] } else { &lengths[n % 2 * 3..][..3] };
        for length in given.iter().copied() {
            let start = (n * 7 + length * 3) % characters.len();
            let end = (start + length).min(characters.len());
            terms.insert(characters[start..end].iter().collect());
        }
        // The end of a text, where an index of three characters has none.
        terms.insert(characters[characters.len().saturating_sub(2)..].iter().collect());
    }
    terms.into_iter().filter(|term| !term.trim().is_empty()).collect()
}

async fn ids(client: &Client, list: &str, term: &str) -> BTreeSet<String> {
    let path = format!("{list}?{}", query(&[("search", term), ("limit", "200")]));
    let answer = client.get(&path).await.expect(200);
    assert_eq!(answer.body["next_cursor"], Value::Null);
    answer.body["data"].as_array().unwrap().iter().map(|row| text(row, "/id").to_owned()).collect()
}

async fn compare(app: &TestApp, world: &World) {
    let admin = app.admin();
    for term in terms(world) {
        let sought = search_key(term.trim());
        for (list, texts) in [
            ("/v1/invitations", &world.invitations),
            ("/v1/users", &world.users),
            ("/v1/accounts", &world.accounts),
        ] {
            let has_term = |texts: &Vec<String>| texts.iter().any(|text| text.contains(&sought));
            let expected: BTreeSet<String> =
                texts.iter().filter(|(_, texts)| has_term(texts)).map(|(id, _)| id.clone()).collect();
            assert_eq!(ids(&admin, list, &term).await, expected, "{list} {term:?}");
        }
    }
}

on_both_databases! {
    async fn finds_the_same_rows(app: TestApp) {
        let world = populate(&app).await;
        compare(&app, &world).await;
    }

    async fn what_is_typed_differently_is_found(app: TestApp) {
        populate(&app).await;
        let admin = app.admin();
        for (list, term, number) in [
            ("/v1/accounts", "swiatek", 3),
            ("/v1/accounts", "SWIATEK  elektromobilnosc", 3),
            ("/v1/accounts", "O'Brien", 3),
            ("/v1/accounts", "o’brien", 3),
            ("/v1/accounts", "strassen strom gmbh", 3),
            ("/v1/accounts", "aeroskobing", 3),
            ("/v1/accounts", "ωμεγα", 3),
            ("/v1/accounts", "елкин", 3),
            ("/v1/users", "lukasz zolc", 1),
            ("/v1/users", "nguyen van", 1),
            ("/v1/invitations", "xn--bcher-kva", 9),
            ("/v1/invitations", "bucher.example", 9),
            ("/v1/invitations", "@BÜCHER", 9),
        ] {
            assert_eq!(ids(&admin, list, term).await.len(), number, "{list} {term}");
        }
    }
}

/// Where the operator may not create extensions.
#[tokio::test]
async fn finds_the_same_rows_without_trigrams_on_postgres() {
    let app = TestApp::start(Backend::Postgres, &[]).await;
    app.database.execute("DROP EXTENSION pg_trgm CASCADE");
    let world = populate(&app).await;
    compare(&app, &world).await;
}

//! A database of the last release, with people in it, is brought up to date at the start, and works from
//! then on. `make test-deb` does the same with the package.

use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel_migrations::MigrationHarness;

use super::parity::migrations;
use crate::support::{Backend, Home, database::TestDatabase, eventually, json, on_each};

/// The last migration of release 0.1.0.
const LAST: &str = "2026-11-28-000009_searched_text";
/// What that release had stored.
const STORED: &str = include_str!("../../cases/release-0.1.0.sql");
/// The link that it had mailed to Dave, whose invitation is this.
const MAILED: &str = "Aaz3Gc8BoiIGygBxfIEfFqpxLDOQAAAAASolPLsxlCC79srYuoXAZX1Kg2pJzJp3Ezp7MY9MiA_d";
const INVITATION_OF_DAVE: &str = "inv_01m8h0djg0e5y827rpn9rjrcwg";
const PASSWORD: &str = "seven green bicycles sing";
const LIMIT: Duration = Duration::from_secs(30);

/// Makes the tables of the release, and stores in them.
fn make(database: &TestDatabase) {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/sqlite");
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let released = names.filter(|name| name.to_str().unwrap() <= LAST).count();
    assert_eq!(released, 13);
    macro_rules! make {
        ($connection:expr) => {{
            let mut connection = $connection;
            for _ in 0..released {
                connection.run_next_migration(migrations(database.backend)).unwrap();
            }
            connection.batch_execute(STORED).unwrap();
        }};
    }
    match database.backend {
        Backend::Postgres => make!(database.postgres()),
        Backend::Sqlite => make!(database.sqlite()),
    }
}

on_each! {
    async fn a_database_of_the_last_release_goes_on(backend: Backend) {
        // What the release stored gets older than any retention.
        let home = Home::new(backend, &[("RETENTION", "off")]);
        make(&home.database);
        let service = home.start(&["serve"]);
        let (admin, anybody) = (service.client(Some(home.token())), service.client(None));

        let counts = admin.get("/v1/invitations/counts").await.expect(200).body;
        assert_eq!(counts["by_status"], json!({ "pending": 2, "expired": 1, "activated": 2, "revoked": 1 }));
        assert_eq!(admin.get("/v1/users").await.expect(200).body["data"].as_array().unwrap().len(), 5);
        for (search, email) in [("b%C3%BCcher", "gina@bücher.example"), ("lovelace", "ada@example.com")] {
            let found = admin.get(&format!("/v1/users?search={search}")).await.expect(200).body;
            assert_eq!(found["data"][0]["email"], email);
        }
        let accounts = admin.get("/v1/accounts").await.expect(200).body;
        assert_eq!(accounts["data"][0]["reimbursement"]["rate"], "0.2300");
        assert_eq!(accounts["data"][1]["company"]["vat_number"], "NL004495445B01");
        let suppressed = admin.get("/v1/suppressions").await.expect(200).body;
        assert_eq!(suppressed["data"][0]["email"], "gina@bücher.example");
        let timeline = admin.get(&format!("/v1/invitations/{INVITATION_OF_DAVE}/events")).await.expect(200);
        assert_eq!(timeline.body["data"].as_array().unwrap().len(), 3);

        // A password, a link that was mailed, and a letter that waited.
        let sign_in = json!({ "email": "ada@example.com", "password": PASSWORD });
        anybody.post("/v1/auth/token", &sign_in).await.expect(200);
        let activation = json!({
            "token": MAILED, "first_name": "Dave", "last_name": "Driver", "password": PASSWORD,
            "account": { "type": "consumer" },
        });
        let preview = anybody.post("/v1/activations/preview", &json!({ "token": MAILED })).await.expect(200);
        assert_eq!(preview.body["email"], "dave@globex.example");
        anybody.post("/v1/activations", &activation).await.expect(201);
        let mail = eventually("the letter is sent", LIMIT, async || home.letters().pop()).await;
        assert_eq!(mail.to, "erin@example.com");
        let activation = json!({
            "token": mail.token, "first_name": "Erin", "last_name": "Example", "password": PASSWORD,
        });
        anybody.post("/v1/activations", &activation).await.expect(201);
        service.stop().await;
    }
}

//! Batches as long as they may be.

use chrono::TimeDelta;
use serde_json::Value;

use crate::support::{
    TestApp,
    batches::{colleague, colleagues, words},
    customers::with,
    json, on_both_databases,
};

fn driver(number: usize, parent: &str) -> Value {
    let email = format!("driver{number}@example.com");
    json!({ "kind": "sub_account", "role": "driver", "email": email, "account_id": parent })
}

on_both_databases! {
    async fn a_thousand_at_once(app: TestApp) {
        let acme = app.owner("grace@acme.example", "Acme").await;
        app.letters().await;
        let items: Vec<Value> = (0..1000)
            .map(|number| match number % 4 {
                0 => driver(number, &acme.account),
                // Every hundredth is faulty, every tenth is there twice.
                _ if number % 100 == 99 => colleague("nobody"),
                _ if number % 10 == 7 => colleague(&format!("PERSON{}@example.com", number - 1)),
                _ => colleague(&format!("person{number}@example.com")),
            })
            .collect();
        let before = app.database.count("invitations");
        let results = app.admin().batch(&items).await;
        let count = |word: &str| words(&results).iter().filter(|found| **found == word).count();
        let (faulty, twice) =
            (10, (0..1000).filter(|n| n % 10 == 7 && n % 4 != 0 && (n - 1) % 4 != 0).count());
        assert_eq!((count("validation_failed"), count("invitation_pending")), (faulty, twice));
        assert_eq!(count("invited"), 1000 - faulty - twice);
        let invited = i64::try_from(1000 - faulty - twice).unwrap();
        assert_eq!(app.database.count("invitations") - before, invited);
        assert_eq!(app.database.count("letters WHERE state = 'queued'"), invited);
        assert_eq!(app.database.count("accounts WHERE status = 'invited'"), 250);
        assert_eq!(app.database.count("account_lineage"), 1 + 250 * 2);
        let made = app.database.count("invitations");
        assert_eq!(app.database.count("letters"), made);
        assert_eq!(
            app.database.count("invitation_events WHERE event_type IN ('created', 'email_queued')"),
            2 * made
        );
    }

    async fn a_thousand_replace_a_thousand(app: TestApp) {
        let admin = app.admin();
        let items = colleagues(1000);
        assert_eq!(words(&admin.batch(&items).await), ["invited"; 1000]);
        app.advance(TimeDelta::hours(24));
        assert_eq!(words(&admin.batch(&items).await), ["invited"; 1000]);
        assert_eq!(app.database.count("users"), 1000);
        assert_eq!(app.database.count("invitations WHERE state = 'replaced'"), 1000);
        assert_eq!(app.database.count("letters WHERE state = 'withdrawn'"), 1000);
        assert_eq!(app.database.count("letters WHERE state = 'queued'"), 1000);
        assert_eq!(words(&admin.batch(&items).await), ["invitation_pending"; 1000]);
    }

    /// As if many lay above the account: each account below it is under all of them.
    async fn a_thousand_accounts_far_down(app: TestApp) {
        let acme = app.owner("grace@acme.example", "Acme").await;
        for number in 0..40 {
            app.database.execute(&format!(
                "INSERT INTO accounts (id, search_text, status, created_at)
                 VALUES ('acc_above{number}', '', 'invited', '2026-11-24T12:00:00.000Z')"
            ));
            let lineage =
                format!("INSERT INTO account_lineage VALUES ('{}', 'acc_above{number}')", acme.account);
            app.database.execute(&lineage);
        }
        let items: Vec<Value> = (0..1000)
            .map(|number| with(driver(number, &acme.account), json!({ "sub_account_name": "Home" })))
            .collect();
        assert_eq!(words(&app.admin().batch(&items).await), ["invited"; 1000]);
        assert_eq!(app.database.count("account_lineage"), 1 + 40 + 1000 * 42);
    }
}

//! The reimbursement rate: exact text in, exact text out, on both routes.

use serde_json::Value;

use crate::support::{
    Answer, TestApp,
    customers::{Owner, SUB_ACCOUNTS, text},
    json, on_both_databases,
};

/// Invites with this rate: on the specific-account route when `specific`, else on the users-overview route.
async fn invite(acme: &Owner, number: usize, specific: bool, rate: Value) -> Answer {
    let email = format!("driver{number}.{specific}@example.com");
    let (path, body) = if specific {
        let body = json!({
            "used_by": "employee", "account_name": "Home", "email": email, "account_type": "consumer",
            "reimbursement_rate": rate
        });
        (format!("/v1/accounts/{}/sub-accounts", acme.account), body)
    } else {
        let body = json!({
            "email": email, "role": "driver", "account_id": acme.account, "reimbursement_rate": rate
        });
        (SUB_ACCOUNTS.to_owned(), body)
    };
    acme.client.post(&path, &body).await
}

on_both_databases! {
    async fn what_is_a_rate(app: TestApp) {
        let acme = app.owner("grace@example.com", "Acme").await;
        for (number, (rate, shown)) in [
            ("0.23", "0.2300"),
            ("0.2", "0.2000"),
            ("0.2300", "0.2300"),
            ("0.0001", "0.0001"),
            ("1", "1.0000"),
            ("10", "10.0000"),
            ("0.1", "0.1000"),
            ("0.3", "0.3000"),
            ("1.1005", "1.1005"),
            ("8.1", "8.1000"),
            ("99.9999", "99.9999"),
            ("99", "99.0000"),
        ]
        .into_iter()
        .enumerate()
        {
            for specific in [false, true] {
                let made = invite(&acme, number, specific, json!(rate)).await.expect(201).body;
                let account = acme
                    .client
                    .get(&format!("/v1/accounts/{}", text(&made, "/account/id")))
                    .await
                    .expect(200);
                // As a text, in the bytes of the answer.
                assert!(account.text.contains(&format!("\"rate\":\"{shown}\"")), "{rate}: {}", account.text);
                assert_eq!(account.body["reimbursement"]["mode"], "automated");
            }
        }
        let stored = app
            .database
            .texts("SELECT CAST(rate AS TEXT) AS text FROM accounts WHERE rate IS NOT NULL ORDER BY rate");
        assert_eq!((stored.len(), stored[0].as_str(), stored[23].as_str()), (24, "1", "999999"));
        assert_eq!(app.letters().await.len(), 24);
    }

    async fn what_is_none(app: TestApp) {
        let acme = app.owner("grace@example.com", "Acme").await;
        let many_zeros = format!("0.23{}", "0".repeat(1000));
        let huge = "9".repeat(1000);
        let texts = [
            ("0", "rate_not_positive"),
            ("0.0000", "rate_not_positive"),
            ("-0.23", "rate_not_positive"),
            ("-1", "rate_not_positive"),
            ("0.23001", "rate_too_many_decimals"),
            ("0.00001", "rate_too_many_decimals"),
            ("0.23000", "rate_too_many_decimals"),
            (&many_zeros, "rate_too_many_decimals"),
            ("100", "rate_too_large"),
            ("99.99991", "rate_too_many_decimals"),
            ("100.0001", "rate_too_large"),
            (&huge, "rate_too_large"),
            ("1e-2", "rate_malformed"),
            ("1E2", "rate_malformed"),
            ("NaN", "rate_malformed"),
            ("Infinity", "rate_malformed"),
            ("0,23", "rate_malformed"),
            ("1.000,00", "rate_malformed"),
            (" 0.23", "rate_malformed"),
            ("0.23 ", "rate_malformed"),
            ("0. 23", "rate_malformed"),
            ("", "rate_malformed"),
            ("+0.23", "rate_malformed"),
            (".23", "rate_malformed"),
            ("1.", "rate_malformed"),
            ("00.23", "rate_malformed"),
            ("0.2.3", "rate_malformed"),
            ("0x1", "rate_malformed"),
            ("€0.23", "rate_malformed"),
            ("٠.٢٣", "rate_malformed"),
            ("0_1", "rate_malformed"),
            ("0.23\n", "rate_malformed"),
        ];
        let values = texts.map(|(rate, code)| (json!(rate), code)).into_iter().chain([
            (json!(0.23), "wrong_type"),
            (json!(1), "wrong_type"),
            (json!(0), "wrong_type"),
            (json!(true), "wrong_type"),
            (json!(["0.23"]), "wrong_type"),
            (json!({ "rate": "0.23" }), "wrong_type"),
        ]);
        let mut words = std::collections::BTreeSet::new();
        for (rate, code) in values {
            for specific in [false, true] {
                let refused = invite(&acme, 0, specific, rate.clone()).await;
                assert_eq!(refused.status, 422, "{rate}: {}", refused.text);
                let refused = refused.faults(&[("/reimbursement_rate", code)]);
                words.insert((code, refused.body["errors"][0]["detail"].as_str().unwrap().to_owned()));
            }
        }
        // Each reason has its own message; zero and less are told apart.
        assert_eq!(words.len(), 6, "{words:?}");
        assert_eq!((app.database.count("accounts"), app.database.count("letters")), (1, 1));
        // Left out, or null, there is none.
        let made = invite(&acme, 0, false, Value::Null).await.expect(201).body;
        let account =
            acme.client.get(&format!("/v1/accounts/{}", text(&made, "/account/id"))).await.expect(200).body;
        assert_eq!(account["reimbursement"], Value::Null);
        app.letter().await;
    }
}

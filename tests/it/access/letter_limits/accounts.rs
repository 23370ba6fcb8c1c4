//! The letters that the owners in one account's tree may ask for in a day.

use chrono::TimeDelta;
use reqwest::Method;

use super::{DAY, driver, rows, spent};
use crate::support::{
    Answer, TestApp,
    batches::BATCH,
    customers::{OWNERS, SUB_ACCOUNTS, with},
    json, on_both_databases,
};

on_both_databases! {
    with [("RESEND_COOLDOWN", "0s"), ("LETTERS_PER_ACCOUNT", "4")];
    async fn the_owners_of_a_tree_of_accounts_share_its_letters(app: TestApp) {
        let acme = app.owner("grace@acme.example", "Acme").await;
        let (_, mail) =
            app.invite_by(OWNERS, json!({ "email": "otto@acme.example", "account_id": acme.account })).await;
        app.activate(&mail.token).await.expect(201);
        let second = app.sign_in("otto@acme.example").await;
        let south = app.subsidiary("eve@south.example", &acme.account, "South").await;
        let zenith = app.owner("linus@zenith.example", "Zenith").await;
        let sent =
            acme.client.post(SUB_ACCOUNTS, &driver("d1@acme.example", &acme.account)).await.expect(201);
        // How often others have written to a mailbox is not an owner's to know.
        assert_eq!(sent.letter_quotas("ratelimit"), format!("\"account\";r=3;t={DAY}"));
        assert_eq!(sent.letter_quotas("ratelimit-policy"), format!("\"account\";q=4;w={DAY}"));
        second.post(SUB_ACCOUNTS, &driver("d2@acme.example", &acme.account)).await.expect(201);
        south.client.post(SUB_ACCOUNTS, &driver("d3@south.example", &south.account)).await.expect(201);
        let items = [driver("d4@acme.example", &south.account), driver("d5@acme.example", &acme.account)];
        let items = items.map(|item| with(item, json!({ "kind": "sub_account" })));
        let batch = acme.client.post(BATCH, &json!({ "invitations": items })).await.expect(200);
        assert_eq!(
            (&batch.body["results"][0]["status"], &batch.body["results"][1]["error"]["code"]),
            (&json!("invited"), &json!("rate_limited"))
        );
        assert_eq!(batch.letter_quotas("ratelimit"), format!("\"account\";r=0;t={DAY}"));
        let before = rows(&app);
        for (caller, account) in
            [(&acme.client, &acme.account), (&second, &acme.account), (&south.client, &south.account)]
        {
            assert_eq!(
                spent(caller.post(SUB_ACCOUNTS, &driver("new@acme.example", account)).await, "account"),
                DAY
            );
            let further = json!({ "email": "further@acme.example", "account_id": account });
            spent(caller.post(OWNERS, &further).await, "account");
        }
        spent(
            acme.client.post_empty(&format!("/v1/invitations/{}/resend", sent.text_of("id"))).await,
            "account",
        );
        spent(
            acme.client.update(&sent.text_of("id"), "*", &json!({ "email": "moved@acme.example" })).await,
            "account",
        );
        assert_eq!(rows(&app), before);
        // A link that is handed over is no letter; others have quotas of their own; staff have none.
        let by_hand = with(driver("hand@acme.example", &acme.account), json!({ "delivery": "link" }));
        acme.client.post(SUB_ACCOUNTS, &by_hand).await.expect(201);
        zenith.client.post(SUB_ACCOUNTS, &driver("d6@zenith.example", &zenith.account)).await.expect(201);
        let staff =
            app.admin().post(SUB_ACCOUNTS, &driver("d7@acme.example", &acme.account)).await.expect(201);
        assert_eq!(staff.letter_quotas("ratelimit"), format!("\"mailbox\";r=5;t={DAY}"));
        assert_eq!(app.letters().await.len(), 6);
        app.advance(TimeDelta::days(1));
        let again = app.sign_in("otto@acme.example").await;
        again.post(SUB_ACCOUNTS, &driver("d8@acme.example", &acme.account)).await.expect(201);
        app.letter().await;
    }

    /// Handed over, expired, and renewed by whoever has it: a letter that an owner could send to a stranger.
    async fn a_link_that_was_handed_over_is_renewed_on_the_account(app: TestApp) {
        let acme = app.owner("grace@acme.example", "Acme").await;
        let mut tokens = Vec::new();
        for number in 0..6 {
            let body = with(
                driver(&format!("d{number}@acme.example"), &acme.account),
                json!({ "delivery": "link" }),
            );
            let link = acme.client.post(SUB_ACCOUNTS, &body).await.expect(201).text_of("activation_link");
            tokens.push(link.split_once("?token=").unwrap().1.to_owned());
        }
        app.advance(TimeDelta::days(2));
        for (number, token) in tokens.iter().enumerate() {
            let renewed = app.anonymous().post("/v1/activations/renew", &json!({ "token": token })).await;
            if number < 4 {
                renewed.expect(202);
            } else {
                let refused = renewed.problem(429, "rate_limited");
                assert_eq!(refused.header("retry-after"), DAY.to_string());
                let page = Answer::of(
                    app.anonymous().request(Method::POST, "/activate/renew").form(&[("token", token)]),
                )
                .await
                .expect(429);
                assert_eq!(page.header("retry-after"), DAY.to_string());
            }
        }
        // One that was mailed is its reader's own to renew.
        let mailed = app.letters().await;
        assert_eq!(mailed.len(), 4);
        app.advance(TimeDelta::hours(24));
        app.anonymous().post("/v1/activations/renew", &json!({ "token": mailed[0].token })).await.expect(202);
        app.letter().await;
    }
}

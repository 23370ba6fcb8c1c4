//! The filters of `GET /v1/users` and `GET /v1/invitations`, and their search.

mod as_a_plain_scan;

use chrono::TimeDelta;
use invitation_service::domain::role::Role;
use serde_json::Value;

use crate::{
    support::lists::{column, found, query},
    support::{PASSWORD, TestApp, json, on_both_databases},
};

/// Invites somebody who activates at once, with this name.
async fn colleague(app: &TestApp, email: &str, roles: &[&str], first_name: &str, last_name: &str) -> Value {
    let (invitation, mail) = app.invite(email, roles).await;
    let body = json!({
        "token": mail.token, "password": PASSWORD, "first_name": first_name, "last_name": last_name
    });
    app.anonymous().post("/v1/activations", &body).await.expect(201);
    invitation
}

on_both_databases! {
    async fn each_filter_and_all_together(app: TestApp) {
        let admin = app.admin();
        colleague(&app, "grace@example.com", &["finance", "viewer"], "Grace", "Hopper").await;
        colleague(&app, "linus@example.com", &["admin"], "Linus", "Torvalds").await;
        let expired = app.invite_unsent("late@example.com", &["viewer"]).await;
        app.advance(TimeDelta::hours(24));
        app.invite_unsent("eve@example.com", &["viewer"]).await;
        let revoked = app.invite_unsent("gone@example.com", &["viewer"]).await;
        admin
            .post_empty(&format!("/v1/invitations/{}/revoke", revoked["id"].as_str().unwrap()))
            .await
            .expect(200);

        for (filter, expected) in [
            ("", vec!["gone", "eve", "late", "linus", "grace"]),
            ("status=pending", vec!["eve"]),
            ("status=expired", vec!["late"]),
            ("status=activated", vec!["linus", "grace"]),
            ("status=revoked", vec!["gone"]),
            ("kind=system_user", vec!["gone", "eve", "late", "linus", "grace"]),
            ("kind=account_owner", vec![]),
            ("kind=sub_account", vec![]),
            ("email=LINUS%40example.COM", vec!["linus"]),
            ("email=nobody%40example.com", vec![]),
            ("email=linus%40example.com&status=pending", vec![]),
            ("email=linus%40example.com&status=activated&kind=system_user&search=torv", vec!["linus"]),
            ("search=g", vec!["gone", "grace"]),
            ("search=g&status=activated", vec!["grace"]),
            ("search=Grace%20%3CGRACE%40example.com%3E", vec!["grace"]),
            ("search=mailto%3Agrace%40example.com", vec!["grace"]),
            ("search=grace%40example.c", vec!["grace"]),
            ("search=grace%40", vec!["grace"]),
            ("search=nobody", vec![]),
        ] {
            assert_eq!(found(&admin, &format!("/v1/invitations?{filter}")).await, expected, "{filter}");
        }
        for (filter, expected) in [
            ("", vec!["eve", "late", "linus", "grace"]),
            ("status=invited", vec!["eve", "late"]),
            ("status=active", vec!["linus", "grace"]),
            ("status=blocked", vec![]),
            ("kind=system_user", vec!["eve", "late", "linus", "grace"]),
            ("kind=customer", vec![]),
            ("role=viewer", vec!["grace"]),
            ("role=finance", vec!["grace"]),
            ("role=admin", vec!["linus"]),
            ("role=user_manager", vec![]),
            ("role=viewer&status=invited", vec![]),
            ("role=admin&status=active&kind=system_user&search=linus", vec!["linus"]),
        ] {
            assert_eq!(found(&admin, &format!("/v1/users?{filter}")).await, expected, "{filter}");
        }
        // An expired invitation that a newer one replaced is still in the list, as expired.
        app.invite_unsent("late@example.com", &["viewer"]).await;
        assert_eq!(found(&admin, "/v1/invitations?email=late%40example.com").await, ["late", "late"]);
        let old = admin.get("/v1/invitations?email=late%40example.com&status=expired").await.expect(200);
        assert_eq!(column(&old, "id"), [expired["id"].as_str().unwrap()]);
        app.caller(&[Role::Finance], &[])
            .get("/v1/users?kind=system_user&status=active")
            .await
            .problem(403, "forbidden");
        app.letters().await;
    }

    async fn search_in_any_script_and_case(app: TestApp) {
        let admin = app.admin();
        colleague(&app, "E.Muller@STRASSE.example", &["viewer"], "Élodie", "Müller-Straße").await;
        colleague(&app, "ivan@example.com", &["viewer"], "Иван", "ΟΔΥΣΣΕΥΣ").await;
        colleague(&app, "back@example.com", &["viewer"], "Back\\slash", "100%_sure").await;
        for email in ["50%off@example.com", "under_score@example.com", "plain@bücher.example"] {
            app.invite_unsent(email, &["viewer"]).await;
        }
        for (text, expected) in [
            ("ÉLODIE", vec!["E.Muller"]),
            ("élod", vec!["E.Muller"]),
            ("müLLER-s", vec!["E.Muller"]),
            ("STRASSE", vec!["E.Muller"]),
            ("straße", vec!["E.Muller"]),
            ("élodie müller", vec!["E.Muller"]),
            ("e.muller@strasse", vec!["E.Muller"]),
            ("ИВАН", vec!["ivan"]),
            ("иван οδυσσευς", vec!["ivan"]),
            ("οδυσσευσ", vec!["ivan"]),
            ("BÜCHER", vec!["plain"]),
            ("%", vec!["50%off", "back"]),
            ("_", vec!["under_score", "back"]),
            ("\\", vec!["back"]),
            ("%_", vec!["back"]),
            ("0%o", vec!["50%off"]),
            ("\\s", vec!["back"]),
            ("'", vec![]),
            ("  ivan  ", vec!["ivan"]),
            ("a%b", vec![]),
            ("\"; --", vec![]),
            ("  ", vec!["plain", "under_score", "50%off", "back", "ivan", "E.Muller"]),
        ] {
            for list in ["/v1/users", "/v1/invitations"] {
                assert_eq!(
                    found(&admin, &format!("{list}?{}", query(&[("search", text)]))).await,
                    expected,
                    "{list} {text}"
                );
            }
        }
    }

    async fn what_no_filter_takes(app: TestApp) {
        let admin = app.admin();
        for list in ["/v1/users", "/v1/invitations"] {
            let long = "ß".repeat(257);
            for text in ["\0", "a\u{7}b", &long, &"a".repeat(60_000)] {
                admin
                    .get(&format!("{list}?{}", query(&[("search", text)])))
                    .await
                    .faults(&[("search", "invalid_search")]);
            }
            admin.get(&format!("{list}?{}", query(&[("search", &long[2..])]))).await.expect(200);
            for value in ["", "foo", "PENDING", "pending,", ",", "pending,foo", "pending%20", "%00"] {
                admin
                    .get(&format!("{list}?status={value}&kind={value}"))
                    .await
                    .faults(&[("status", "unknown_value"), ("kind", "unknown_value")]);
            }
        }
        admin.get("/v1/users?role=boss&status=nope&limit=0&surname=x").await.faults(&[
            ("role", "unknown_value"),
            ("status", "unknown_value"),
            ("limit", "invalid_limit"),
            ("surname", "unknown_parameter"),
        ]);
        for bytes in ["%FF", "a%ED%A0%80", "%C3"] {
            for (list, name) in [("users", "search"), ("accounts", "search"), ("audit-events", "actor")] {
                let refused = admin.get(&format!("/v1/{list}?limit=5&{name}={bytes}")).await;
                refused.faults(&[(name, "not_utf8")]);
            }
            let refused = admin.get(&format!("/v1/invitations?email={bytes}&limit=0")).await;
            let faults = [("email", "not_utf8"), ("limit", "invalid_limit"), ("email", "invalid_email")];
            refused.faults(&faults);
        }
        for email in ["", "ada", "ada%00@example.com"] {
            admin.get(&format!("/v1/invitations?email={email}")).await.faults(&[("email", "invalid_email")]);
        }
        let empty = admin.get("/v1/users").await.expect(200);
        assert_eq!(
            (empty.body.clone(), empty.header("link")),
            (json!({ "data": [], "next_cursor": null }), "")
        );
    }
}

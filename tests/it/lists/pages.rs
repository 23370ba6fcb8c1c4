//! `GET /v1/users`, `GET /v1/invitations` and timelines: order, limits, pages, cursors.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::support::{
    TestApp,
    lists::{column, found, query},
    on_both_databases,
};

/// The cursor with another value of the order, or none, and the check that belongs to it.
fn forged(cursor: &str, key: Option<&str>) -> String {
    let mut bytes = URL_SAFE_NO_PAD.decode(cursor).unwrap();
    bytes.truncate(bytes.len() - 4);
    let end = bytes.iter().skip(8).position(|byte| *byte == b'\n').map_or(bytes.len(), |place| place + 8);
    bytes.truncate(end);
    if let Some(key) = key {
        bytes.push(b'\n');
        bytes.extend(key.as_bytes());
    }
    let check = Sha256::digest(&bytes);
    bytes.extend(&check[..4]);
    URL_SAFE_NO_PAD.encode(bytes)
}

on_both_databases! {
    async fn limits_and_the_order(app: TestApp) {
        let admin = app.admin();
        let mut invited = Vec::new();
        for index in 0..205 {
            invited.push(
                app.invite_unsent(&format!("colleague{index}@example.com"), &["viewer"]).await["id"]
                    .as_str()
                    .unwrap()
                    .to_owned(),
            );
        }
        invited.reverse();
        for list in ["/v1/invitations", "/v1/users"] {
            for (limit, rows) in [
                ("", 50),
                ("?limit=1", 1),
                ("?limit=200", 200),
                ("?limit=201", 200),
                ("?limit=99999999999999999999999", 200),
            ] {
                let page = admin.get(&format!("{list}{limit}")).await.expect(200);
                let ids = column(&page, if list == "/v1/users" { "pending_invitation_id" } else { "id" });
                assert_eq!(ids, invited[..rows], "{list}{limit}");
                assert!(page.body["next_cursor"].is_string());
            }
            for limit in ["0", "-1", "x", "", "1.5", "%2B5", "%205", "0x10", "٣"] {
                admin.get(&format!("{list}?limit={limit}")).await.faults(&[("limit", "invalid_limit")]);
            }
        }
    }

    async fn pages_lose_and_repeat_nothing_while_rows_arrive(app: TestApp) {
        let admin = app.admin();
        let mut expected = Vec::new();
        for index in 0..7 {
            expected.push(
                app.invite_unsent(&format!("colleague{index}@example.com"), &["viewer"]).await["email"]
                    .as_str()
                    .unwrap()
                    .to_owned(),
            );
        }
        expected.reverse();
        for list in ["/v1/invitations", "/v1/users"] {
            let mut seen = Vec::new();
            let mut next = Some(format!("{list}?search=colleague&limit=3"));
            let mut pages = 0;
            while let Some(path) = next {
                let page = admin.get(&path).await.expect(200);
                seen.extend(column(&page, "email"));
                pages += 1;
                app.invite_unsent(&format!("{}{pages}.colleague.late@example.com", &list[4..]), &["viewer"])
                    .await;
                next = page.body["next_cursor"].as_str().map(|cursor| {
                    let link = page
                        .header("link")
                        .strip_prefix('<')
                        .unwrap()
                        .strip_suffix(">; rel=\"next\"")
                        .unwrap()
                        .to_owned();
                    assert!(
                        link.contains(&query(&[("cursor", cursor)])) && link.contains("limit=3"),
                        "{link}"
                    );
                    link
                });
                assert_eq!(page.header("link").is_empty(), next.is_none());
            }
            let late = seen.iter().filter(|email| email.contains("late")).count();
            // Rows that came before this list was begun are in it; those that came meanwhile are not.
            assert_eq!(late, if list == "/v1/users" { 3 } else { 0 }, "{seen:?}");
            seen.retain(|email| !email.contains("late"));
            assert_eq!((&seen, pages), (&expected, if list == "/v1/users" { 4 } else { 3 }));
        }
        // A page that is just full is the last one.
        let full = admin.get("/v1/users?limit=14").await.expect(200);
        assert_eq!((column(&full, "id").len(), &full.body["next_cursor"]), (14, &Value::Null));
    }

    async fn a_forged_cursor_is_refused(app: TestApp) {
        let admin = app.admin();
        for name in ["ada", "eve", "joe"] {
            app.invite_unsent(&format!("{name}@example.com"), &["viewer"]).await;
        }
        let long = "a".repeat(5000);
        let texts = ["", "a\0b", "ada", "Ada@example.com", "a\u{FFFF}@example.com", &long];
        for (list, sort, genuine) in [
            ("invitations", "email", Some("ada@example.com")),
            ("invitations", "expires_at", Some("2026-11-26T12:00:00.000Z")),
            ("invitations", "created_at", None),
            ("invitations", "-created_at", None),
            ("users", "email", Some("ada@example.com")),
            ("users", "created_at", None),
        ] {
            let path = format!("/v1/{list}?limit=1&sort={sort}");
            let cursor = admin.get(&path).await.expect(200).text_of("next_cursor");
            admin.get(&format!("{path}&cursor={}", forged(&cursor, genuine))).await.expect(200);
            let other = if genuine.is_some() { None } else { Some("ada@example.com") };
            for key in texts.into_iter().map(Some).chain([other]) {
                let refused = admin.get(&format!("{path}&cursor={}", forged(&cursor, key))).await;
                refused.faults(&[("cursor", "invalid_cursor")]);
            }
        }
    }

    async fn cursors_belong_to_their_filters(app: TestApp) {
        let admin = app.admin();
        for name in ["ada", "eve", "joe"] {
            app.invite_unsent(&format!("{name}@example.com"), &["viewer"]).await;
        }
        for (list, others) in [
            (
                "/v1/invitations",
                vec!["status=pending", "kind=system_user", "search=ada", "email=ada%40example.com"],
            ),
            ("/v1/users", vec!["status=invited", "kind=system_user", "search=ada", "role=viewer"]),
        ] {
            let cursor = admin.get(&format!("{list}?limit=1")).await.expect(200).text_of("next_cursor");
            assert_eq!(found(&admin, &format!("{list}?limit=5&cursor={cursor}")).await, ["eve", "ada"]);
            for filter in others {
                admin.get(&format!("{list}?{filter}&cursor={cursor}")).await.problem(422, "cursor_mismatch");
                let bound = admin.get(&format!("{list}?{filter}&limit=1")).await.expect(200);
                if let Some(bound) = bound.body["next_cursor"].as_str() {
                    admin.get(&format!("{list}?cursor={bound}")).await.problem(422, "cursor_mismatch");
                    admin.get(&format!("{list}?{filter}&cursor={bound}")).await.expect(200);
                }
            }
            let other_list = if list == "/v1/users" { "/v1/invitations" } else { "/v1/users" };
            admin.get(&format!("{other_list}?cursor={cursor}")).await.problem(422, "cursor_mismatch");
            let swapped = format!("{}{}", if cursor.starts_with('A') { "B" } else { "A" }, &cursor[1..]);
            for damaged in [
                "",
                "x",
                "%00",
                &cursor[1..],
                &cursor[..cursor.len() - 1],
                &cursor[..cursor.len() / 2],
                &swapped,
            ] {
                admin.get(&format!("{list}?cursor={damaged}")).await.faults(&[("cursor", "invalid_cursor")]);
            }
        }
    }

    async fn timelines_have_pages_too(app: TestApp) {
        let (invitation, mail) = app.invite("ada@example.com", &["viewer"]).await;
        app.activate(&mail.token).await.expect(201);
        let path = format!("/v1/invitations/{}/events", invitation["id"].as_str().unwrap());
        let mut types = Vec::new();
        let mut next = Some(format!("{path}?limit=3"));
        while let Some(at) = next {
            let page = app.admin().get(&at).await.expect(200);
            types.extend(column(&page, "type"));
            next = page.body["next_cursor"].as_str().map(|cursor| format!("{path}?limit=3&cursor={cursor}"));
        }
        assert_eq!(types, ["created", "email_queued", "email_sent", "activated"]);
        app.admin().get(&format!("{path}?cursor=x")).await.faults(&[("cursor", "invalid_cursor")]);
        app.admin()
            .get(&format!("{path}?limit=0&status=x"))
            .await
            .faults(&[("limit", "invalid_limit"), ("status", "unknown_parameter")]);
    }
}

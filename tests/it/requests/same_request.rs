//! One request in other bytes: how a body may be written, what a path may end with, and what is the same for
//! an `Idempotency-Key`.

use reqwest::Method;

use crate::support::{
    Answer, Client, TestApp,
    batches::{BATCH, RESEND, results, words},
    customers::text,
    json, on_both_databases,
};

const INVITE: &str = "/v1/system-users/invitations";
const MARK: &str = "\u{feff}";

async fn keyed(client: &Client, path: &str, key: &str, body: impl Into<reqwest::Body>) -> Answer {
    let request = client
        .request(Method::POST, path)
        .header("idempotency-key", key)
        .header("content-type", "application/json");
    Answer::of(request.body(body)).await
}

on_both_databases! {
    async fn the_same_value_is_the_same_request(app: TestApp) {
        let admin = app.admin();
        let first = keyed(
            &admin,
            INVITE,
            "k",
            r#"{"email":"zoë@example.com","roles":["viewer","finance"],"locale":null}"#,
        )
        .await;
        // The part before the @ is ASCII.
        let first = first.problem(422, "validation_failed");
        for same in [
            "{ \"email\" : \"zoë@example.com\" ,\r\n\t\"roles\" : [ \"viewer\" , \"finance\" ] , \"locale\" \
            : null }\n",
            r#"{"locale":null,"roles":["viewer","finance"],"email":"zoë@example.com"}"#,
            r#"{"email":"zo\u00eb@example.com","roles":["view\u0065r","finance"],"locale":null}"#,
            r#"{"\u0065mail":"zo\u00EB@example\u002ecom","roles":["viewer","finance"],"locale":null}"#,
            &format!("{MARK}{}", r#"{"email":"zoë@example.com","roles":["viewer","finance"],"locale":null}"#),
        ] {
            let again = keyed(&admin, INVITE, "k", same.to_owned()).await.expect(422);
            assert_eq!((again.header("idempotency-replayed"), &again.text), ("true", &first.text), "{same}");
        }
        for other in [
            r#"{"email":"zoë@example.com","roles":["finance","viewer"],"locale":null}"#,
            r#"{"email":"zoë@example.com","roles":["viewer","finance"]}"#,
            r#"{"email":"zoe@example.com","roles":["viewer","finance"],"locale":null}"#,
            r#"{"email":"zoë@example.com","roles":["viewer","finance"],"locale":null,"locale":null}"#,
            r#"{"email":"zoë@example.com","roles":["viewer","finance"],"locale":null"#,
        ] {
            keyed(&admin, INVITE, "k", other).await.problem(422, "idempotency_key_reused");
        }
        let body = json!({ "email": "ada@example.com", "roles": ["viewer"], "delivery": "link" });
        let first = keyed(&admin, INVITE, "link", body.to_string()).await.expect(201);
        let pretty = serde_json::to_string_pretty(&body).unwrap();
        let again = keyed(&admin, INVITE, "link", pretty).await.expect(201);
        assert_eq!((again.header("idempotency-replayed"), &again.text), ("true", &first.text));
    }

    async fn so_it_is_in_batches_and_without_a_body_that_is_needed(app: TestApp) {
        let admin = app.admin();
        let batch = concat!(
            r#"{"invitations":[{"kind":"system_user","email":"ada@example.com","roles":["viewer"]}],"#,
            r#""validate_only":false}"#
        );
        let first = keyed(&admin, BATCH, "b", batch).await;
        assert_eq!(words(&results(&first)), ["invited"]);
        for same in [
            format!("{MARK}{batch}"),
            "{\"validate_only\": false,\n\"invitations\": [{\"roles\": \
            [\"viewer\"], \"kind\": \"system_user\", \"email\": \"ad\\u0061@example.com\"}]}"
                .to_owned(),
        ] {
            let again = keyed(&admin, BATCH, "b", same).await.expect(200);
            assert_eq!((again.header("idempotency-replayed"), &again.text), ("true", &first.text));
        }
        let other = batch.replace("\"viewer\"", "\"viewer\",\"finance\"");
        keyed(&admin, BATCH, "b", other).await.problem(422, "idempotency_key_reused");
        let id = first.body["results"][0]["invitation"]["id"].as_str().unwrap();
        let judged = format!(r#"{{"ids":["{id}"],"validate_only":true}}"#);
        let first = keyed(&admin, RESEND, "r", judged.clone()).await.expect(200);
        let again = keyed(&admin, RESEND, "r", judged.replace(':', " : ")).await.expect(200);
        assert_eq!((again.header("idempotency-replayed"), &again.text), ("true", &first.text));
        app.letter().await;
    }

    /// The path as it is understood: with a slash at its end, or with letters escaped, it is the same one.
    async fn the_same_path_is_the_same_request(app: TestApp) {
        let admin = app.admin();
        let body = r#"{"email":"ada@example.com","roles":["viewer"]}"#;
        let first = keyed(&admin, INVITE, "k", body).await.expect(201);
        for path in ["/v1/system-users/invitations/", "/v1/system%2Dusers/%69nvitations"] {
            let again = keyed(&admin, path, "k", body).await.expect(201);
            assert_eq!((again.header("idempotency-replayed"), &again.text), ("true", &first.text), "{path}");
        }
        app.letter().await;
    }

    async fn a_byte_order_mark_before_a_body_says_nothing(app: TestApp) {
        let admin = app.admin();
        let body = format!("{MARK}{}", json!({ "email": "ada@example.com", "roles": ["viewer"] }));
        let made = admin.post_raw(INVITE, "application/json", body).await.expect(201);
        let id = made.text_of("id");
        let changed = admin
            .request(Method::PATCH, &format!("/v1/invitations/{id}"))
            .header("if-match", made.header("etag"));
        let changed = changed
            .header("content-type", "application/merge-patch+json")
            .body(format!("{MARK}{{\"roles\": [\"finance\"]}}"));
        Answer::of(changed).await.expect(200);
        let token = app.letter().await.token;
        let preview = format!("{MARK}{}", json!({ "token": token }));
        app.anonymous().post_raw("/v1/activations/preview", "application/json", preview).await.expect(200);
        let batch = format!(
            "{MARK}{}",
            json!({
                "invitations": [{ "kind": "system_user", "email": "eve@example.com", "roles": ["viewer"] }]
            })
        );
        assert_eq!(words(&results(&admin.post_raw(BATCH, "application/json", batch).await)), ["invited"]);
        app.letter().await;
        // Alone it is no body, twice it is no JSON, and in another encoding neither.
        admin.post_raw(INVITE, "application/json", MARK).await.problem(400, "malformed_json");
        for body in
            [format!("{MARK}{MARK}{{}}").into_bytes(), b"\xff\xfe{\0}\0".to_vec(), b"\xfe\xff\0{\0}".to_vec()]
        {
            admin.post_raw(INVITE, "application/json", body).await.problem(400, "malformed_json");
        }
    }

    async fn how_json_is_called(app: TestApp) {
        let admin = app.admin();
        let kinds = [
            "application/json ; charset=utf-8",
            "application/json;charset=UTF-8",
            "APPLICATION/JSON",
            "application/json ;",
            " application/json",
            "application/json; charset=\"utf-8\"",
        ];
        for (index, kind) in kinds.into_iter().enumerate() {
            let body = json!({ "email": format!("ada{index}@example.com"), "roles": ["viewer"] }).to_string();
            admin.post_raw(INVITE, kind, body).await.expect(201);
        }
        for kind in [
            "text/plain",
            "application/jsonx",
            "application/x-www-form-urlencoded",
            "application json",
            "application/merge-patch+json",
        ] {
            admin.post_raw(INVITE, kind, "{}").await.problem(415, "unsupported_media_type");
        }
        app.letters().await;
    }

    /// `null` is no body where the body may be left out, and none where it may not.
    async fn null_is_no_body(app: TestApp) {
        let admin = app.admin();
        let (made, _) = app.invite("ada@example.com", &["viewer"]).await;
        let id = text(&made, "/id");
        app.advance(chrono::TimeDelta::minutes(2));
        admin.post_raw(&format!("/v1/invitations/{id}/resend"), "application/json", "null").await.expect(200);
        app.letter().await;
        app.advance(chrono::TimeDelta::minutes(2));
        let user = text(&made, "/user_id");
        admin
            .post_raw(&format!("/v1/users/{user}/resend-invitation"), "application/json", " null ")
            .await
            .expect(200);
        app.letter().await;
        admin.post_raw(INVITE, "application/json", "null").await.faults(&[("", "wrong_type")]);
        admin.post_raw(&format!("/v1/invitations/{id}/revoke"), "application/json", "null").await.expect(200);
    }

    async fn a_trailing_slash_is_the_same_route(app: TestApp) {
        let (made, mail) = app.invite("ada@example.com", &["viewer"]).await;
        let (admin, anonymous) = (app.admin(), app.anonymous());
        let (id, user) = (text(&made, "/id"), text(&made, "/user_id"));
        for path in [
            "/v1/users".to_owned(),
            "/v1/roles".to_owned(),
            "/v1/invitations".to_owned(),
            "/v1/accounts".to_owned(),
            format!("/v1/users/{user}"),
            format!("/v1/invitations/{id}"),
            format!("/v1/invitations/{id}/events"),
            "/healthz".to_owned(),
            "/readyz".to_owned(),
            "/openapi.json".to_owned(),
            "/problems/not_found".to_owned(),
        ] {
            let (one, other) =
                (admin.get(&path).await.expect(200), admin.get(&format!("{path}/")).await.expect(200));
            assert_eq!(one.text, other.text, "{path}");
            assert_eq!(one.header("cache-control"), other.header("cache-control"), "{path}");
        }
        let list = admin.get("/v1/users/?limit=1&search=ada").await.expect(200);
        assert_eq!(list.body["data"].as_array().unwrap().len(), 1);
        // What is decided by the path is decided for both.
        let preview =
            anonymous.post("/v1/activations/preview/", &json!({ "token": mail.token })).await.expect(200);
        assert_eq!(
            (preview.header("cache-control"), preview.header("ratelimit-policy").is_empty()),
            ("no-store", false)
        );
        let page = anonymous.get(&format!("/activate/?token={}", mail.token)).await.expect(200);
        assert_eq!(
            (page.header("cache-control"), page.header("ratelimit-policy").is_empty()),
            ("no-store", false)
        );
        anonymous
            .call(Method::GET, "/v1/users/", &[("accept", "text/html")])
            .await
            .problem(406, "not_acceptable");
        let csv = admin.call(Method::GET, "/v1/users/", &[("accept", "text/csv")]).await.expect(200);
        assert!(csv.header("content-type").starts_with("text/csv"));
        let allowed = admin.call(Method::DELETE, "/v1/users/", &[]).await.problem(405, "method_not_allowed");
        assert_eq!(
            allowed.header("allow"),
            admin.call(Method::DELETE, "/v1/users", &[]).await.header("allow")
        );
        admin.call(Method::GET, "/v1/invitations/batch/", &[]).await.problem(405, "method_not_allowed");
        admin.get("/v1/nothing/").await.problem(404, "not_found");
        assert_eq!(anonymous.get("/docs/").await.text, anonymous.get("/docs").await.text);
        let body = json!({ "email": "eve@example.com", "roles": ["viewer"] });
        admin.post("/v1/system-users/invitations/", &body).await.expect(201);
        app.letter().await;
    }
}

//! `ETag` and `If-None-Match`, and compressed answers.

use std::io::Read;

use flate2::read::GzDecoder;
use reqwest::Method;
use serde_json::Value;

use crate::support::{Answer, Client, TestApp, json, on_both_databases};

async fn known(client: &Client, path: &str, tags: &str) -> Answer {
    client.call(Method::GET, path, &[("if-none-match", tags)]).await
}

/// The encoding, the tag, and the text of an answer, uncompressed.
async fn compressed(client: &Client, path: &str, accept: &str) -> (String, String, String) {
    let response = client.request(Method::GET, path).header("accept-encoding", accept).send().await.unwrap();
    let header = |name| {
        response
            .headers()
            .get(name)
            .map_or("", |value: &reqwest::header::HeaderValue| value.to_str().unwrap())
            .to_owned()
    };
    let (encoding, tag) = (header("content-encoding"), header("etag"));
    assert!(header("vary").to_ascii_lowercase().contains("accept-encoding"), "{path}");
    let bytes = response.bytes().await.unwrap();
    let mut text = String::new();
    if encoding == "gzip" {
        GzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
    } else {
        text = String::from_utf8(bytes.to_vec()).unwrap();
    }
    (encoding, tag, text)
}

on_both_databases! {
    async fn an_answer_that_the_caller_has_is_not_sent_again(app: TestApp) {
        let admin = app.admin();
        let (invitation, mail) = app.invite("ada@example.com", &["viewer"]).await;
        let (id, user) = (invitation["id"].as_str().unwrap(), invitation["user_id"].as_str().unwrap());
        let invitation = format!("/v1/invitations/{id}");
        let paths = [
            "/v1/invitations".to_owned(),
            invitation.clone(),
            format!("{invitation}/events"),
            "/v1/users".to_owned(),
            format!("/v1/users/{user}"),
            "/v1/accounts".to_owned(),
            "/v1/roles".to_owned(),
            "/v1/me".to_owned(),
            "/v1/suppressions".to_owned(),
            "/v1/api-clients".to_owned(),
            app.api_client(json!({ "scopes": ["audit:read"] })).await.path(),
            "/v1/webhook-endpoints".to_owned(),
            "/v1/audit-events?action=sign_in".to_owned(),
            "/openapi.json".to_owned(),
            "/.well-known/jwks.json".to_owned(),
            "/.well-known/openid-configuration".to_owned(),
        ];
        let mut tags = Vec::new();
        for path in &paths {
            let first = admin.get(path).await.expect(200);
            let tag = first.header("etag").to_owned();
            assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() > 20, "{path}: {tag}");
            for sent in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
                let unchanged = known(&admin, path, &sent).await.expect(304);
                assert_eq!(
                    (unchanged.text.as_str(), unchanged.header("etag")),
                    ("", tag.as_str()),
                    "{path} {sent}"
                );
                assert_eq!(unchanged.header("cache-control"), first.header("cache-control"), "{path}");
            }
            for sent in ["\"other\"", "nonsense", ""] {
                assert_eq!(known(&admin, path, sent).await.expect(200).text, first.text, "{path} {sent}");
            }
            tags.push(tag);
        }
        // It is not known to those who may not see it.
        known(&app.anonymous(), &invitation, &tags[1]).await.problem(401, "unauthenticated");
        known(&app.caller(&[], &[]), &invitation, &tags[1]).await.problem(404, "not_found");
        // Whatever an answer shows is in its tag; what PATCH is compared by stays as it was.
        app.activate(&mail.token).await.expect(201);
        for (path, tag) in paths.iter().zip(&tags).take(5) {
            let changed = known(&admin, path, tag).await.expect(200);
            assert_ne!(changed.header("etag"), tag, "{path}");
        }
        let (again, _) = app.invite("eve@example.com", &["viewer"]).await;
        let path = format!("/v1/invitations/{}", again["id"].as_str().unwrap());
        let tag = admin.get(&path).await.expect(200).header("etag").to_owned();
        let amended = admin
            .update(again["id"].as_str().unwrap(), &tag, &json!({ "roles": ["finance"] }))
            .await
            .expect(200);
        admin
            .update(again["id"].as_str().unwrap(), &tag, &json!({ "roles": ["viewer"] }))
            .await
            .problem(412, "precondition_failed");
        let shown = admin.get(&path).await.expect(200);
        assert_eq!(shown.header("etag"), amended.header("etag"));
    }

    async fn long_lists_and_documents_are_compressed_for_those_who_ask(app: TestApp) {
        let admin = app.admin();
        for number in 0..10 {
            app.invite(&format!("ada{number}@example.com"), &["viewer"]).await;
        }
        for path in ["/v1/invitations", "/v1/users", "/openapi.json"] {
            let (encoding, plain_tag, plain) = compressed(&admin, path, "identity").await;
            assert_eq!(encoding, "", "{path}");
            for accept in ["gzip", "gzip, deflate, br, zstd", "br;q=1.0, gzip;q=0.8"] {
                let (encoding, tag, text) = compressed(&admin, path, accept).await;
                assert_eq!((encoding.as_str(), text == plain), ("gzip", true), "{path} {accept}");
                // Another representation, with a tag of its own.
                assert_eq!(tag, format!("{}-gzip\"", plain_tag.trim_end_matches('"')));
                let asked = [("if-none-match", tag.as_str()), ("accept-encoding", accept)];
                admin.call(Method::GET, path, &asked).await.expect(304);
            }
            for accept in ["", "br", "gzip;q=0", "identity, gzip;q=0.5", "*;q=0"] {
                let (encoding, tag, text) = compressed(&admin, path, accept).await;
                assert_eq!(
                    (encoding.as_str(), &tag, text == plain),
                    ("", &plain_tag, true),
                    "{path} {accept}"
                );
            }
        }
        let csv = admin
            .request(Method::GET, "/v1/users")
            .header("accept", "text/csv")
            .header("accept-encoding", "gzip");
        let csv = csv.send().await.unwrap();
        assert_eq!(csv.headers()["content-encoding"], "gzip");
        let mut text = String::new();
        GzDecoder::new(&csv.bytes().await.unwrap()[..]).read_to_string(&mut text).unwrap();
        assert_eq!(text.lines().count(), 11, "{text}");
    }

    /// The length of a compressed answer would tell what is in it (BREACH).
    async fn answers_with_tokens_are_never_compressed(app: TestApp) {
        let (invitation, mail) = app.invite("ada@example.com", &["viewer"]).await;
        let gzip = [("accept-encoding", "gzip")];
        let admin = app.admin();
        let page = app
            .anonymous()
            .call(Method::GET, &format!("/activate?token={}", mail.token), &gzip)
            .await
            .expect(200);
        let one = admin
            .call(Method::GET, &format!("/v1/invitations/{}", invitation["id"].as_str().unwrap()), &gzip)
            .await
            .expect(200);
        let body = json!({ "token": mail.token });
        let preview = app
            .anonymous()
            .request(Method::POST, "/v1/activations/preview")
            .header("accept-encoding", "gzip")
            .json(&body);
        let batch = json!({ "invitations": (0..20).map(|number| json!({
            "kind": "system_user", "email": format!("b{number}@example.com"), "roles": ["viewer"],
            "delivery": "link"
        })).collect::<Vec<Value>>() });
        let batch = admin
            .request(Method::POST, "/v1/invitations/batch")
            .header("accept-encoding", "gzip")
            .json(&batch);
        for answer in [page, one, Answer::of(preview).await.expect(200), Answer::of(batch).await.expect(200)]
        {
            assert_eq!(answer.header("content-encoding"), "");
        }
    }
}

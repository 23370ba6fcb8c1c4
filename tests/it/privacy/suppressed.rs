//! An address that was suppressed stays so after its user was erased, by a hash alone.

use reqwest::Method;

use crate::support::{Answer, Backend, Home, TestApp, customers::text, json, on_both_databases, on_each};

const LIST: &str = "/v1/suppressions";

/// Puts an address on the list, as its reader does by a mailed link, and erases its user.
async fn suppressed_and_erased(app: &TestApp, email: &str) {
    let (made, mail) = app.invite(email, &["viewer"]).await;
    let form = [("token", mail.token.as_str()), ("confirm", "yes")];
    let request = app.anonymous().request(Method::POST, "/activate/unsubscribe").form(&form);
    Answer::of(request).await.expect(200);
    assert_eq!(app.database.count("suppressions"), 1);
    let user = text(&made, "/user_id");
    app.admin().call(Method::DELETE, &format!("/v1/users/{user}"), &[]).await.expect(204);
}

on_both_databases! {
    with [("RESEND_COOLDOWN", "0s"), ("RATE_LIMITS", "off")];

    async fn it_is_suppressed_again_when_it_is_invited_again(app: TestApp) {
        suppressed_and_erased(&app, "Ada@bücher.example").await;
        assert_eq!(app.admin().get(LIST).await.expect(200).body["data"], json!([]));
        assert_eq!(app.database.count("erased_suppressions"), 1);
        let hash = app.database.texts("SELECT hash AS text FROM erased_suppressions").remove(0);
        assert!(hash.len() == 32 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()), "{hash}");
        // Another address is not.
        app.invite("bob@bücher.example", &["viewer"]).await;
        let made = app.invite_unsent("ada@xn--bcher-kva.example", &["viewer"]).await;
        assert!(app.letters().await.is_empty());
        let listed = app.admin().get(LIST).await.expect(200).body["data"].clone();
        assert_eq!(listed[0]["reason"], "unsubscribed");
        assert_eq!(listed[0]["email"], "ada@xn--bcher-kva.example");
        assert_eq!(app.database.count("erased_suppressions"), 0);
        let shown = app.admin().get(&format!("/v1/invitations/{}", text(&made, "/id"))).await.expect(200);
        assert_eq!(shown.body["delivery"]["state"], "failed");
        // Staff can lift it, as any other.
        let entry = format!("{LIST}/{}", text(&listed[0], "/id"));
        app.admin().call(Method::DELETE, &entry, &[]).await.expect(204);
        app.admin().post_empty(&format!("/v1/invitations/{}/resend", text(&made, "/id"))).await.expect(200);
        app.letter().await;
    }

    async fn it_is_suppressed_when_an_invitation_is_moved_to_it(app: TestApp) {
        suppressed_and_erased(&app, "ada@example.com").await;
        let (made, _) = app.invite("bob@example.com", &["viewer"]).await;
        let change = json!({ "email": "ADA@example.com" });
        app.admin().update(text(&made, "/id"), "*", &change).await.expect(200);
        assert!(app.letters().await.is_empty());
        assert_eq!(app.database.count("suppressions"), 1);
    }

    async fn another_users_address_is_not_changed_to_it(app: TestApp) {
        suppressed_and_erased(&app, "ada@example.com").await;
        let (made, mail) = app.invite("bob@example.com", &["viewer"]).await;
        app.activate(&mail.token).await.expect(201);
        let change = json!({ "email": "ada@example.com" });
        let refused = app.admin().change_user(text(&made, "/user_id"), "*", &change).await;
        refused.faults(&[("/email", "address_suppressed")]);
        // A refusal reveals nothing and changes nothing.
        assert_eq!(app.database.count("suppressions"), 0);
        assert_eq!(app.database.count("erased_suppressions"), 1);
    }

    async fn a_link_of_an_erased_person_suppresses_nothing(app: TestApp) {
        let (made, mail) = app.invite("ada@example.com", &["viewer"]).await;
        let user = text(&made, "/user_id");
        app.admin().call(Method::DELETE, &format!("/v1/users/{user}"), &[]).await.expect(204);
        let form = [("token", mail.token.as_str()), ("confirm", "yes")];
        let request = app.anonymous().request(Method::POST, "/activate/unsubscribe").form(&form);
        assert_eq!(Answer::of(request).await.status, 404);
        assert_eq!(app.database.count("suppressions"), 0);
        // Nothing is kept of an address that was not suppressed.
        assert_eq!(app.database.count("erased_suppressions"), 0);
    }
}

on_each! {
    async fn the_previous_key_recognises_it(backend: Backend) {
        let mut home = Home::new(backend, &[]);
        let invite = json!({ "email": "ada@example.com", "roles": ["viewer"] });
        let server = home.start(&["serve", "--no-courier"]);
        let client = server.client(Some(home.token()));
        let made = client.post("/v1/system-users/invitations", &invite).await.expect(201).body;
        home.database.execute(
            "INSERT INTO suppressions (id, email, email_key, reason, created_at) VALUES
             ('sup_01m86xvxh0f46bs8r42wfv2z13', 'ada@example.com', 'ada@example.com', 'bounced',
              '2026-11-24T12:00:00.000Z')",
        );
        let user = format!("/v1/users/{}", text(&made, "/user_id"));
        client.call(Method::DELETE, &user, &[]).await.expect(204);
        assert_eq!(home.database.count("suppressions"), 0);
        server.stop().await;
        home.set("SECRET_KEY", "another key for tests that nobody else has");
        home.set("SECRET_KEY_PREVIOUS", "a key for tests that nobody else has");
        let server = home.start(&["serve", "--no-courier"]);
        let client = server.client(Some(home.token()));
        client.post("/v1/system-users/invitations", &invite).await.expect(201);
        assert_eq!(home.database.count("suppressions"), 1);
        server.stop().await;
    }
}

//! `/activate`: the page that a link opens.

use chrono::TimeDelta;
use invitation_service::domain::role::Role;
use reqwest::Method;

use crate::support::{Answer, PASSWORD, TestApp, handed_over::submit_form, json, on_both_databases};

/// The page, if it has this status and this heading, and everything that every page has.
#[track_caller]
fn page(answer: Answer, status: u16, heading: &str) -> String {
    let answer = answer.expect(status);
    assert!(answer.text.contains(&format!("<h1>{heading}</h1>")), "{}", answer.text);
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(
        (answer.header("cache-control"), answer.header("referrer-policy")),
        ("no-store", "no-referrer")
    );
    let policy = answer.header("content-security-policy");
    for rule in [
        "default-src 'none'",
        "style-src 'sha256-",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(rule), "{policy}");
    }
    for foreign in ["<script", "http://", "https://", " on", "<img", "@import"] {
        assert!(foreign == " on" || !answer.text.contains(foreign), "{foreign} in {}", answer.text);
    }
    answer.text
}

/// The part of a page that says what is wrong with a field.
#[track_caller]
fn error<'a>(page: &'a str, field: &str) -> &'a str {
    let start =
        page.find(&format!("id=\"{field}-error\"")).unwrap_or_else(|| panic!("no error at {field}: {page}"));
    &page[start..start + page[start..].find("</div>").unwrap()]
}

on_both_databases! {
    async fn opening_the_link_consumes_nothing(app: TestApp) {
        let (made, mail) = app.invite("ada@example.com", &["finance", "viewer"]).await;
        let path = mail.link.strip_prefix(&app.url).unwrap().to_owned();
        assert_eq!(path, format!("/activate?token={}", mail.token));
        for _ in 0..3 {
            let head = app.anonymous().call(Method::HEAD, &path, &[]).await.expect(200);
            assert_eq!((head.text.as_str(), head.header("content-type")), ("", "text/html; charset=utf-8"));
            let form = page(app.anonymous().get(&path).await, 200, "Activate your account");
            for shown in [
                "Grace Hopper",
                "EV Charging",
                "ada@example.com",
                "Finance",
                "Viewer",
                "Wednesday 25 November 2026, 12:00",
                "UTC",
                "At least 15 characters",
                "name=\"password\"",
                "name=\"first_name\"",
                "name=\"last_name\"",
            ] {
                assert!(form.contains(shown), "{shown} in {form}");
            }
            assert!(
                form.contains(&format!("<input type=\"hidden\" name=\"token\" value=\"{}\">", mail.token)),
                "{form}"
            );
            assert!(!form.contains("name=\"email\"") && !form.contains("-error\""), "{form}");
        }
        assert_eq!(
            app.timeline(made["id"].as_str().unwrap()).await,
            ["created", "email_queued", "email_sent", "opened"]
        );
        app.activate(&mail.token).await.expect(201);
    }

    async fn the_form_activates_once(app: TestApp) {
        let (made, mail) = app.invite("ada@example.com", &["viewer"]).await;
        let good = [
            ("token", mail.token.as_str()),
            ("password", PASSWORD),
            ("first_name", "Ada & co"),
            ("last_name", "Lovelace"),
        ];
        let done = page(submit_form(&app, &good).await, 200, "Your account is active");
        assert!(
            done.contains("Ada &amp; co") && done.contains("ada@example.com") && !done.contains(&mail.token),
            "{done}"
        );
        let user =
            app.admin().get(&format!("/v1/users/{}", made["user_id"].as_str().unwrap())).await.expect(200);
        assert_eq!((&user.body["status"], &user.body["first_name"]), (&json!("active"), &json!("Ada & co")));
        // The second half of a double click: calm words, no error.
        let again = page(submit_form(&app, &good).await, 410, "This link has been used");
        assert!(
            again.contains("If that was you, your account is active")
                && !again.contains("action=\"/activate\""),
            "{again}"
        );
        page(
            app.anonymous().get(&format!("/activate?token={}", mail.token)).await,
            410,
            "This link has been used",
        );
    }

    async fn errors_stand_beside_their_fields(app: TestApp) {
        let (_, mail) = app.invite("ada@example.com", &["viewer"]).await;
        let form = async |password: &str, first_name: &str, last_name: &str| {
            let fields = [
                ("token", mail.token.as_str()),
                ("password", password),
                ("first_name", first_name),
                ("last_name", last_name),
            ];
            page(submit_form(&app, &fields).await, 422, "Activate your account")
        };
        let faulty = form("zQ7-weak", "", "Love\"<b>lace").await;
        assert!(
            faulty.contains("Please check what you typed") && faulty.contains("<a href=\"#password\">"),
            "{faulty}"
        );
        assert!(error(&faulty, "password").contains("Use at least 15 characters."));
        assert!(error(&faulty, "first_name").contains("Please fill this in."));
        assert!(
            faulty.contains("value=\"Love&quot;&lt;b&gt;lace\"")
                && !faulty.contains("id=\"last_name-error\""),
            "{faulty}"
        );
        assert!(
            !faulty.contains("zQ7-weak") && faulty.contains("Please type your password again"),
            "{faulty}"
        );
        assert!(faulty.contains(&format!("value=\"{}\"", mail.token)));
        assert!(
            error(&form("passwordpassword", "Ada", "L").await, "password")
                .contains("Many people use this password.")
        );
        assert!(
            error(&form("seven Lovelace bells at noon", "Ada", "Lovelace").await, "password")
                .contains("Leave your name")
        );
        assert!(
            error(&form(PASSWORD, "Ada\u{202E}", "L").await, "first_name")
                .contains("Use ordinary characters on one line.")
        );
        assert!(
            error(&form(PASSWORD, &"a".repeat(101), "L").await, "first_name")
                .contains("Use 100 characters at most.")
        );
        let empty =
            page(submit_form(&app, &[("token", mail.token.as_str())]).await, 422, "Activate your account");
        for field in ["password", "first_name", "last_name"] {
            assert!(error(&empty, field).contains("Please fill this in."));
        }
        app.activate(&mail.token).await.expect(201);
    }

    async fn a_dead_link_answers_with_a_page_that_helps(app: TestApp) {
        let admin = app.admin();
        let says = async |token: &str, status: u16, heading: &str| {
            let shown = page(app.anonymous().get(&format!("/activate?token={token}")).await, status, heading);
            // Nothing to fill in; an expired link's page has a button that asks for a fresh one.
            let renewable = heading == "This link has expired";
            assert_eq!(
                shown.contains("<form method=\"post\" action=\"/activate/renew\""),
                renewable,
                "{shown}"
            );
            // Below every page of a genuine link that was mailed: not to be written to again.
            let forms =
                shown.matches("<form").count() - shown.matches("action=\"/activate/unsubscribe\"").count();
            assert!(!shown.contains("name=\"password\"") && forms == usize::from(renewable), "{shown}");
            let fields =
                [("token", token), ("password", PASSWORD), ("first_name", "Ada"), ("last_name", "Lovelace")];
            assert_eq!(page(submit_form(&app, &fields).await, status, heading), shown);
            app.anonymous().call(Method::HEAD, &format!("/activate?token={token}"), &[]).await.expect(status);
            shown
        };
        let (made, old) = app.invite("ada@example.com", &["viewer"]).await;
        says(&old.token[..40], 404, "This link does not work").await;
        app.advance(TimeDelta::hours(24));
        assert!(says(&old.token, 410, "This link has expired").await.contains("EV Charging"));
        admin
            .post_empty(&format!("/v1/invitations/{}/resend", made["id"].as_str().unwrap()))
            .await
            .expect(200);
        let new = app.letter().await;
        says(&old.token, 410, "There is a newer link").await;
        admin
            .post_empty(&format!("/v1/invitations/{}/revoke", made["id"].as_str().unwrap()))
            .await
            .expect(200);
        assert!(says(&new.token, 410, "This invitation was withdrawn").await.contains("Grace Hopper"));
    }

    async fn without_a_token(app: TestApp) {
        for path in ["/activate", "/activate?token=", "/activate?tokn=x"] {
            page(app.anonymous().get(path).await, 400, "This link is not complete");
            app.anonymous().call(Method::HEAD, path, &[]).await.expect(400);
        }
        page(submit_form(&app, &[("password", PASSWORD)]).await, 400, "This link is not complete");
        // What is no form is told as that.
        app.anonymous().post("/activate", &json!({ "token": "x" })).await.expect(415);
        let large = "x".repeat(100_000);
        assert_eq!(submit_form(&app, &[("token", "x"), ("first_name", &large)]).await.status, 413);
    }

    async fn in_the_language_of_the_invitation(app: TestApp) {
        let body = json!({ "email": "ada@example.com", "roles": ["finance"], "locale": "nl" });
        app.admin().post("/v1/system-users/invitations", &body).await.expect(201);
        let mail = app.letter().await;
        assert!(mail.text.contains("uitgenodigd"), "{}", mail.text);
        let token = mail.token;
        let form =
            page(app.anonymous().get(&format!("/activate?token={token}")).await, 200, "Activeer je account");
        assert!(
            form.contains("<html lang=\"nl\">")
                && form.contains("Financiën")
                && form.contains("woensdag 25 november 2026"),
            "{form}"
        );
        let faulty = page(
            submit_form(&app, &[("token", &token), ("password", "zQ7")]).await,
            422,
            "Activeer je account",
        );
        assert!(error(&faulty, "password").contains("Gebruik minstens 15 tekens."));
        let fields = [
            ("token", token.as_str()),
            ("password", PASSWORD),
            ("first_name", "Ada"),
            ("last_name", "Lovelace"),
        ];
        assert!(submit_form(&app, &fields).await.expect(200).text.contains("<html lang=\"nl\">"));
        assert!(submit_form(&app, &fields).await.expect(410).text.contains("<html lang=\"nl\">"));
    }

    async fn names_cannot_become_markup(app: TestApp) {
        let hostile = app.caller_named("<script>alert('1')</script> & {{ 7 * 7 }}", &[Role::Admin], &[]);
        let body = json!({ "email": "ada@example.com", "roles": ["viewer"] });
        let id = hostile.post("/v1/system-users/invitations", &body).await.expect(201).text_of("id");
        let mail = app.letter().await;
        assert!(!mail.html.contains("<script"), "{}", mail.html);
        let form = page(
            app.anonymous().get(&format!("/activate?token={}", mail.token)).await,
            200,
            "Activate your account",
        );
        assert!(form.contains("&lt;script&gt;alert(") && form.contains("&amp; {{ 7 * 7 }}"), "{form}");
        app.admin().post_empty(&format!("/v1/invitations/{id}/revoke")).await.expect(200);
        let dead = page(
            app.anonymous().get(&format!("/activate?token={}", mail.token)).await,
            410,
            "This invitation was withdrawn",
        );
        assert!(dead.contains("&lt;script&gt;"), "{dead}");
        page(app.anonymous().get("/activate?token=%22%3E%3Cscript%3E").await, 404, "This link does not work");
    }

    async fn an_active_user_confirms_their_address(app: TestApp) {
        let (_, mail) = app.invite("ada@example.com", &["viewer"]).await;
        app.activate(&mail.token).await.expect(201);
        app.database.execute("DELETE FROM user_roles");
        let (_, mail) = app.invite("ada@example.com", &["finance"]).await;
        let form = page(
            app.anonymous().get(&format!("/activate?token={}", mail.token)).await,
            200,
            "Accept your invitation",
        );
        assert!(form.contains("name=\"email\"") && !form.contains("name=\"password\""), "{form}");
        // A scanner that presses the bare button joins nobody.
        let bare = page(
            submit_form(&app, &[("token", &mail.token), ("email", "")]).await,
            422,
            "Accept your invitation",
        );
        assert!(error(&bare, "email").contains("Please fill this in."));
        let other = page(
            submit_form(&app, &[("token", &mail.token), ("email", "eve@example.com")]).await,
            422,
            "Accept your invitation",
        );
        assert!(
            error(&other, "email").contains("not the address") && other.contains("value=\"eve@example.com\""),
            "{other}"
        );
        let done = page(
            submit_form(&app, &[("token", &mail.token), ("email", "Ada@example.com")]).await,
            200,
            "Your account is active",
        );
        assert!(done.contains("the password that you already have"), "{done}");
    }
}

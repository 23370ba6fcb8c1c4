//! The language of pages: the invitation's, or else the browser's, or else the operator's.

use reqwest::Method;

use crate::support::{Answer, TestApp, json, on_both_databases};

/// The page for a browser with these languages.
async fn open(app: &TestApp, path: &str, languages: &str) -> Answer {
    app.anonymous().call(Method::GET, path, &[("accept-language", languages)]).await
}

/// The page, if it has this status and is in this language.
#[track_caller]
fn is_in(page: Answer, status: u16, language: &str) -> Answer {
    let page = page.expect(status);
    assert!(page.text.contains(&format!("<html lang=\"{language}\">")), "{language}: {}", page.text);
    assert_eq!(page.header("content-language"), language);
    assert!(page.header("vary").split(", ").any(|name| name == "Accept-Language"), "{:?}", page.headers);
    page
}

on_both_databases! {
    with [("LOCALE", "fr"), ("CORS_ORIGINS", "https://portal.example.com")];

    async fn the_browser_s_where_the_invitation_names_none(app: TestApp) {
        let (_, mail) = app.invite("ada@example.com", &["viewer"]).await;
        let path = format!("/activate?token={}", mail.token);
        for (languages, language) in [
            ("de-AT, en;q=0.5", "de"),
            ("es, en;q=0.2, nl;q=0.4", "nl"),
            ("en-GB;q=0.9, de;q=0.8", "en"),
            ("es, pt;q=0.9", "fr"),
            ("de;q=0, *", "fr"),
            ("fr;q=0, de;q=0, *;q=0.1", "en"),
            ("!, de", "de"),
        ] {
            is_in(open(&app, &path, languages).await, 200, language);
        }
        is_in(app.anonymous().get(&path).await, 200, "fr");
        let fields = [("token", mail.token.as_str()), ("password", "zQ7")];
        let request = app.anonymous().request(Method::POST, "/activate").header("accept-language", "de");
        let faulty = is_in(Answer::of(request.form(&fields)).await, 422, "de");
        assert!(faulty.text.contains("mindestens 15 Zeichen"), "{}", faulty.text);
        for (path, status) in [
            ("/activate", 400),
            ("/activate?token=x", 404),
            ("/reset-password", 200),
            ("/reset-password?token=x", 404),
            ("/confirm-email", 400),
            ("/confirm-email?token=x", 404),
        ] {
            is_in(open(&app, path, "nl-BE, de;q=0.9").await, status, "nl");
            is_in(open(&app, path, "es").await, status, "fr");
        }
        app.advance(chrono::TimeDelta::days(1));
        is_in(open(&app, &path, "de").await, 410, "de");
    }

    async fn the_invitation_s_own_comes_first(app: TestApp) {
        let body = json!({ "email": "ada@example.com", "roles": ["viewer"], "locale": "nl" });
        app.admin().post("/v1/system-users/invitations", &body).await.expect(201);
        let mail = app.letter().await;
        let path = format!("/activate?token={}", mail.token);
        is_in(open(&app, &path, "de, en;q=0.9").await, 200, "nl");
        app.advance(chrono::TimeDelta::days(1));
        is_in(open(&app, &path, "de, en;q=0.9").await, 410, "nl");
    }
}

//! Access tokens that were revoked by their ids.

use std::time::Duration;

use chrono::TimeDelta;
use futures_util::future::join_all;
use invitation_service::{
    domain::{ids::TokenId, role::Role},
    services::{cleanup::sweep, revocations},
};
use tokio_util::sync::CancellationToken;

use crate::support::{Backend, Client, Home, TestApp, eventually, on_both_databases, on_each};

/// The id of a caller's token.
fn id(app: &TestApp, client: &Client) -> TokenId {
    let token = client.token.as_deref().unwrap();
    app.parts.services.access_tokens.verify(token, app.now()).unwrap().token.unwrap()
}

async fn revoke(app: &TestApp, token: TokenId) {
    revocations::revoke(&app.parts.services.db, token, &app.clock).await.unwrap();
}

on_both_databases! {
    async fn a_revoked_token_is_refused_within_a_second(app: TestApp) {
        let (revoked, other) = (app.admin(), app.admin());
        let (_, mail) = app.invite("ada@example.com", &["viewer"]).await;
        app.activate(&mail.token).await.expect(201);
        let person = app.sign_in("ada@example.com").await;
        for client in [&revoked, &other, &person] {
            client.get("/v1/users").await.expect(200);
        }
        for client in [&revoked, &person] {
            revoke(&app, id(&app, client)).await;
            revoke(&app, id(&app, client)).await;
        }
        let events = "audit_events WHERE action = 'token_revoked' AND object LIKE 'tok_%'";
        assert_eq!(app.database.count(events), 4);
        // The copy in memory is used for a second.
        app.advance(TimeDelta::milliseconds(999));
        revoked.get("/v1/users").await.expect(200);
        app.advance(TimeDelta::milliseconds(1));
        for client in [&revoked, &person] {
            for answer in join_all((0..8).map(|_| client.get("/v1/users"))).await {
                let answer = answer.problem(401, "unauthenticated");
                assert_eq!(answer.header("www-authenticate"), "Bearer error=\"invalid_token\"");
            }
        }
        other.get("/v1/users").await.expect(200);
        // The session is another matter: a new token of it is valid.
        app.sign_in("ada@example.com").await.get("/v1/users").await.expect(200);
        assert_eq!(app.database.count("revoked_tokens"), 2);
        app.advance(TimeDelta::days(365));
        sweep(&app.parts.services, &CancellationToken::new()).await.unwrap();
        assert_eq!(app.database.count("revoked_tokens"), 2, "a token may live for a year");
        app.advance(TimeDelta::days(2));
        sweep(&app.parts.services, &CancellationToken::new()).await.unwrap();
        assert_eq!(app.database.count("revoked_tokens"), 0);
    }
}

/// Two processes with one database: what is revoked in one, or on the command line, is refused in the other.
#[tokio::test]
async fn a_token_that_one_process_revokes_is_refused_by_the_other() {
    let home = Home::new(Backend::Postgres, &[]);
    let url = [("DATABASE_URL", home.database.url.as_str())];
    let (one, other) =
        (TestApp::start(Backend::Postgres, &url).await, TestApp::start(Backend::Postgres, &url).await);
    let (first, second) = (one.admin(), one.caller(&[Role::Viewer], &[]));
    let elsewhere = |client: &Client| other.bearer(client.token.as_deref().unwrap());
    for client in [&first, &second] {
        client.get("/v1/users").await.expect(200);
        elsewhere(client).get("/v1/users").await.expect(200);
    }
    revoke(&one, id(&one, &first)).await;
    let said = home.print(&["token", "--revoke", id(&one, &second).as_str()]);
    assert!(said.contains("is revoked"), "{said}");
    for app in [&one, &other] {
        app.advance(TimeDelta::seconds(1));
        for client in [&first, &second] {
            app.bearer(client.token.as_deref().unwrap())
                .get("/v1/users")
                .await
                .problem(401, "unauthenticated");
        }
    }
}

/// The last copy of the list is not used for longer: a revoked token must not become valid again.
#[tokio::test]
async fn without_the_database_no_token_is_accepted() {
    let app = TestApp::start(Backend::Postgres, &[]).await;
    let (admin, revoked) = (app.admin(), app.admin());
    admin.get("/v1/roles").await.expect(200);
    revoke(&app, id(&app, &revoked)).await;
    app.database.drop_connections();
    admin.get("/v1/roles").await.expect(200);
    app.advance(TimeDelta::seconds(1));
    for answer in join_all([&admin, &revoked].map(|client| client.get("/v1/roles"))).await {
        let answer = answer.problem(503, "unavailable");
        assert!(!answer.header("retry-after").is_empty());
    }
    app.database.bring_back();
    let limit = Duration::from_secs(30);
    let answered = async || (admin.get("/v1/roles").await.status == 200).then_some(());
    eventually("the database is back", limit, answered).await;
    revoked.get("/v1/roles").await.problem(401, "unauthenticated");
}

on_each! {
    async fn the_command_line_revokes_beside_a_running_server(backend: Backend) {
        let home = Home::new(backend, &[]);
        let server = home.start(&["serve"]);
        let output = home.run(&["token", "--role", "admin"]);
        let token = String::from_utf8(output.stdout).unwrap().trim().to_owned();
        let said = String::from_utf8(output.stderr).unwrap();
        let id = said.trim().rsplit_once(' ').unwrap().1;
        assert!(id.starts_with("tok_"), "{said}");
        let client = server.client(Some(token));
        client.get("/v1/users").await.expect(200);
        home.print(&["token", "--revoke", id]);
        let refused = async || (client.get("/v1/users").await.status == 401).then_some(());
        eventually("the token is refused", Duration::from_secs(5), refused).await;
        for (arguments, expected) in [
            (&["token", "--revoke", "tok_1"][..], "is no id of an access token"),
            (&["token", "--revoke", "usr_01kavx6e9kfzabv5qhm1p4d6xn"], "is no id of an access token"),
            (&["token", "--revoke", id, "--role", "admin"], "cannot be used with"),
        ] {
            let output = home.run(arguments);
            let said = String::from_utf8(output.stderr).unwrap();
            assert!(!output.status.success() && said.contains(expected), "{arguments:?}: {said}");
        }
    }
}

/// A file that is not there is not created by a mistyped path.
#[test]
fn revoking_needs_an_existing_database() {
    let home = Home::new(Backend::Sqlite, &[("DATABASE_URL", "sqlite://elsewhere/x.db")]);
    let output = home.run(&["token", "--revoke", "tok_01kavx6e9kfzabv5qhm1p4d6xn"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("elsewhere/x.db"), "{said}");
    assert!(!home.path().join("elsewhere").exists());
}

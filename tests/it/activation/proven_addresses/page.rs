//! Which password the page asks for, which roles a handed-over link leads to, and what the migration says of
//! those who were active before it.

use chrono::TimeDelta;
use reqwest::Method;

use crate::support::{
    Answer, Backend, PASSWORD, TestApp,
    customers::text,
    handed_over::{GRACE, TAKEN, choose, go_on, hand_over, link_of, sign_in, taken},
    json, on_both_databases,
};

use super::{STAFF, asks};

on_both_databases! {
    with [("RESEND_COOLDOWN", "0s"), ("RATE_LIMITS", "off")];

    async fn a_link_that_was_handed_over_leads_to_no_further_roles(app: TestApp) {
        let (admin, manager) =
            (app.admin(), app.caller(&[invitation_service::domain::role::Role::UserManager], &[]));
        let by_hand = json!({ "email": GRACE, "roles": ["viewer", "finance"], "delivery": "link" });
        let (id, token) = link_of(&manager.post(STAFF, &by_hand).await.expect(201));
        // Fewer roles, another language: the link goes on, and nothing is sent.
        manager.update(&id, "*", &json!({ "roles": ["viewer"], "locale": "nl" })).await.expect(200);
        assert_eq!(app.requires(&token).await, asks(true, true, false));
        let grown = json!({ "roles": ["viewer", "admin"], "email": "Grace@operator.example" });
        let grown = admin.update(&id, "*", &grown).await.expect(200).body;
        assert_eq!((&grown["delivery"]["state"], &grown["send_count"]), (&json!("queued"), &json!(2)));
        choose(&app, &token, TAKEN, "Mallory").await.problem(410, "activation_link_superseded");
        assert_eq!(
            app.timeline(&id).await,
            ["created", "link_handed_over", "updated", "opened", "updated", "email_queued"]
        );
        let shown = admin.get(&format!("/v1/users/{}", text(&grown, "/user_id"))).await.expect(200);
        assert_eq!(shown.body["email"], "Grace@operator.example");
        let mail = app.letter().await;
        assert_eq!(
            app.activate(&mail.token).await.expect(201).body["user"]["system_roles"],
            json!(["admin", "viewer"])
        );
        // A letter has reached its person: what it leads to may grow.
        let (made, mail) = app.invite("ada@operator.example", &["viewer"]).await;
        admin.update(text(&made, "/id"), "*", &json!({ "roles": ["admin"] })).await.expect(200);
        app.activate(&mail.token).await.expect(201);
    }

    async fn the_page_asks_for_the_right_password(app: TestApp) {
        let (mallory, acme) = taken(&app, GRACE).await;
        let open = async |token: &str| {
            app.anonymous().get(&format!("/activate?token={token}")).await.expect(200).text
        };
        let submit = async |fields: &[(&str, &str)]| {
            Answer::of(app.anonymous().request(Method::POST, "/activate").form(fields)).await
        };
        let zenith = app.owner("linus@zenith.example", "Zenith").await;
        let (_, token) = hand_over(&zenith.client, GRACE, &zenith.account).await;
        let form = open(&token).await;
        // The same as somebody new is shown: whoever invites may open it first.
        let (_, other) = hand_over(&zenith.client, "nobody@zenith.example", &zenith.account).await;
        let form_of_unknown =
            open(&other).await.replace(&other, &token).replace("nobody@zenith.example", GRACE);
        assert_eq!(form_of_unknown, form);
        for shown in
            ["Activate your account", "<legend>Your password</legend>", "name=\"first_name\"", "At least 15"]
        {
            assert!(form.contains(shown), "{shown} in {form}");
        }
        for hidden in ["Choose a password", "minlength", "name=\"email\""] {
            assert!(!form.contains(hidden), "{hidden} in {form}");
        }
        let names = [("first_name", "Some"), ("last_name", "Body")];
        let fields = |password| {
            [("token", token.as_str()), ("email", GRACE), ("password", password), names[0], names[1]]
        };
        let wrong = "six crooked bicycles sing at noon";
        let refused = submit(&fields(wrong)).await.expect(422).text;
        assert!(refused.contains("This is not your password.") && !refused.contains(wrong), "{refused}");
        let done = submit(&fields(TAKEN)).await.expect(200).text;
        assert!(done.contains("the password that you already have"), "{done}");

        let german = json!({ "email": GRACE, "roles": ["viewer"], "locale": "de", "delivery": "link" });
        let (id, token) = link_of(&app.admin().post(STAFF, &german).await.expect(201));
        assert!(open(&token).await.contains("<legend>Ihr Passwort</legend>"));
        let body = [("token", token.as_str()), ("email", GRACE), ("password", wrong), names[0], names[1]];
        assert!(submit(&body).await.expect(422).text.contains("Das ist nicht Ihr Passwort."));
        app.admin()
            .post(&format!("/v1/invitations/{id}/resend"), &json!({ "locale": "en" }))
            .await
            .expect(200);
        let mail = app.letter().await;
        let form = open(&mail.token).await;
        for shown in
            ["Activate your account", "Choose a password", "name=\"first_name\"", "At least 15 characters"]
        {
            assert!(form.contains(shown), "{shown} in {form}");
        }
        assert!(!form.contains("name=\"email\"") && !form.contains("Your password"), "{form}");
        let body = [
            ("token", mail.token.as_str()),
            ("password", PASSWORD),
            ("first_name", "Grace"),
            ("last_name", "Hopper"),
        ];
        let done = submit(&body).await.expect(200).text;
        assert!(done.contains("the password that you just chose"), "{done}");
        assert!(done.contains("Somebody joined <strong dir=\"auto\">Home</strong>"), "{done}");
        sign_in(&app, GRACE, TAKEN).await.problem(401, "invalid_credentials");
        mallory.get(&format!("/v1/accounts/{acme}")).await.expect(200);
    }

    async fn people_who_are_active_already_are_recognised_by_their_first_link(app: TestApp) {
        let acme = app.owner("olga@acme.example", "Acme").await;
        // By letter, then by hand; by hand alone; by hand, then by letter, which asked no password of them
        // then.
        let (_, mail) = app.invite("ada@operator.example", &["viewer"]).await;
        app.activate(&mail.token).await.expect(201);
        app.advance(TimeDelta::minutes(1));
        let (_, token) = hand_over(&acme.client, "ada@operator.example", &acme.account).await;
        go_on(&app, &token, "ada@operator.example", PASSWORD).await.expect(201);
        let (_, token) = hand_over(&acme.client, "dirk@acme.example", &acme.account).await;
        choose(&app, &token, TAKEN, "Dirk").await.expect(201);
        let (_, token) = hand_over(&acme.client, GRACE, &acme.account).await;
        choose(&app, &token, TAKEN, "Mallory").await.expect(201);
        app.advance(TimeDelta::minutes(1));
        let (_, mail) = app.invite(GRACE, &["admin"]).await;
        choose(&app, &mail.token, PASSWORD, "Grace").await.expect(201);
        app.invite("new@operator.example", &["viewer"]).await;
        let proven = || {
            app.database.texts(
                "SELECT email AS text FROM users WHERE address_proven_at = activated_at ORDER BY email",
            )
        };
        let known = || {
            app.database
                .texts("SELECT email AS text FROM users WHERE address_proven_at IS NOT NULL ORDER BY email")
        };
        assert_eq!(known(), ["ada@operator.example", GRACE, "olga@acme.example"]);
        let folder = if app.database.backend == Backend::Postgres { "postgres" } else { "sqlite" };
        let folder = format!("{}/migrations/{folder}", env!("CARGO_MANIFEST_DIR"));
        // The triggers of a later migration read the column.
        for step in [
            "2026-11-30-000004_counts/down",
            "2026-11-24-000008_proven_addresses/down",
            "2026-11-24-000008_proven_addresses/up",
        ] {
            app.database.run_script(&std::fs::read_to_string(format!("{folder}/{step}.sql")).unwrap());
        }
        assert_eq!(proven(), ["ada@operator.example", "olga@acme.example"]);
        assert_eq!(known(), proven());
    }
}

//! Every role of system users, wherever one is read, written or shown.

use invitation_service::domain::{locale::Locale, role::Role, sub_account::MemberRole};

use crate::support::{Backend, Home, TestApp, json, on_both_databases};

/// Whether a text holds a role's code, or what is left of it without its underscores, as words of their own.
fn shows_code(text: &str, role: Role) -> bool {
    let word = |c: char| !c.is_alphanumeric() && c != '_';
    let spaced = role.as_str().replace('_', " ");
    text.split(word).any(|word| word == role.as_str()) || (spaced.contains(' ') && text.contains(&spaced))
}

on_both_databases! {
    async fn every_role_is_invited_shown_activated_and_found(app: TestApp) {
        for role in Role::ALL {
            let code = role.as_str();
            let (made, mail) = app.invite(&format!("{code}@example.com"), &[code]).await;
            assert_eq!(made["roles"], json!([code]));
            let address = format!("{code}@");
            assert!(!shows_code(&mail.text.replace(&address, ""), role), "{}", mail.text);
            let page = app.anonymous().get(&format!("/activate?token={}", mail.token)).await.expect(200).text;
            assert!(!shows_code(&page.replace(&address, ""), role), "{page}");
            let activated = app.activate(&mail.token).await.expect(201);
            assert_eq!(activated.body["user"]["system_roles"], json!([code]));
            let found = app.admin().get(&format!("/v1/users?role={code}")).await.expect(200);
            let found: Vec<&str> = found.body["data"]
                .as_array()
                .unwrap()
                .iter()
                .filter_map(|user| user["email"].as_str())
                .collect();
            assert_eq!(found, [format!("{code}@example.com")]);
        }
        for role in MemberRole::ALL {
            app.admin().get(&format!("/v1/users?role={}", role.as_str())).await.expect(200);
        }
        let refused = app.admin().get("/v1/users?role=emperor").await.faults(&[("role", "unknown_value")]);
        let listed = app.admin().get("/v1/roles").await.expect(200);
        let contract = app.anonymous().get("/openapi.json").await.expect(200);
        for (index, role) in Role::ALL.into_iter().enumerate() {
            assert_eq!(listed.body["data"][index]["name"], role.as_str());
            assert_eq!(contract.body["components"]["schemas"]["SystemRole"]["enum"][index], role.as_str());
            assert!(refused.text.contains(role.as_str()), "{}", refused.text);
        }
    }

    async fn every_role_has_words_in_every_language(app: TestApp) {
        let all = Role::ALL.map(Role::as_str);
        for locale in Locale::ALL {
            let email = format!("{}@example.com", locale.as_str());
            let body = json!({ "email": email, "roles": all, "locale": locale.as_str() });
            app.admin().post("/v1/system-users/invitations", &body).await.expect(201);
            let mail = app.letter().await;
            let page = app.anonymous().get(&format!("/activate?token={}", mail.token)).await.expect(200).text;
            for role in Role::ALL {
                assert!(!shows_code(&mail.text, role), "{role:?}: {}", mail.text);
                assert!(!shows_code(&page, role), "{role:?}: {page}");
            }
        }
    }
}

#[test]
fn the_command_line_knows_every_role() {
    let home = Home::new(Backend::Sqlite, &[]);
    let help = home.print(&["token", "--help"]);
    for role in Role::ALL {
        assert!(help.contains(role.as_str()), "{help}");
        assert_eq!(home.print(&["token", "--role", role.as_str()]).trim().split('.').count(), 3);
    }
}

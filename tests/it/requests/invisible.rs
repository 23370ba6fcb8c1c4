//! Characters that nobody sees, and what addresses are copied with: the same at every door.

use invitation_service::db::{DatabaseUrl, Db};

use crate::support::{
    Backend, PASSWORD, TestApp,
    customers::{OWNERS, SUB_ACCOUNTS, company, text, with},
    handed_over::submit_form,
    json,
    lists::{found, query},
    on_both_databases,
};

const STAFF: &str = "/v1/system-users/invitations";

/// Texts of which nothing is to be seen.
const UNSEEN: [&str; 16] = [
    "\u{200B}",
    "\u{3164}",
    "\u{115F}\u{1160}",
    "\u{FFA0}",
    "\u{2800}\u{2800}",
    "\u{AD}",
    "\u{34F}",
    "\u{180E}",
    "\u{FE0F}",
    "\u{E0100}",
    "\u{E0041}\u{E007F}",
    "\u{200C}\u{200D}",
    "\u{200E} \u{200F}",
    "\u{2060}\u{FEFF}",
    "\u{A0}\u{3000}\u{2003}",
    "\u{FFFC}\u{FFF9}",
];

/// What stands around an address that was copied from somewhere.
const AROUND: [&str; 15] = [
    "\n", "\r\n", "\u{B}", "\u{C}", "\u{85}", " ", "\t", "\u{A0}", "\u{2003}", "\u{202F}", "\u{3000}",
    "\u{1680}", "\u{FEFF}", "\u{200B}", "\u{202A}",
];

on_both_databases! {
    with [("RATE_LIMITS", "off")];
    async fn a_name_of_nothing_is_required(app: TestApp) {
        let (_, mail) = app.invite("ada@example.com", &["viewer"]).await;
        let activate = async |first: &str, last: &str| {
            let body = json!({
                "token": mail.token, "password": PASSWORD, "first_name": first, "last_name": last
            });
            app.anonymous().post("/v1/activations", &body).await
        };
        activate("\u{200B}", "\u{3164}")
            .await
            .faults(&[("/first_name", "required"), ("/last_name", "required")]);
        for unseen in UNSEEN {
            activate(unseen, "Lovelace").await.faults(&[("/first_name", "required")]);
            activate("Ada", unseen).await.faults(&[("/last_name", "required")]);
            let fields = [
                ("token", mail.token.as_str()),
                ("password", PASSWORD),
                ("first_name", unseen),
                ("last_name", "L"),
            ];
            let page = submit_form(&app, &fields).await.expect(422).text;
            assert!(page.contains("id=\"first_name-error\""), "{unseen:?}: {page}");
        }
        // What a reader needs stays, and nothing else that is not seen.
        let user = activate("\u{FEFF}Zo\u{AD}e\u{308}\u{200B}\u{3164}", "می\u{200C}خواهم 👩\u{200D}👧")
            .await
            .expect(201)
            .body;
        assert_eq!(text(&user, "/user/first_name"), "Zoe\u{308}");
        assert_eq!(text(&user, "/user/last_name"), "می\u{200C}خواهم 👩\u{200D}👧");
        for search in ["ZOË", "\u{200B}zoë", "zo\u{AD}ë", "میخواهم", "می\u{200C}خواهم", "👩👧"]
        {
            assert_eq!(
                found(&app.admin(), &format!("/v1/users?{}", query(&[("search", search)]))).await,
                ["ada"],
                "{search:?}"
            );
        }
        let everything =
            found(&app.admin(), &format!("/v1/users?{}", query(&[("search", "\u{200B}")]))).await;
        assert_eq!(everything, ["ada"], "a search for nothing is none");
    }

    async fn an_account_or_a_company_of_nothing_is_required(app: TestApp) {
        let admin = app.admin();
        let acme = app.owner("olga@acme.example", "Ac\u{200B}me\u{2800}").await;
        assert_eq!(
            admin.get(&format!("/v1/accounts/{}", acme.account)).await.expect(200).body["name"],
            "Acme"
        );
        let business = json!({
            "email": "nora@noord.example", "account_name": "Noord", "account_type": "business"
        });
        let (_, mail) = app.invite_by(OWNERS, business).await;
        for unseen in UNSEEN {
            let owner = json!({ "email": "petra@example.com", "account_name": unseen });
            admin.post(OWNERS, &owner).await.faults(&[("/account_name", "required")]);
            for (pointer, pieces) in [
                ("/account/company/name", json!({ "name": unseen })),
                ("/account/company/vat_number", json!({ "vat_number": unseen })),
                ("/account/company/address/street", json!({ "street": unseen })),
                ("/account/company/address/city", json!({ "city": unseen })),
                ("/account/company/address/country", json!({ "country": unseen })),
            ] {
                let mut company = company();
                let at = if pointer.contains("/address/") { &mut company["address"] } else { &mut company };
                *at = with(at.clone(), pieces);
                app.activate_with(&mail.token, json!({ "account": { "company": company } }))
                    .await
                    .faults(&[(pointer, "required")]);
            }
        }
        // The parent is found by its name, whatever nobody sees in it.
        let driver = json!({
            "email": "dave@acme.example", "role": "driver", "account_name": "\u{FEFF}AC\u{AD}ME\u{200D}"
        });
        admin.post(SUB_ACCOUNTS, &driver).await.expect(201);
        app.letters().await;
    }

    async fn an_address_is_read_however_it_was_copied(app: TestApp) {
        let admin = app.admin();
        let acme = app.owner("grace@example.com", "Acme").await;
        let copied = AROUND.map(|around| format!("{around}Grace@example.com{around}{around}"));
        let linked = [
            "grace@example.com;",
            "Grace Hopper <grace@example.com",
            "grace@example.com (Grace)",
            "Grace Hopper <grace@example.com>",
            "\"Hopper, G.\" <Grace@Example.com>",
            "mailto:grace@example.com",
            "MAILTO:grace%40example.com?subject=Hi",
            "grace@example.com <mailto:grace@example.com>",
            "grace@exam\u{AD}ple.com",
        ];
        for typed in copied.iter().map(String::as_str).chain(linked) {
            let refused =
                admin.post(OWNERS, &json!({ "email": typed })).await.problem(409, "already_account_owner");
            assert!(!refused.text.contains('\u{200B}'));
            let token = json!({ "email": typed, "password": PASSWORD });
            app.anonymous().post("/v1/auth/token", &token).await.expect(200);
            let filter = query(&[("email", typed)]);
            assert_eq!(found(&admin, &format!("/v1/invitations?{filter}")).await, ["grace"], "{typed:?}");
        }
        for (around, typed) in AROUND.iter().zip(&copied) {
            let body = json!({ "email": typed.to_lowercase(), "roles": ["viewer"] });
            let (made, mail) = app.invite_by(STAFF, body).await;
            assert_eq!(made["email"], "grace@example.com", "{around:?}");
            let fields = [("token", mail.token.as_str()), ("email", typed.as_str())];
            if *around == AROUND[14] {
                submit_form(&app, &fields).await.expect(200);
            } else {
                admin.post_empty(&format!("/v1/invitations/{}/revoke", text(&made, "/id"))).await.expect(200);
            }
        }
        let several = json!({ "email": "ada@example.com; eve@example.com", "roles": ["viewer"] });
        let refused = admin.post(STAFF, &several).await.faults(&[("/email", "invalid_email")]);
        assert!(refused.text.contains("several addresses"), "{}", refused.text);
        acme.client.get("/v1/roles").await.expect(200);
    }

    async fn a_domain_is_shown_stored_and_found_as_uts_46_has_it(app: TestApp) {
        let admin = app.admin();
        for (typed, shown) in [
            ("soft@exa\u{AD}mple.com", "soft@example.com"),
            ("zero@exam\u{200B}ple.com", "zero@example.com"),
            ("wide@ＥＸＡＭＰＬＥ。com", "wide@example.com"),
            ("read@BÜ\u{AD}CHER.example", "read@bücher.example"),
            ("code@XN--BCHER-KVA.example", "code@xn--bcher-kva.example"),
        ] {
            let made = admin.post(STAFF, &json!({ "email": typed, "roles": ["viewer"] })).await.expect(201);
            assert_eq!(made.text_of("email"), shown, "{typed:?}");
        }
        let stored = app.database.texts("SELECT email AS text FROM users");
        assert!(stored.iter().all(|email| !email.contains(['\u{AD}', '\u{200B}'])), "{stored:?}");
        let both = ["code", "read"];
        for (search, expected) in [
            ("example.com", &["wide", "zero", "soft"][..]),
            ("exa\u{AD}mple.com", &["wide", "zero", "soft"]),
            ("SOFT@example.com", &["soft"]),
            ("bücher.example", &both),
            ("BÜCHER", &both),
            ("@bü", &both),
            ("xn--bcher-kva.example", &both),
            ("XN--BCHER", &both),
            ("@xn--bch", &both),
            ("read@xn--bcher-kva.example", &["read"]),
            ("code@bücher.example", &["code"]),
            ("bcher.example", &[]),
        ] {
            for list in ["/v1/users", "/v1/invitations"] {
                assert_eq!(
                    found(&admin, &format!("{list}?{}", query(&[("search", search)]))).await,
                    expected,
                    "{list} {search}"
                );
            }
        }
        for email in [
            "code@bücher.example",
            "CODE@Xn--Bcher-Kva.Example",
            "code@bu\u{308}cher.example",
            "code@bü\u{200B}cher.example",
        ] {
            let filter = query(&[("email", email)]);
            assert_eq!(found(&admin, &format!("/v1/invitations?{filter}")).await, ["code"], "{email}");
        }
        app.letters().await;
    }

    /// An activated person, and one whose address was corrected, are found in both ways, too; and what an
    /// older version wrote.
    async fn whatever_writes_a_person_writes_both_forms(app: TestApp) {
        let admin = app.admin();
        let (_, mail) = app.invite("ada@bücher.example", &["viewer"]).await;
        app.activate(&mail.token).await.expect(201);
        let made = app.invite_unsent("eve@example.com", &["viewer"]).await;
        let tag = admin
            .get(&format!("/v1/invitations/{}", text(&made, "/id")))
            .await
            .expect(200)
            .header("etag")
            .to_owned();
        admin
            .update(text(&made, "/id"), &tag, &json!({ "email": "eve@xn--bcher-kva.example" }))
            .await
            .expect(200);
        let both = async || {
            for search in ["bücher", "xn--bcher", "LOVELACE"] {
                for list in ["/v1/users", "/v1/invitations"] {
                    let expected: &[&str] = if search == "LOVELACE" { &["ada"] } else { &["eve", "ada"] };
                    let path = format!("{list}?{}", query(&[("search", search)]));
                    assert_eq!(found(&admin, &path).await, expected, "{path}");
                }
            }
        };
        both().await;
        // As it was written before: the address as it was typed, and what nobody sees within.
        app.database.execute(
            "UPDATE users SET search_text = 'ada@bücher.example ada love\u{200D}lace' WHERE email = \
            'ada@bücher.example'",
        );
        app.database.execute("UPDATE invitations SET search_text = email WHERE email = 'ada@bücher.example'");
        let folder = match app.database.backend {
            Backend::Sqlite => "sqlite",
            Backend::Postgres => "postgres",
        };
        let up = format!(
            "{}/migrations/{folder}/2026-11-28-000009_searched_text/up.sql",
            env!("CARGO_MANIFEST_DIR")
        );
        for statement in
            std::fs::read_to_string(up).unwrap().split(";\n").filter(|statement| !statement.trim().is_empty())
        {
            app.database.execute(statement);
        }
        // The program writes the texts anew that an older version wrote.
        app.database.execute("UPDATE derived_data SET version = 1");
        let db = Db::beside(&DatabaseUrl::parse(&app.database.url).unwrap()).unwrap();
        assert_eq!(db.migrate().await.unwrap(), 0);
        both().await;
        app.letters().await;
    }
}

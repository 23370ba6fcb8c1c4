//! The activation page of customers: exactly the fields that are asked for, errors beside them, a country
//! list.

use reqwest::Method;

use crate::support::{
    Answer, PASSWORD, TestApp,
    customers::{OWNERS, SUB_ACCOUNTS, company, text},
    json, on_both_databases,
};

const COMPANY: [(&str, &str); 8] = [
    ("company_name", "Acme Laadpalen B.V."),
    ("company_registration_number", "33031431"),
    ("company_vat_number", "nl 0044.95.445.b01"),
    ("company_street", "Damrak"),
    ("company_house_number", "1-bis"),
    ("company_postal_code", "1012 LG"),
    ("company_city", "Amsterdam"),
    ("company_country", "NL"),
];
const PERSON: [(&str, &str); 3] = [("password", PASSWORD), ("first_name", "Ada"), ("last_name", "Lovelace")];

async fn open(app: &TestApp, token: &str) -> String {
    app.anonymous().get(&format!("/activate?token={token}")).await.expect(200).text
}

/// Sends the form, of fields in several parts; of two values for one field, the later one.
async fn submit(app: &TestApp, token: &str, parts: &[&[(&str, &str)]]) -> Answer {
    let mut fields = vec![("token", token)];
    for (name, value) in parts.iter().copied().flatten() {
        fields.retain(|(known, _)| known != name);
        fields.push((name, value));
    }
    Answer::of(app.anonymous().request(Method::POST, "/activate").form(&fields)).await
}

/// The names of the fields that a page shows, in their order, each once.
fn fields(page: &str) -> Vec<&str> {
    let mut names: Vec<&str> =
        page.split(" name=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    names.dedup();
    // The last is of the form for those who want no more letters.
    names.retain(|name| {
        !["token", "viewport", "referrer", "robots", "color-scheme", "confirm"].contains(name)
    });
    names
}

/// What a page says is wrong, as fields in their order.
fn faulty(page: &str) -> Vec<&str> {
    page.split("id=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next().unwrap().strip_suffix("-error"))
        .collect()
}

on_both_databases! {
    async fn a_business_owner_fills_in_the_company(app: TestApp) {
        let body = json!({
            "email": "ada@example.com", "account_name": "Acme & Zoon", "account_type": "business"
        });
        let (made, mail) = app.invite_by(OWNERS, body).await;
        let token = &mail.token;
        let page = open(&app, token).await;
        let company_fields = COMPANY.map(|(name, _)| name);
        let asked: Vec<&str> =
            ["first_name", "last_name"].into_iter().chain(company_fields).chain(["password"]).collect();
        assert_eq!(fields(&page), asked);
        assert!(
            page.contains("Acme &amp; Zoon") && page.contains("<option value=\"NL\">Netherlands"),
            "{page}"
        );
        assert!(page.matches("<option value=\"").count() > 240 && !page.contains("<option value=\"XX\""));
        for name in &asked {
            assert!(page.contains(&format!("<label for=\"{name}\">")), "{name} has no label");
        }
        // Nothing of the company: said at each field that must be filled in.
        let empty = submit(&app, token, &[&PERSON]).await.expect(422).text;
        let required = [
            "company_name",
            "company_vat_number",
            "company_street",
            "company_postal_code",
            "company_city",
            "company_country",
        ];
        assert_eq!(faulty(&empty), required);
        for name in required {
            assert!(
                empty.contains(&format!("<a href=\"#{name}\">")),
                "{name} is not in the summary: {empty}"
            );
        }
        // One thing wrong: said there alone, everything typed is kept, but for the password.
        for (field, value) in [
            ("company_vat_number", "NL004495446B01"),
            ("company_vat_number", "12"),
            ("company_vat_number", "DE136695976"),
            ("company_country", "XX"),
            ("company_city", "a\u{202E}b"),
        ] {
            let again = submit(&app, token, &[&PERSON, &COMPANY, &[(field, value)]]).await.expect(422).text;
            assert_eq!(faulty(&again), [field], "{value}");
            assert!(again.contains("value=\"Damrak\"") && again.contains("value=\"Ada\""), "{again}");
            assert!(
                field == "company_country" || again.contains("<option value=\"NL\" selected>"),
                "{again}"
            );
            assert!(!again.contains(PASSWORD));
        }
        let done = submit(&app, token, &[&PERSON, &COMPANY]).await.expect(200).text;
        assert!(done.contains("<h1>Your account is active</h1>"), "{done}");
        let account =
            app.admin().get(&format!("/v1/accounts/{}", text(&made, "/account/id"))).await.expect(200).body;
        assert_eq!((&account["company"], &account["status"]), (&company(), &json!("active")));
    }

    async fn who_is_free_to_choose_chooses(app: TestApp) {
        for (email, account_type) in [("ada@example.com", "business"), ("eve@example.com", "consumer")] {
            let (made, mail) = app.invite_by(OWNERS, json!({ "email": email })).await;
            let page = open(&app, &mail.token).await;
            let shown = fields(&page);
            assert!(shown.contains(&"account_type") && shown.contains(&"account_name"), "{shown:?}");
            assert!(
                page.contains("type=\"radio\"")
                    && page.contains("value=\"business\"")
                    && page.contains("value=\"consumer\"")
            );
            // A private person leaves the company empty, so that no browser may insist on it.
            let vat =
                page.split("<input ").find(|input| input.contains("name=\"company_vat_number\"")).unwrap();
            assert!(!vat.split('>').next().unwrap().contains("required"), "{vat}");
            let empty = submit(&app, &mail.token, &[&PERSON]).await.expect(422).text;
            assert_eq!(faulty(&empty), ["account_type", "account_name"]);
            let chosen = [("account_type", account_type), ("account_name", "شركة ⚡️")];
            if account_type == "business" {
                let missing = submit(&app, &mail.token, &[&PERSON, &chosen]).await.expect(422).text;
                assert_eq!(faulty(&missing).len(), 6, "{missing}");
                assert!(missing.contains("value=\"business\" checked"), "{missing}");
                submit(&app, &mail.token, &[&PERSON, &chosen, &COMPANY]).await.expect(200);
            } else {
                // What was typed before the other button was chosen is hidden, and set aside.
                submit(&app, &mail.token, &[&PERSON, &chosen, &COMPANY]).await.expect(200);
            }
            let account = app
                .admin()
                .get(&format!("/v1/accounts/{}", text(&made, "/account/id")))
                .await
                .expect(200)
                .body;
            let kept = if account_type == "business" { company() } else { json!(null) };
            assert_eq!(
                (&account["type"], &account["name"], &account["company"]),
                (&json!(account_type), &json!("شركة ⚡️"), &kept)
            );
        }
    }

    async fn a_drivers_form_is_short(app: TestApp) {
        let acme = app.owner("grace@example.com", "Acme").await;
        let body = json!({
            "email": "ada@example.com", "role": "driver", "account_id": acme.account,
            "account_type": "consumer", "locale": "nl",
            "reimbursement_rate": "0.23"
        });
        let (made, mail) = app.invite_by(SUB_ACCOUNTS, body).await;
        let page = open(&app, &mail.token).await;
        assert_eq!(fields(&page), ["first_name", "last_name", "password"]);
        assert!(
            page.contains("<html lang=\"nl\">") && page.contains("Acme") && page.contains("Grace Hopper"),
            "{page}"
        );
        submit(&app, &mail.token, &[&PERSON]).await.expect(200);
        let account =
            app.admin().get(&format!("/v1/accounts/{}", text(&made, "/account/id"))).await.expect(200).body;
        assert_eq!((&account["name"], &account["status"]), (&json!("Ada Lovelace"), &json!("active")));
        // Somebody who is known joins by their address alone.
        let (_, mail) =
            app.invite_by(OWNERS, json!({ "email": "ada@example.com", "account_id": acme.account })).await;
        assert_eq!(fields(&open(&app, &mail.token).await), ["email"]);
        let bare = submit(&app, &mail.token, &[]).await.expect(422).text;
        assert_eq!(faulty(&bare), ["email"]);
        submit(&app, &mail.token, &[&[("email", "ADA@example.com")]]).await.expect(200);
        assert_eq!(app.database.count(&format!("memberships WHERE account_id = '{}'", acme.account)), 2);
    }
}

on_both_databases! {
    with [("COMPANY_VAT", "optional")];

    async fn a_company_ticks_that_it_has_no_vat_number(app: TestApp) {
        for (index, (locale, label)) in [
            ("en", "The company has no VAT number"),
            ("nl", "Het bedrijf heeft geen btw-nummer"),
            ("de", "Das Unternehmen hat keine Umsatzsteuer-Identifikationsnummer"),
            ("fr", "L’entreprise n’a pas de numéro de TVA"),
        ]
        .into_iter()
        .enumerate()
        {
            let email = format!("ada{index}@example.com");
            let body = json!({
                "email": email, "account_name": "Acme", "account_type": "business", "locale": locale
            });
            let (made, mail) = app.invite_by(OWNERS, body).await;
            let token = &mail.token;
            let page = open(&app, token).await;
            assert!(page.contains(label), "{page}");
            assert!(fields(&page).contains(&"company_vat_exempt"));
            let tag = |name: &str| {
                let input =
                    page.split("<input ").find(|input| input.contains(&format!("name=\"{name}\""))).unwrap();
                input.split('>').next().unwrap().to_owned()
            };
            for name in ["company_vat_number", "company_vat_exempt", "company_postal_code"] {
                assert!(!tag(name).contains("required"), "{}", tag(name));
            }
            let none = [("company_vat_number", "")];
            let ticked = [("company_vat_exempt", "true")];
            let neither = submit(&app, token, &[&PERSON, &COMPANY, &none]).await.expect(422).text;
            assert_eq!(faulty(&neither), ["company_vat_number"]);
            let both = submit(&app, token, &[&PERSON, &COMPANY, &ticked]).await.expect(422).text;
            assert_eq!(faulty(&both), ["company_vat_exempt"]);
            let box_again =
                both.split("<input ").find(|input| input.contains("name=\"company_vat_exempt\"")).unwrap();
            assert!(box_again.split('>').next().unwrap().contains(" checked"), "{box_again}");
            // In a country without postal codes, too.
            let emirates = [("company_country", "AE"), ("company_postal_code", "")];
            submit(&app, token, &[&PERSON, &COMPANY, &none, &ticked, &emirates]).await.expect(200);
            let account = app
                .admin()
                .get(&format!("/v1/accounts/{}", text(&made, "/account/id")))
                .await
                .expect(200)
                .body;
            let company = &account["company"];
            assert_eq!((&company["vat_number"], &company["vat_exempt"]), (&json!(null), &json!(true)));
            assert_eq!(
                (&company["address"]["country"], &company["address"]["postal_code"]),
                (&json!("AE"), &json!(null))
            );
        }
    }
}

on_both_databases! {
    async fn no_box_where_a_vat_number_is_asked_for(app: TestApp) {
        let body = json!({ "email": "ada@example.com", "account_name": "Acme", "account_type": "business" });
        let (_, mail) = app.invite_by(OWNERS, body).await;
        let page = open(&app, &mail.token).await;
        assert!(
            !page.contains("company_vat_exempt") && page.contains("<option value=\"XK\">Kosovo"),
            "{page}"
        );
        let parts = [("company_vat_number", ""), ("company_vat_exempt", "true")];
        let again = submit(&app, &mail.token, &[&PERSON, &COMPANY, &parts]).await.expect(422).text;
        assert_eq!(faulty(&again), ["company_vat_number"]);
    }
}

//! The details of a company: what a business account is activated with.

use serde_json::Value;

use crate::support::{
    TestApp,
    customers::{OWNERS, company},
    json, on_both_databases,
};

/// The company with another value at a JSON Pointer; null takes the member out.
fn but(pointer: &str, value: Value) -> Value {
    let mut company = company();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    company.pointer_mut(parent).unwrap()[name] = value;
    company
}

on_both_databases! {
    async fn each_faulty_member_by_its_pointer(app: TestApp) {
        let invite = json!({
            "email": "ada@example.com", "account_name": "Acme", "account_type": "business"
        });
        let (_, mail) = app.invite_by(OWNERS, invite).await;
        let activate = async |company: Value| {
            app.activate_with(&mail.token, json!({ "account": { "company": company } })).await
        };
        app.activate(&mail.token).await.faults(&[("/account/company", "required")]);
        let long = |count: usize| json!("a".repeat(count));
        for (pointer, value, code) in [
            ("/name", Value::Null, "required"),
            ("/name", json!(" "), "required"),
            ("/name", long(201), "too_long"),
            ("/name", json!("Acme\nB.V."), "control_characters"),
            ("/name", json!(1), "wrong_type"),
            ("/registration_number", long(51), "too_long"),
            ("/registration_number", json!(33_031_431), "wrong_type"),
            ("/vat_number", Value::Null, "required"),
            ("/vat_number", json!("NL004495446B01"), "vat_number_check_digits"),
            ("/vat_number", json!("NL00449544B01"), "vat_number_malformed"),
            ("/vat_number", json!("12345"), "vat_number_malformed"),
            ("/vat_number", json!("DE136695976"), "vat_number_other_country"),
            ("/vat_number", json!([]), "wrong_type"),
            ("/vat_no", json!("x"), "unknown_member"),
            ("/address", json!("Damrak 1"), "wrong_type"),
            ("/address/street", Value::Null, "required"),
            ("/address/street", long(201), "too_long"),
            ("/address/house_number", long(21), "too_long"),
            ("/address/postal_code", Value::Null, "required"),
            ("/address/postal_code", long(21), "too_long"),
            ("/address/city", json!(""), "required"),
            ("/address/city", long(101), "too_long"),
            ("/address/country", Value::Null, "required"),
            ("/address/country", json!("XX"), "unknown_country"),
            ("/address/country", json!("Netherlands"), "unknown_country"),
            ("/address/country", json!("NLD"), "unknown_country"),
            ("/address/country", json!(31), "wrong_type"),
            ("/address/planet", json!("Earth"), "unknown_member"),
        ] {
            let answer = activate(but(pointer, value.clone())).await;
            let reported = answer.problem(422, "validation_failed");
            let at = format!("/account/company{pointer}");
            let errors: Vec<_> = reported.body["errors"]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| (&one["pointer"], &one["code"]))
                .collect();
            assert_eq!(errors, [(&json!(at), &json!(code))], "{pointer} {value}");
        }
        // All together, and every one of them once.
        let faulty = json!({
            "vat_number": 5, "color": "red", "address": { "country": "XX", "city": 7, "street": "a\tb" }
        });
        activate(faulty).await.faults(&[
            ("/account/company/name", "required"),
            ("/account/company/vat_number", "wrong_type"),
            ("/account/company/color", "unknown_member"),
            ("/account/company/address/country", "unknown_country"),
            ("/account/company/address/city", "wrong_type"),
            ("/account/company/address/postal_code", "required"),
            ("/account/company/address/street", "control_characters"),
        ]);
        activate(json!("Acme B.V.")).await.faults(&[("/account/company", "wrong_type")]);
        activate(json!({})).await.faults(&[
            ("/account/company/name", "required"),
            ("/account/company/vat_number", "required"),
            ("/account/company/address/street", "required"),
            ("/account/company/address/postal_code", "required"),
            ("/account/company/address/city", "required"),
            ("/account/company/address/country", "required"),
        ]);
        activate(but("/address", Value::Null)).await.faults(&[
            ("/account/company/address/street", "required"),
            ("/account/company/address/postal_code", "required"),
            ("/account/company/address/city", "required"),
            ("/account/company/address/country", "required"),
        ]);
        // A link that was refused forty times still works, and what was typed is tidied.
        let mut typed = but("/vat_number", json!(" nl 0044.95.445.b01 "));
        typed["address"]["country"] = json!("nl");
        typed["name"] = json!("  Acme Laadpalen B.V. ");
        typed["address"]["house_number"] = json!("1-bis ");
        assert_eq!(activate(typed).await.expect(201).body["account"]["company"], company());
    }

    async fn vat_numbers_as_they_are_typed(app: TestApp) {
        // A row of each kind: the others, and the table's own, are read in the domain's tests.
        let typed = [
            ("FR", "FR 732 829 320", "vat_number_malformed"),
            ("FR", "732829320", "vat_number_malformed"),
            ("FR", "DE942695545", "vat_number_other_country"),
            ("FR", "EL094259216", "vat_number_other_country"),
            ("FR", "K7 399 859 412", "FRK7399859412"),
            ("BG", "BG104850609", "vat_number_check_digits"),
            ("BG", "BG197251956", "BG197251956"),
            ("CY", "CY57939397G", "vat_number_check_digits"),
            ("CZ", "CZ16552996", "vat_number_check_digits"),
            ("CZ", "DIČ: CZ 7103192745", "CZ7103192745"),
            ("LT", "LT444870551514", "vat_number_check_digits"),
            ("LT", "LT900763680813", "LT900763680813"),
            ("LV", "LV90214768184", "vat_number_check_digits"),
            ("LV", "LV 323456-78901", "LV32345678901"),
            ("MT", "MT39039343", "vat_number_check_digits"),
            ("SK", "SK3151505392", "vat_number_check_digits"),
            ("CH", "CHE-107.787.577 HR/MWST", "CHE107787577MWST"),
            ("CH", "CHE081719885TPV", "CHE081719885TPV"),
            ("GR", "EL79094949", "EL079094949"),
            ("BE", "BE0677283100", "vat_number_check_digits"),
            ("BE", "BTW BE0403170701", "BE0403170701"),
            ("DE", "USt-IdNr. DE136695976", "DE136695976"),
            ("AT", "UID: ATU13585627", "ATU13585627"),
            ("IT", "P.IVA\u{A0}IT00743110157\u{200E}", "IT00743110157"),
            ("DE", "\u{200B}DE:\u{200B}136695976", "DE136695976"),
        ];
        for (index, (country, number, right)) in typed.into_iter().enumerate() {
            let invite = json!({
                "email": format!("owner{index}@example.com"), "account_name": "A", "account_type": "business"
            });
            let (_, mail) = app.invite_by(OWNERS, invite).await;
            let mut company = but("/vat_number", json!(number));
            company["address"]["country"] = json!(country);
            let answer = app.activate_with(&mail.token, json!({ "account": { "company": company } })).await;
            if right.starts_with("vat_number") {
                answer.faults(&[("/account/company/vat_number", right)]);
            } else {
                assert_eq!(answer.expect(201).body["account"]["company"]["vat_number"], right, "{number}");
            }
        }
    }

    async fn what_may_be_left_out_and_where_companies_are(app: TestApp) {
        for (index, (vat, country, shown)) in [
            ("BE 0403.170.701", "BE", "BE0403170701"),
            ("DE136695976", "DE", "DE136695976"),
            ("EL094259216", "GR", "EL094259216"),
            ("GB 980 7806 84", "GB", "GB980780684"),
            ("CHE-107.787.577 IVA", "CH", "CHE107787577IVA"),
            ("12-3456789", "US", "123456789"),
        ]
        .into_iter()
        .enumerate()
        {
            let email = format!("owner{index}@example.com");
            let invite = json!({ "email": email, "account_name": "Acme", "account_type": "business" });
            let (_, mail) = app.invite_by(OWNERS, invite).await;
            let company = json!({
                "name": "Acme", "registration_number": null, "vat_number": vat,
                "address": {
                    "street": "Damrak 1", "house_number": " ", "postal_code": "1", "city": "C",
                    "country": country
                }
            });
            let activated = app
                .activate_with(&mail.token, json!({ "account": { "company": company } }))
                .await
                .expect(201)
                .body;
            let kept = &activated["account"]["company"];
            assert_eq!(
                (&kept["vat_number"], &kept["registration_number"], &kept["address"]["house_number"]),
                (&json!(shown), &json!(null), &json!(null))
            );
            let account = activated["account"]["id"].as_str().unwrap();
            assert_eq!(
                app.admin().get(&format!("/v1/accounts/{account}")).await.expect(200).body["company"],
                *kept
            );
        }
    }
}

/// The company that says it has no VAT number.
fn exempt() -> Value {
    let mut company = but("/vat_number", Value::Null);
    company["vat_exempt"] = json!(true);
    company
}

on_both_databases! {
    async fn a_vat_number_is_asked_for_unless_the_operator_says_otherwise(app: TestApp) {
        let invite = json!({
            "email": "ada@example.com", "account_name": "Acme", "account_type": "business"
        });
        let (_, mail) = app.invite_by(OWNERS, invite).await;
        let preview = app
            .anonymous()
            .post("/v1/activations/preview", &json!({ "token": mail.token }))
            .await
            .expect(200)
            .body;
        assert_eq!(preview.get("company_vat"), None);
        let activate = async |company: Value| {
            app.activate_with(&mail.token, json!({ "account": { "company": company } })).await
        };
        let refused =
            [("/account/company/vat_exempt", "not_applicable"), ("/account/company/vat_number", "required")];
        activate(exempt()).await.faults(&refused);
        // Whatever else is wrong is told with it.
        let mut faulty = exempt();
        faulty["address"]["city"] = json!("");
        activate(faulty).await.faults(&[
            refused[0],
            refused[1],
            ("/account/company/address/city", "required"),
        ]);
        let mut both = company();
        both["vat_exempt"] = json!(true);
        let reported = [
            ("/account/company/vat_exempt", "vat_exempt_with_number"),
            ("/account/company/vat_exempt", "not_applicable"),
        ];
        activate(both.clone()).await.faults(&reported);
        both["vat_exempt"] = json!("yes");
        activate(both.clone()).await.faults(&[("/account/company/vat_exempt", "wrong_type")]);
        both["vat_exempt"] = json!(false);
        assert_eq!(activate(both).await.expect(201).body["account"]["company"], company());
    }

    async fn countries_without_postal_codes_need_none_and_kosovo_is_one(app: TestApp) {
        for (index, (country, code, right)) in [
            ("AE", Value::Null, Ok(Value::Null)),
            ("HK", json!(" "), Ok(Value::Null)),
            ("QA", json!("00000"), Ok(json!("00000"))),
            ("XK", json!("10000"), Ok(json!("10000"))),
            ("XK", Value::Null, Err("required")),
            ("IE", Value::Null, Err("required")),
            ("US", Value::Null, Err("required")),
        ]
        .into_iter()
        .enumerate()
        {
            let invite = json!({
                "email": format!("owner{index}@example.com"), "account_name": "A", "account_type": "business"
            });
            let (_, mail) = app.invite_by(OWNERS, invite).await;
            let mut company =
                but("/vat_number", json!(if country == "IE" { "IE6433435F" } else { "100200300" }));
            company["address"]["country"] = json!(country.to_lowercase());
            company["address"]["postal_code"] = code;
            let answer = app.activate_with(&mail.token, json!({ "account": { "company": company } })).await;
            match right {
                Err(fault) => drop(answer.faults(&[("/account/company/address/postal_code", fault)])),
                Ok(kept) => {
                    let account = answer.expect(201).body["account"].clone();
                    let path = format!("/v1/accounts/{}", account["id"].as_str().unwrap());
                    let shown = app.admin().get(&path).await.expect(200).body;
                    for address in [&account["company"]["address"], &shown["company"]["address"]] {
                        assert_eq!((&address["country"], &address["postal_code"]), (&json!(country), &kept));
                    }
                }
            }
        }
    }

    async fn what_was_taken_by_older_rules_is_shown(app: TestApp) {
        let owner = app.owner("ada@example.com", "Acme").await;
        let path = format!("/v1/accounts/{}", owner.account);
        // As they were stored while forms alone were looked at, for some countries.
        for (country, number) in [("FR", "FRFR732829320"), ("LV", "LV90214768184"), ("BG", "BG104850609")] {
            app.database
                .execute(&format!("UPDATE accounts SET country = '{country}', vat_number = '{number}'"));
            assert_eq!(app.admin().get(&path).await.expect(200).body["company"]["vat_number"], number);
        }
    }
}

on_both_databases! {
    with [("COMPANY_VAT", "optional")];

    async fn a_company_without_a_vat_number_says_so(app: TestApp) {
        let invite = json!({
            "email": "ada@example.com", "account_name": "Acme", "account_type": "business"
        });
        let (_, mail) = app.invite_by(OWNERS, invite).await;
        let preview = app
            .anonymous()
            .post("/v1/activations/preview", &json!({ "token": mail.token }))
            .await
            .expect(200)
            .body;
        assert_eq!(preview["company_vat"], "optional");
        let activate = async |company: Value| {
            app.activate_with(&mail.token, json!({ "account": { "company": company } })).await
        };
        // Neither: the answer says how.
        for neither in [
            but("/vat_number", Value::Null),
            but("/vat_number", json!(" ")),
            but("/vat_exempt", json!(false)),
        ] {
            let mut neither = neither;
            neither["vat_number"] = Value::Null;
            let reported = activate(neither).await;
            let detail =
                reported.faults(&[("/account/company/vat_number", "required")]).body["errors"][0]["detail"]
                    .clone();
            assert!(detail.as_str().unwrap().contains("vat_exempt true"), "{detail}");
        }
        // Both.
        activate(but("/vat_exempt", json!(true)))
            .await
            .faults(&[("/account/company/vat_exempt", "vat_exempt_with_number")]);
        let activated = activate(exempt()).await.expect(201).body;
        assert_eq!(activated["account"]["company"], exempt());
        let path = format!("/v1/accounts/{}", activated["account"]["id"].as_str().unwrap());
        assert_eq!(app.admin().get(&path).await.expect(200).body["company"], exempt());
        // Another one has a number, as ever.
        let eve = app.owner("eve@example.com", "Eve").await.client;
        let accounts = eve.get("/v1/accounts").await.expect(200);
        assert_eq!(accounts.body["data"][0]["company"], company());
    }

    async fn a_consumer_is_asked_nothing_of_the_kind(app: TestApp) {
        let (_, mail) = app.invite("eve@example.com", &["viewer"]).await;
        let preview = app
            .anonymous()
            .post("/v1/activations/preview", &json!({ "token": mail.token }))
            .await
            .expect(200)
            .body;
        assert_eq!(preview.get("company_vat"), None, "no company is asked for");
        let (_, mail) =
            app.invite_by(OWNERS, json!({ "email": "ada@example.com", "account_name": "Ada" })).await;
        let account = |company: Value| json!({ "account": { "type": "consumer", "company": company } });
        app.activate_with(&mail.token, account(exempt()))
            .await
            .faults(&[("/account/company", "not_applicable")]);
        app.activate_with(&mail.token, json!({ "account": { "type": "consumer" } })).await.expect(201);
    }
}

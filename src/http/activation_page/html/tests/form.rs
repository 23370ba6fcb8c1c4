//! What the form shows.

use super::fixture::{attributes, between, error, form, handed_over, page, requires};
use crate::domain::activation::Requires;
use crate::http::activation_page::html::*;

fn asked(bits: u8) -> Requires {
    let bit = |place: u8| bits >> place & 1 == 1;
    Requires {
        password: bit(0),
        person_name: bit(1),
        email: bit(2),
        account_name: bit(3),
        account_type: bit(4),
        company: bit(5),
    }
}

fn expected(asked: Requires) -> Vec<&'static str> {
    let rows: [(bool, &[&str]); 6] = [
        (asked.person_name, &["first_name", "last_name"]),
        (asked.email, &["email"]),
        (asked.account_type, &["account_type", "account_type"]),
        (asked.account_name, &["account_name"]),
        (
            asked.company || asked.account_type,
            &[
                "company_name",
                "company_registration_number",
                "company_vat_number",
                "company_street",
                "company_house_number",
                "company_postal_code",
                "company_city",
                "company_country",
            ],
        ),
        (asked.password, &["password"]),
    ];
    let shown = rows.into_iter().filter(|(shown, _)| *shown).flat_map(|(_, names)| names.iter().copied());
    ["token"].into_iter().chain(shown).collect()
}

/// The fields that the page would post, in order.
fn posted(html: &str) -> Vec<&str> {
    attributes(html.split_once("<form").unwrap().1, "name")
}

#[test]
fn shows_exactly_what_is_required() {
    for requires in (0..64).map(asked) {
        for errors in [Vec::new(), vec![error("password", "x"), error("company_city", "y")]] {
            let html = page(&Screen::Form(Form { requires, errors, ..form() }), Locale::Nl);
            assert_eq!(posted(&html), expected(requires), "{requires:?}");
        }
    }
}

#[test]
fn keeps_what_was_typed_but_for_the_password() {
    let mut form =
        Form { requires: requires(true), errors: vec![error("password", "Longer, please.")], ..form() };
    form.values = FormValues {
        first_name: "v-first".into(),
        last_name: "v-last".into(),
        email: "v-email".into(),
        account_name: "v-account".into(),
        account_type: "consumer".into(),
        company_name: "v-company".into(),
        company_registration_number: "v-registration".into(),
        company_vat_number: "v-vat".into(),
        company_vat_exempt: String::new(),
        company_street: "v-street".into(),
        company_house_number: "v-house".into(),
        company_postal_code: "v-postal".into(),
        company_city: "v-city".into(),
        company_country: "BE".into(),
    };
    let html = page(&Screen::Form(form), Locale::En);
    assert_eq!(html.matches("value=\"v-").count(), 11);
    assert!(html.contains("value=\"consumer\" checked") && !html.contains("value=\"business\" checked"));
    assert!(html.contains("<option value=\"BE\" selected>Belgium</option>"));
    let password = between(&html, "<input id=\"password\"", ">")[0];
    assert_eq!(attributes(password, "value"), [""]);
    assert!(html.contains("type your password again"));
}

#[test]
fn an_error_is_shown_above_and_beside_its_field() {
    let errors = vec![
        error("last_name", "Please fill this in."),
        error("company_city", "Elsewhere."),
        error("token", "Odd."),
    ];
    let html = page(&Screen::Form(Form { errors, ..form() }), Locale::En);
    let summary = between(&html, "role=\"alert\"", "</div>")[0];
    assert!(summary.contains("<a href=\"#last_name\"><strong>Last name</strong>: Please fill this in.</a>"));
    assert!(summary.contains("<li>Elsewhere.</li>") && summary.contains("<li>Odd.</li>"));
    assert!(html.contains("<title>Error: Activate your account – Voltwerk Charging</title>"));
    let field = between(&html, "<input id=\"last_name\"", ">")[0];
    assert_eq!(attributes(field, "aria-describedby"), ["last_name-error"]);
    assert_eq!(attributes(field, "aria-invalid"), ["true"]);
    assert!(!between(&html, "<input id=\"first_name\"", ">")[0].contains("aria-"));
    assert!(!page(&Screen::Form(form()), Locale::En).contains("role=\"alert\""));
}

#[test]
fn says_who_invites_to_what_and_until_when() {
    let account = Account {
        name: Some("Mill"),
        parent_name: Some("Holding"),
        used_by: Some("employee"),
        account_type: None,
    };
    let english = page(&Screen::Form(Form { account: Some(account), ..form() }), Locale::En);
    let dutch = page(&Screen::Form(form()), Locale::Nl);
    for text in
        ["Grace Hopper", "Voltwerk Charging", "Customer support, Finance", "Mill", "Holding", "An employee"]
    {
        assert!(english.contains(text), "{text}");
    }
    assert!(
        english
            .contains("<time datetime=\"2026-11-25T13:03:00Z\">Wednesday 25 November 2026, 14:03 CET</time>")
    );
    assert!(
        dutch.contains("woensdag 25 november 2026, 14:03 CET") && dutch.contains("Klantenservice, Financiën")
    );
    let member = Form { requires: Requires { email: true, ..requires(false) }, ..form() };
    for form in [form(), member] {
        assert!(page(&Screen::Form(form), Locale::En).contains("ada.lovelace@example.com"));
    }
}

#[test]
fn the_password_field_helps_managers_and_cuts_nothing() {
    let html = page(&Screen::Form(Form { password_min_length: 12, ..form() }), Locale::En);
    let password = between(&html, "<input id=\"password\"", ">")[0];
    for (name, value) in
        [("autocomplete", "new-password"), ("minlength", "12"), ("passwordrules", "minlength: 12")]
    {
        assert_eq!(attributes(password, name), [value]);
    }
    assert!(!password.contains("maxlength") && password.contains("required"));
    assert!(html.contains("At least 12 characters"));
    assert!(html.contains("<form method=\"post\" action=\"/activate\" accept-charset=\"utf-8\">"));
}

#[test]
fn a_link_that_was_handed_over_takes_a_new_password_and_the_one_that_one_has() {
    for (locale, legend) in [
        (Locale::En, "Your password"),
        (Locale::Nl, "Je wachtwoord"),
        (Locale::De, "Ihr Passwort"),
        (Locale::Fr, "Votre mot de passe"),
    ] {
        let html = page(&Screen::Form(handed_over()), locale);
        let chosen = page(&Screen::Form(form()), locale);
        assert!(html.contains(&format!("<legend>{legend}</legend>")) && !chosen.contains(legend), "{html}");
        let field = between(&html, "<input id=\"password\"", ">")[0];
        // Whatever its length, it may be theirs.
        assert!(
            !field.contains("minlength") && !field.contains("passwordrules") && field.contains("required")
        );
        let hint = between(&html, "id=\"password-hint\"", "</div>")[0];
        assert!(hint.contains("Grace Hopper") && hint.contains("15"), "{hint}");
        // Whoever is active already has a name.
        assert!(!between(&html, "<input id=\"first_name\"", ">")[0].contains("required"));
        assert!(between(&chosen, "<input id=\"first_name\"", ">")[0].contains("required"));
    }
    assert!(page(&Screen::Form(handed_over()), Locale::En).contains("<h1>Activate your account</h1>"));
    let reported: std::collections::BTreeSet<String> = Locale::ALL
        .into_iter()
        .map(|locale| {
            FormError::from_fault("/password", "password_wrong", "as the service says it", 15, locale).message
        })
        .collect();
    assert!(
        reported.len() == Locale::ALL.len() && !reported.contains("as the service says it"),
        "{reported:?}"
    );
}

#[test]
fn company_fields_are_for_businesses_and_never_hidden_with_an_error() {
    let open = Form { requires: Requires { account_type: true, ..requires(false) }, ..form() };
    let html = page(&Screen::Form(open), Locale::En);
    assert!(html.contains("only for a business account") && html.contains("class=\"section if-business\""));
    assert!(!between(&html, "<input id=\"company_name\"", ">")[0].contains("required"));
    let errors = vec![error("company_city", "Where?")];
    let requires = Requires { account_type: true, ..requires(false) };
    assert!(
        !page(&Screen::Form(Form { requires, errors, ..form() }), Locale::En).contains("section if-business")
    );
    let settled = Form { requires: Requires { account_type: false, company: true, ..requires }, ..form() };
    let html = page(&Screen::Form(settled), Locale::En);
    assert!(between(&html, "<input id=\"company_name\"", ">")[0].contains("required"));
    assert!(!html.contains("only for a business account") && !html.contains("section if-business"));
}

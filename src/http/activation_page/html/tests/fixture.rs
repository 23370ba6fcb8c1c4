//! Screens as the handlers build them, and just enough reading of HTML.

use std::sync::LazyLock;

use crate::domain::{
    activation::{Requires, SignInWith},
    company::CompanyVat,
    invitation::InvitationKind,
    locale::Locale,
    role::Role,
    time_zone::TimeZone,
};

use crate::http::activation_page::html::*;

pub(super) const TOKEN: &str = "AcZ-9_tokentokentoken";

static COUNTRIES: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    [("BE", "Belgium"), ("NL", "Netherlands")].map(|(code, name)| (code.to_owned(), name.to_owned())).into()
});

static AMSTERDAM: LazyLock<TimeZone> = LazyLock::new(|| TimeZone::bundled("Europe/Amsterdam").unwrap());

static TYPED: LazyLock<FormValues> = LazyLock::new(|| FormValues {
    first_name: "Ada".to_owned(),
    email: "ada@example.com".to_owned(),
    account_type: "business".to_owned(),
    company_name: "Lovelace Engines".to_owned(),
    company_country: "NL".to_owned(),
    ..FormValues::default()
});

/// Everything asked for, or nothing.
pub(super) fn requires(all: bool) -> Requires {
    Requires {
        password: all,
        person_name: all,
        email: all,
        account_name: all,
        account_type: all,
        company: all,
    }
}

/// A colleague's form at its first showing.
pub(super) fn form() -> Form<'static> {
    Form {
        inviter: Inviter { name: "Grace Hopper", organisation: "Voltwerk Charging" },
        email: "ada.lovelace@example.com",
        kind: InvitationKind::SystemUser,
        roles: &[Role::CustomerSupport, Role::Finance],
        account: None,
        expires_at: "2026-11-25T13:03:00Z".parse().unwrap(),
        time_zone: &AMSTERDAM,
        password_min_length: 15,
        requires: Requires { password: true, person_name: true, ..requires(false) },
        is_mailed: true,
        company_vat: CompanyVat::Required,
        token: TOKEN,
        countries: &COUNTRIES,
        values: FormValues::default(),
        errors: Vec::new(),
    }
}

/// The same, by a link that was handed over.
pub(super) fn handed_over() -> Form<'static> {
    Form { is_mailed: false, ..form() }
}

pub(super) fn error(field: &str, message: impl Into<String>) -> FormError<'_> {
    FormError { field, message: message.into() }
}

fn faulty() -> Form<'static> {
    let fault = |pointer, code| FormError::from_fault(pointer, code, "", 15, Locale::En);
    let errors = vec![
        fault("/last_name", "required"),
        fault("/password", "too_short"),
        fault("/account/company/vat_number", "vat_number_invalid"),
        fault("/account/type", "unknown_value"),
    ];
    Form { values: TYPED.clone(), errors, ..form() }
}

/// Each screen in each of its shapes, by a name.
pub(super) fn every_screen() -> Vec<(&'static str, Screen<'static>)> {
    let owner = Form {
        kind: InvitationKind::AccountOwner,
        roles: &[],
        requires: Requires { email: false, ..requires(true) },
        ..form()
    };
    let account = Account {
        name: Some("Engines Charging"),
        parent_name: Some("Lovelace Holding"),
        used_by: Some("employee"),
        account_type: Some("business"),
    };
    let driver = Form { kind: InvitationKind::SubAccount, roles: &[], account: Some(account), ..form() };
    let member = Form { requires: Requires { email: true, ..requires(false) }, ..form() };
    let by_hand = Form { errors: vec![error("password", "Wrong.")], ..handed_over() };
    let inviter = Some(form().inviter);
    let dead = |code, inviter, renewal| Screen::InvalidLink(InvalidLink { code, inviter, renewal });
    let done = |first_name, sign_in_with| {
        let (organisation, email) = ("Voltwerk Charging", "ada.lovelace@example.com");
        Screen::Done(Done { organisation, first_name, email, sign_in_with, inherited: Vec::new() })
    };
    let trouble =
        |kind, retry| Screen::Failure(Failure { kind, message: None, request_id: "01J-7f3a", retry });
    let (again, resend) =
        (Retry { token: TOKEN, values: None }, Retry { token: TOKEN, values: Some(&TYPED) });
    let mut screens = vec![
        ("form", Screen::Form(form())),
        ("form_faulty", Screen::Form(faulty())),
        ("owner", Screen::Form(Form { values: TYPED.clone(), ..owner })),
        ("everything_faulty", Screen::Form(Form { requires: requires(true), ..faulty() })),
        ("driver", Screen::Form(driver)),
        ("member", Screen::Form(member)),
        ("by_hand", Screen::Form(by_hand)),
        ("invalid", dead(InvalidLinkReason::Invalid, None, None)),
        ("expired", dead(InvalidLinkReason::Expired, inviter, None)),
        ("expired_renewable", dead(InvalidLinkReason::Expired, inviter, Some(TOKEN))),
        ("used", dead(InvalidLinkReason::Used, inviter, Some(TOKEN))),
        ("superseded", dead(InvalidLinkReason::Superseded, inviter, None)),
        ("revoked", dead(InvalidLinkReason::Revoked, inviter, None)),
        ("done", done(Some("Ada"), SignInWith::NewPassword)),
        ("renewed", Screen::Renewed(Renewed { organisation: Some("Voltwerk Charging") })),
        (
            "unsubscribed",
            Screen::Unsubscribed(Unsubscribed {
                organisation: "Voltwerk Charging",
                email: "ada@example.com",
            }),
        ),
        ("unconfirmed", Screen::Unconfirmed(Unconfirmed { organisation: "Voltwerk Charging" })),
        ("missing_token", Screen::MissingToken(MissingToken { organisation: None })),
        ("away", trouble(FailureKind::Unavailable, Some(resend))),
        ("too_many", trouble(FailureKind::TooMany, Some(again))),
        ("unexpected", trouble(FailureKind::Unexpected, None)),
    ];
    screens.extend(password_and_address());
    screens
}

/// The pages where a password is reset and an address confirmed.
fn password_and_address() -> impl Iterator<Item = (&'static str, Screen<'static>)> {
    let (organisation, email) = ("Voltwerk Charging", "ada@example.com");
    let faulty = || vec![error("password", "Wrong.")];
    let choose = |errors| {
        Screen::ChoosePassword(ChoosePassword {
            organisation,
            email,
            token: TOKEN,
            password_min_length: 15,
            errors,
        })
    };
    let ask = |errors| Screen::AskForReset(AskForReset { organisation, email: "<ada>", errors });
    let confirm = |asks_password, errors| {
        let new = "ada.king@example.com";
        Screen::ConfirmEmail(ConfirmEmail { organisation, new, token: TOKEN, asks_password, errors })
    };
    let forms = [
        ("choose_password", choose(Vec::new())),
        ("choose_password_faulty", choose(faulty())),
        ("ask_for_reset", ask(Vec::new())),
        ("ask_for_reset_faulty", ask(vec![error("email", "Wrong.")])),
        ("confirm_email", confirm(true, Vec::new())),
        ("confirm_email_faulty", confirm(true, faulty())),
        ("confirm_email_without_password", confirm(false, Vec::new())),
    ];
    let resets = [
        ResetOutcome::Requested,
        ResetOutcome::Changed,
        ResetOutcome::Invalid,
        ResetOutcome::Expired,
        ResetOutcome::Used,
        ResetOutcome::Superseded,
    ]
    .map(|outcome| ("reset_notice", Screen::ResetNotice(ResetNotice { organisation, outcome })));
    let confirmations = [
        ConfirmEmailOutcome::Changed,
        ConfirmEmailOutcome::Invalid,
        ConfirmEmailOutcome::Expired,
        ConfirmEmailOutcome::Used,
        ConfirmEmailOutcome::Superseded,
        ConfirmEmailOutcome::Taken,
    ]
    .map(|outcome| {
        ("confirm_email_notice", Screen::ConfirmEmailNotice(ConfirmEmailNotice { organisation, outcome }))
    });
    forms.into_iter().chain(resets).chain(confirmations)
}

pub(super) fn page(screen: &Screen<'_>, locale: Locale) -> String {
    Pages::new("").unwrap().render(screen, locale).unwrap()
}

/// What stands between `open` and the next `close`, everywhere.
pub(super) fn between<'a>(html: &'a str, open: &str, close: &str) -> Vec<&'a str> {
    html.split(open).skip(1).map(|rest| rest.split(close).next().unwrap()).collect()
}

/// Every value of an attribute.
pub(super) fn attributes<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    between(html, &format!(" {name}=\""), "\"")
}

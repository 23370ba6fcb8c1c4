//! Whether an answer has everything that the invitation asks for, and nothing else: all faults together.

use super::{Answer, Preview};
use crate::{
    domain::{
        account::{AccountStatus, AccountType},
        activation::{ActivationPath, Requires},
        company::CompanyVat,
        field_error::{Faults, FieldError},
        password::{self, Identity, PasswordFault},
        person::PersonName,
    },
    services::{ServiceError, Services},
};

/// Judges. `is_proven` says that the person has proved themselves by their access token.
pub(super) fn validate(
    services: &Services,
    seen: &Preview,
    answer: &Answer,
    is_proven: bool,
) -> Result<(), ServiceError> {
    let mut faults = Judged(answer.faults.clone());
    let path = seen.path();
    judge_person(&mut faults, seen, answer, is_proven);
    if seen.invitation.account.is_some() {
        let Requires { account_name, .. } = seen.requires;
        faults.member("/account/name", answer.account_name.is_some(), account_name);
        judge_account(services.rules.company_vat, seen, answer, &mut faults);
    } else {
        faults.member("/account", answer.account, false);
    }
    if let Some(typed) = &answer.email
        && !faults.speaks_of("/email")
        && typed.key() != seen.invitation.email.key()
    {
        faults.push("/email", "email_mismatch", "This is not the address that was invited.");
    }
    // The password that somebody has is compared once all else is in order. Before that it is validated as a
    // new one, so that the answer, the time that it takes, and the delays after wrong ones are what anybody
    // else gets.
    let is_judged = match path {
        ActivationPath::NewCredentials => true,
        ActivationPath::ProofRequired => !is_proven,
        ActivationPath::MailedToActive => false,
    };
    if is_judged {
        faults.0.extend(password_faults(services, seen, answer));
    }
    if faults.0.is_empty() { Ok(()) } else { Err(ServiceError::Invalid(faults.0)) }
}

/// The rules for a new password that the one given breaks.
fn password_faults(services: &Services, seen: &Preview, answer: &Answer) -> Vec<FieldError> {
    let Some(chosen) = &answer.password else { return Vec::new() };
    let names =
        [&answer.first_name, &answer.last_name].into_iter().flatten().map(PersonName::as_str).collect();
    let identity = Identity { email: Some(&seen.invitation.email), names };
    let broken = password::faults(chosen, services.rules.password_min_length, &identity);
    broken.into_iter().map(password_fault).collect()
}

/// What the person says of themselves. At a link that was handed over, an active person who proves themselves
/// by their password gives names as somebody new does, though they are set aside: otherwise their absence
/// would tell the two apart.
fn judge_person(faults: &mut Judged, seen: &Preview, answer: &Answer, is_proven: bool) {
    let (first, last) = (answer.first_name.is_some(), answer.last_name.is_some());
    match seen.path() {
        ActivationPath::NewCredentials => {
            faults.member("/password", answer.password.is_some(), true);
            faults.member("/first_name", first, true);
            faults.member("/last_name", last, true);
            if seen.invitation.is_mailed() {
                faults.member("/email", answer.email.is_some(), false);
            }
        }
        ActivationPath::MailedToActive => {
            faults.member("/password", answer.password.is_some(), false);
            faults.member("/first_name", first, false);
            faults.member("/last_name", last, false);
            if !is_proven {
                faults.member("/email", answer.email.is_some(), true);
            }
        }
        ActivationPath::ProofRequired => {
            if !is_proven {
                faults.member("/password", answer.password.is_some(), true);
                faults.member("/first_name", first, true);
                faults.member("/last_name", last, true);
            }
        }
    }
}

/// The type decides whether the company's details are needed, whoever says it.
fn judge_account(company_vat: CompanyVat, seen: &Preview, answer: &Answer, faults: &mut Judged) {
    let asked = seen.requires.account_type;
    let known = seen.invitation.account.as_ref().and_then(|account| account.account_type);
    // A form that sends back what the inviter chose contradicts nobody.
    let repeats = answer.account_type.is_some() && answer.account_type == known;
    if !repeats {
        faults.member("/account/type", answer.account_type.is_some(), asked);
    }
    let not_yet_activated = seen.account_status == Some(AccountStatus::Invited);
    let chosen = if asked { answer.account_type } else { known };
    match chosen.filter(|_| not_yet_activated) {
        Some(AccountType::Business) => {
            faults.member("/account/company", answer.company.is_some(), true);
            judge_vat(company_vat, answer, faults);
        }
        // Which of the two is meant is not known yet, and that is said above; the company is not validated by
        // a guess.
        None if not_yet_activated => {}
        Some(AccountType::Consumer) | None => {
            faults.member("/account/company", answer.company.is_some(), false)
        }
    }
}

/// Whether "we have none" is an answer to the question for a VAT number, and how it is given.
fn judge_vat(company_vat: CompanyVat, answer: &Answer, faults: &mut Judged) {
    let number = "/account/company/vat_number";
    match (company_vat, answer.vat_exempt) {
        (CompanyVat::Optional, _) => {
            let missing = |fault: &FieldError| fault.path == number && fault.code == "required";
            let detail = "This is required. A company that has no VAT number says so: vat_number null, and vat_exempt true.";
            faults.0.reword(missing, detail);
        }
        (CompanyVat::Required, true) => {
            let detail = "A company needs a VAT number here: that it has none is not accepted.";
            faults.push("/account/company/vat_exempt", "not_applicable", detail);
            if !faults
                .0
                .reported()
                .iter()
                .any(|fault| fault.path == number || fault.code == "vat_exempt_with_number")
            {
                faults.push(number, "required", "This is required.");
            }
        }
        (CompanyVat::Required, false) => {}
    }
}

struct Judged(Faults);

impl Judged {
    fn push(&mut self, path: &str, code: &'static str, detail: &str) {
        self.0.push(FieldError::new(path, code, detail));
    }

    fn speaks_of(&self, path: &str) -> bool {
        self.0.reported().iter().any(|fault| fault.path == path)
    }

    /// A member that must be there, or must not. What is out of place is told as that alone, whatever else is
    /// wrong with it.
    fn member(&mut self, path: &str, given: bool, required: bool) {
        let inside = |fault: &FieldError| fault.path == path || fault.path.starts_with(&format!("{path}/"));
        // Of an object that is none, nothing is said to be missing.
        let around = |fault: &FieldError| path.starts_with(&format!("{}/", fault.path));
        let faulty = self.0.reported().iter().any(|fault| inside(fault) || (required && around(fault)));
        match (given || faulty, required) {
            (true, false) => {
                self.0.forget(inside);
                self.push(path, "not_applicable", "This invitation does not ask for it.");
            }
            (false, true) => self.push(path, "required", "This is required."),
            _ => {}
        }
    }
}

fn password_fault(fault: PasswordFault) -> FieldError {
    let (code, detail) = match fault {
        PasswordFault::TooShort(shortest) => {
            ("too_short", format!("A password has at least {shortest} characters."))
        }
        PasswordFault::TooLong => {
            ("too_long", format!("A password has at most {} characters.", password::MAX_LEN))
        }
        PasswordFault::Common => {
            ("password_common", "This password is commonly used and is tried first by attackers.".into())
        }
        PasswordFault::Guessable => (
            "password_guessable",
            "This password is easy to guess. A few unrelated words make a better one.".into(),
        ),
        PasswordFault::ContainsIdentity => (
            "password_contains_identity",
            "A password must not be made of your name or your e-mail address: leave them out.".into(),
        ),
    };
    FieldError::new("/password", code, detail)
}

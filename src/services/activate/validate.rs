//! Checks that the input has exactly the required members, and reports all errors together.

use super::answer::Answer;
use crate::{
    domain::{
        account::{AccountStatus, AccountType},
        activation::{ActivationPath, Requires},
        company::CompanyVat,
        field_error::{Faults, FieldError},
        password::Identity,
        person::PersonName,
    },
    services::{ServiceError, Services, password_rules, preview::Preview},
};

/// Validates the input. With `is_proven` the person has proved their identity by access token.
pub(super) fn validate(
    services: &Services,
    seen: &Preview,
    answer: &Answer,
    is_proven: bool,
) -> Result<(), ServiceError> {
    let mut faults = FaultCollector(answer.faults.clone());
    let path = seen.path();
    validate_person(&mut faults, seen, answer, is_proven);
    if seen.invitation.account.is_some() {
        let Requires { account_name, .. } = seen.requires;
        faults.member("/account/name", answer.account_name.is_some(), account_name);
        validate_account(services.rules.company_vat, seen, answer, &mut faults);
    } else {
        faults.member("/account", answer.account, false);
    }
    if let Some(typed) = &answer.email
        && !faults.has_fault_at("/email")
        && typed.key() != seen.invitation.email.key()
    {
        faults.push("/email", "email_mismatch", "This is not the address that was invited.");
    }
    // A present password is compared only when everything else is valid. Before that it is validated like a
    // new one, so that the answer, its timing, and the delays after wrong ones do not reveal whether the user
    // exists.
    let checks_password = match path {
        ActivationPath::NewCredentials => seen.requires.password,
        ActivationPath::ProofRequired => !is_proven,
        ActivationPath::MailedToActive => false,
    };
    if checks_password {
        faults.0.extend(password_faults(services, seen, answer));
    }
    if faults.0.is_empty() { Ok(()) } else { Err(ServiceError::Invalid(faults.0)) }
}

/// The rules for a new password that the input breaks.
fn password_faults(services: &Services, seen: &Preview, answer: &Answer) -> Vec<FieldError> {
    let Some(chosen) = &answer.password else { return Vec::new() };
    let names =
        [&answer.first_name, &answer.last_name].into_iter().flatten().map(PersonName::as_str).collect();
    let identity = Identity { email: Some(&seen.invitation.email), names };
    password_rules::broken(services, "/password", chosen, &identity)
}

/// Validates the person's members. At a link that was returned to its inviter, an active user who proves
/// their identity by password must give names as a new one does, although they are ignored: otherwise the
/// error would reveal that the user exists.
fn validate_person(faults: &mut FaultCollector, seen: &Preview, answer: &Answer, is_proven: bool) {
    let (first, last) = (answer.first_name.is_some(), answer.last_name.is_some());
    match seen.path() {
        ActivationPath::NewCredentials => {
            faults.member("/password", answer.password.is_some(), seen.requires.password);
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

/// Validates the account's members. The type, from either side, decides whether company details are required.
fn validate_account(company_vat: CompanyVat, seen: &Preview, answer: &Answer, faults: &mut FaultCollector) {
    let asked = seen.requires.account_type;
    let known = seen.invitation.account.as_ref().and_then(|account| account.account_type);
    // A form may send back the type that the inviter chose.
    let repeats = answer.account_type.is_some() && answer.account_type == known;
    if !repeats {
        faults.member("/account/type", answer.account_type.is_some(), asked);
    }
    let not_yet_activated = seen.account_status == Some(AccountStatus::Invited);
    let chosen = if asked { answer.account_type } else { known };
    match chosen.filter(|_| not_yet_activated) {
        Some(AccountType::Business) => {
            faults.member("/account/company", answer.company.is_some(), true);
            validate_vat(company_vat, answer, faults);
        }
        // The type is missing, which is reported above, so the company is not validated.
        None if not_yet_activated => {}
        Some(AccountType::Consumer) | None => {
            faults.member("/account/company", answer.company.is_some(), false);
        }
    }
}

/// Checks whether the statement of having no VAT number is allowed, and how it is given.
fn validate_vat(company_vat: CompanyVat, answer: &Answer, faults: &mut FaultCollector) {
    let number = "/account/company/vat_number";
    match (company_vat, answer.vat_exempt) {
        (CompanyVat::Optional, _) => {
            let missing = |fault: &FieldError| fault.path == number && fault.code == "required";
            let detail = "This is required. A company without a VAT number must send vat_number null and \
                vat_exempt true.";
            faults.0.reword(missing, detail);
        }
        (CompanyVat::Required, true) => {
            let detail = "A VAT number is required. This service does not accept companies without one.";
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

struct FaultCollector(Faults);

impl FaultCollector {
    fn push(&mut self, path: &str, code: &'static str, detail: &str) {
        self.0.push(FieldError::new(path, code, detail));
    }

    fn has_fault_at(&self, path: &str) -> bool {
        self.0.reported().iter().any(|fault| fault.path == path)
    }

    /// A member that must be present, or absent. For one that must be absent no other error is reported.
    fn member(&mut self, path: &str, given: bool, required: bool) {
        let inside = |fault: &FieldError| fault.path == path || fault.path.starts_with(&format!("{path}/"));
        // No member is reported as missing in a value that is no object.
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

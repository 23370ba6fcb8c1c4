//! From a fault of the service, a JSON Pointer and a stable code, to the form's field and a text in
//! its language.

use super::{screen::FormError, words::Words};
use crate::domain::{locale::Locale, password};

/// The form's fields by the members of the API's body, all but those of the same name.
const NESTED: [(&str, &str); 11] = [
    ("/account/name", "account_name"),
    ("/account/type", "account_type"),
    ("/account/company/name", "company_name"),
    ("/account/company/registration_number", "company_registration_number"),
    ("/account/company/vat_number", "company_vat_number"),
    ("/account/company/vat_exempt", "company_vat_exempt"),
    ("/account/company/address/street", "company_street"),
    ("/account/company/address/house_number", "company_house_number"),
    ("/account/company/address/postal_code", "company_postal_code"),
    ("/account/company/address/city", "company_city"),
    ("/account/company/address/country", "company_country"),
];

impl<'a> FormError<'a> {
    /// The fault at `pointer`, a JSON Pointer into the body of `POST /v1/activations`, said in the language
    /// of `locale`. A fault for which the page has no text is shown with its `detail`.
    #[must_use]
    pub fn from_fault(
        pointer: &'a str,
        code: &str,
        detail: &str,
        password_min_length: usize,
        locale: Locale,
    ) -> Self {
        let nested = NESTED.into_iter().find(|(known, _)| *known == pointer).map(|(_, field)| field);
        let field = nested.unwrap_or_else(|| pointer.trim_start_matches('/'));
        let message = message(field, code, password_min_length, locale).unwrap_or_else(|| detail.to_owned());
        Self { field, message }
    }

    /// The VAT number is missing, where a company may say that it has none.
    #[must_use]
    pub fn vat_number_or_none(locale: Locale) -> Self {
        Self { field: "company_vat_number", message: Words::of(locale).faults.vat_or_none.to_owned() }
    }
}

fn message(field: &str, code: &str, password_min_length: usize, locale: Locale) -> Option<String> {
    let words = &Words::of(locale).faults;
    let longest = match field {
        "password" => Some(password::MAX_LEN),
        "first_name" | "last_name" => Some(100),
        "email" => Some(254),
        _ => None,
    };
    let (text, number) = match (code, longest) {
        ("required", _) => (words.required, 0),
        ("too_long", Some(longest)) => (words.too_long, longest),
        ("too_long", None) => (words.shorter, 0),
        ("too_short", _) if field == "password" => (words.password_too_short, password_min_length),
        ("password_common", _) => (words.password_common, 0),
        ("password_guessable", _) => (words.password_guessable, 0),
        ("password_contains_identity", _) => (words.password_contains_identity, 0),
        ("password_wrong", _) => (words.password_wrong, 0),
        ("email_mismatch", _) => (words.email_other, 0),
        ("vat_number_malformed", _) => (words.vat_malformed, 0),
        ("vat_number_check_digits", _) => (words.vat_check_digits, 0),
        ("vat_number_other_country", _) => (words.vat_other_country, 0),
        ("vat_exempt_with_number", _) => (words.vat_both, 0),
        ("not_applicable", _) => return None,
        // Whatever else the service finds: of these fields, one thing alone can still be wrong.
        _ => match field {
            "first_name" | "last_name" => (words.control, 0),
            "email" => (words.email_malformed, 0),
            "account_type" | "company_country" => (words.not_offered, 0),
            _ if NESTED.iter().any(|(_, known)| *known == field) => (words.malformed, 0),
            _ => return None,
        },
    };
    Some(text.replace("{number}", &number.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reported(pointer: &'static str, code: &str, locale: Locale) -> (&'static str, String) {
        let error = FormError::from_fault(pointer, code, "as the service says it", 15, locale);
        (error.field, error.message)
    }

    #[test]
    fn numbers_are_filled_in_and_languages_differ() {
        assert_eq!(
            reported("/password", "too_short", Locale::En),
            ("password", "Use at least 15 characters.".to_owned())
        );
        assert_eq!(
            reported("/password", "too_short", Locale::Nl),
            ("password", "Gebruik minstens 15 tekens.".to_owned())
        );
        assert_eq!(
            reported("/password", "too_long", Locale::En),
            ("password", "Use 128 characters at most.".to_owned())
        );
        assert_eq!(
            reported("/first_name", "too_long", Locale::En),
            ("first_name", "Use 100 characters at most.".to_owned())
        );
    }

    #[test]
    fn every_pointer_finds_its_field() {
        assert_eq!(
            reported("/account/company/vat_number", "vat_number_invalid", Locale::En).0,
            "company_vat_number"
        );
        assert_eq!(reported("/account/company/address/city", "required", Locale::En).0, "company_city");
        assert_eq!(reported("/email", "email_mismatch", Locale::En).0, "email");
    }

    #[test]
    fn an_unexpected_fault_has_the_service_s_own_text() {
        assert_eq!(reported("/password", "password_haunted", Locale::Nl).1, "as the service says it");
        assert_eq!(reported("/email", "not_applicable", Locale::Nl).1, "as the service says it");
        assert_eq!(reported("/nothing", "unknown_member", Locale::Nl).1, "as the service says it");
    }
}

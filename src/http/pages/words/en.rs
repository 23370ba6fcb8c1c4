//! English.

use super::{Facts, Faults, Fields, Form, Notice, Notices, Words};

pub(super) const WORDS: Words = Words {
    date_format: "%A %-d %B %Y, %H:%M",
    date_locale: chrono::Locale::en_GB,
    error: "Error:",
    errors_heading: "Please check what you typed",
    optional: "optional",
    choose: "Choose a country",
    form: Form {
        activate_heading: "Activate your account",
        activate: "Activate account",
        accept_heading: "Accept your invitation",
        accept: "Accept invitation",
        intro_system_user: "{inviter} invites you to work with {organisation} as a colleague.",
        intro_account: "{inviter} of {organisation} invites you to open an account.",
        intro_named_account: "{inviter} of {organisation} invites you to manage the account {account}.",
        intro_sub_account: "{inviter} of {organisation} invites you to an account for charging.",
        intro_sub_account_of: "{inviter} of {organisation} invites you to an account for charging under {parent}.",
        about_you: "About you",
        account: "Your account",
        company: "Your company",
        company_if_business: "Your company – only for a business account",
        password: "Choose a password",
    },
    facts: Facts {
        email: "E-mail address",
        role: "Your role",
        roles: "Your roles",
        account: "Account",
        parent: "Part of",
        used_by: "Used by",
        account_type: "Account type",
        expires: "Link valid until",
        employee: "An employee",
        subsidiary: "A subsidiary",
        business: "Business",
        consumer: "Private",
        role_names: ["Administrator", "User manager", "Customer support", "Finance", "Viewer"],
    },
    fields: Fields {
        first_name: "First name",
        last_name: "Last name",
        confirm_email: "Your e-mail address",
        confirm_email_hint: "Type the address that the invitation was sent to. This shows us that it is you who accepts.",
        password: "Password",
        password_hints: [
            "At least {number} characters. A few random words work well.",
            "Not a commonly used password, and not your name or e-mail address.",
            "Capitals, digits and symbols are welcome, not required.",
        ],
        password_again: "Please type your password again: we never keep it on this page.",
        account_name: "Name of the account",
        account_type: "What is the account for?",
        company_name: "Company name",
        company_registration_number: "Registration number",
        company_vat_number: "VAT number",
        company_vat_number_hint: "With the country code, for example NL123456789B01.",
        company_street: "Street",
        company_house_number: "House number",
        company_postal_code: "Postal code",
        company_city: "City",
        company_country: "Country",
    },
    notices: Notices {
        somebody: "the person who invited you",
        invalid: Notice {
            heading: "This link does not work",
            texts: &[
                "It may have been cut off or damaged on its way to you.",
                "Open the link in your e-mail once more, or copy it whole into your browser. If it still does not work, ask \
                 {inviter} for a new one.",
            ],
        },
        expired: Notice {
            heading: "This link has expired",
            texts: &["For your safety, a link works for a limited time only.", "Ask {inviter} for a fresh link."],
        },
        renewable: Notice {
            heading: "This link has expired",
            texts: &[
                "For your safety, a link works for a limited time only.",
                "We can send a fresh link to the same e-mail address.",
            ],
        },
        renew: "Send me a fresh link",
        renewed: Notice {
            heading: "A fresh link is on its way",
            texts: &[
                "Look for our newest e-mail in a minute or so, in your spam folder too. Only the link in that one works.",
                "You can close this page.",
            ],
        },
        used: Notice {
            heading: "This link has been used",
            texts: &[
                "If that was you, your account is active and you can sign in.",
                "If it was not you, please tell {inviter} right away.",
            ],
        },
        superseded: Notice {
            heading: "There is a newer link",
            texts: &[
                "We have sent you another e-mail since, and only the link in the newest one works.",
                "If you cannot find it, look in your spam folder or ask {inviter}.",
            ],
        },
        revoked: Notice {
            heading: "This invitation was withdrawn",
            texts: &["The link no longer works. If you did not expect that, ask {inviter}."],
        },
        missing_token: Notice {
            heading: "This link is not complete",
            texts: &[
                "The end of the address is missing, perhaps because the e-mail broke the link over two lines.",
                "Open the link in your e-mail once more, or copy it whole into your browser.",
            ],
        },
        done: Notice { heading: "Your account is active", texts: &["Nothing else is needed here: you can close this page."] },
        done_new_password: "You can sign in to {organisation} now, with {email} and the password that you just chose.",
        done_old_password: "You can sign in to {organisation} now, with {email} and the password that you already have.",
        welcome: "Welcome, {name}!",
        away: Notice {
            heading: "We are busy right now",
            texts: &["Nothing is lost: your link still works. Please try again in a moment."],
        },
        too_many: Notice {
            heading: "That was a bit too often",
            texts: &["Your link still works. Please wait a few minutes, then try again."],
        },
        unexpected: Notice {
            heading: "Something went wrong",
            texts: &["That is our fault, not yours. Please try again in a moment."],
        },
        try_again: "Try again",
        request_id: "If this goes on, tell us this number:",
    },
    faults: Faults {
        required: "Please fill this in.",
        too_long: "Use {number} characters at most.",
        shorter: "Please make this shorter.",
        control: "Use ordinary characters on one line.",
        email_malformed: "Type a whole e-mail address, such as ada@example.com.",
        email_other: "This is not the address that the invitation was sent to.",
        not_offered: "Choose one of the options.",
        malformed: "This does not look right. Please check it.",
        password_too_short: "Use at least {number} characters.",
        password_common: "Many people use this password. Choose one that is yours alone.",
        password_guessable: "This password is easy to guess. A few random words make a better one.",
        password_contains_identity: "Leave your name and e-mail address out of your password.",
    },
};

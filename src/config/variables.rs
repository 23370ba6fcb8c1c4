//! Every variable, with its default and its meaning: the one table that `--help` and the reading are made from.

use crate::domain::locale::Locale;

/// A variable: its name, what it is when it is not set, and what it means.
pub const VARIABLES: &[(&str, &str, &str)] = &[
    (
        "DATABASE_URL",
        "sqlite://data/invitations.db",
        "or postgres://user:password@host/database, also with several hosts (@h1:5432,h2:5432/…)",
    ),
    ("LISTEN_ADDR", "127.0.0.1:8080", "where the API listens"),
    ("PUBLIC_URL", "", "what links are built from: scheme, host and port (default: http://{LISTEN_ADDR})"),
    ("ACTIVATION_URL", "", "the page that links open; ?token=… is added (default: {PUBLIC_URL}/activate)"),
    (
        "MAIL_URL",
        "directory:data/mail",
        "directory:PATH writes .eml files; smtp://user:pass@host:587 (STARTTLS when offered; ?tls=required, which is right \
         with a password, ?tls=offered or ?tls=none; ?ca=FILE.pem), smtps://…; postmark://TOKEN, sendgrid://KEY, mailgun://KEY@DOMAIN (?region=eu), resend://KEY; mailpit+http://host:8025",
    ),
    ("MAIL_FROM", "Invitations <no-reply@localhost>", "the sender of letters"),
    (
        "MAIL_HELO",
        "",
        "the name that a relay is greeted with, as mail.example.com (default: this machine's name where it has a domain, else its address \
         in brackets)",
    ),
    ("MAIL_REPLY_TO", "", "where answers to letters go"),
    ("MAIL_TEMPLATES", "", "a folder whose files replace the built-in words and templates of letters"),
    ("MAIL_RATE_LIMIT", "", "how many letters may go, by all processes together, as 14/s, 100/min, 1000/h (default: no limit)"),
    ("MAIL_EVENTS_POSTMARK", "", "the secret that Postmark's webhook sends, at least 16 characters (without it: no such route)"),
    ("MAIL_EVENTS_SENDGRID", "", "the public key of SendGrid's signed event webhook, in base 64"),
    ("MAIL_EVENTS_MAILGUN", "", "Mailgun's HTTP webhook signing key"),
    ("MAIL_EVENTS_RESEND", "", "the signing secret of Resend's webhook, whsec_…"),
    ("OPERATOR_NAME", "EV Charging", "the company that letters and the page name"),
    ("LOCALE", "en", "the language of letters and the page when the invitation says nothing: {languages}"),
    (
        "TIME_ZONE",
        "UTC",
        "the time zone of letters and the page, as Europe/Amsterdam: by the system's tzdata (in the folder TZDIR, if that is set), \
         or by the program's own copy where there is none",
    ),
    (
        "SECRET_KEY",
        "",
        "root of the derived keys, at least 32 bytes and not guessable, as openssl rand -hex 32 (default: made on first start in \
         data/secret.key)",
    ),
    ("SECRET_KEY_FILE", "", "a file that holds it instead, as a container's secret"),
    ("SECRET_KEY_PREVIOUS", "", "the root before it, while links and tokens made with it still live"),
    ("SECRET_KEY_PREVIOUS_FILE", "", "a file that holds it instead"),
    ("JWT_ISSUER", "invitation-service", "the issuer of access tokens"),
    ("JWT_AUDIENCE", "invitation-service", "the audience of access tokens"),
    ("JWT_MAX_TTL", "365d", "the longest that an access token may live from its making, 15m to 365d; longer ones are refused"),
    ("INVITATION_TTL", "24h", "how long a link lives, as 2s, 90m, 24h"),
    ("REMINDER_BEFORE", "off", "how long before their link dies people are reminded once, as 4h; shorter than INVITATION_TTL"),
    (
        "RESEND_COOLDOWN",
        "60s",
        "how long after a sending the next one may follow, and after a change of address the next change; 0s switches it off",
    ),
    ("PASSWORD_MIN_LENGTH", "15", "the shortest password, 8 to 128; 8 asks for 9, since 8 characters are always guessable"),
    ("WRITE_BATCH", "256", "how many requests that arrive together share a commit at most, 1 to 1000; 1 gives each its own"),
    (
        "RATE_LIMITS",
        "on",
        "off switches off the limits of the public routes, the delays of wrong guesses, and the limits of letters",
    ),
    ("LETTERS_PER_MAILBOX", "6", "how many letters go to one mailbox in 24 hours, whatever the invitation; off for no limit"),
    (
        "LETTERS_PER_ACCOUNT",
        "500",
        "how many letters the owners in one top-level account's tree may ask for in 24 hours together; off for no limit",
    ),
    ("LETTERS_PER_CALLER", "off", "how many letters one staff member or partner may ask for in 24 hours"),
    ("SELF_RENEWAL", "on", "off keeps people from sending themselves a fresh link"),
    ("COMPANY_VAT", "required", "optional lets a company say that it has no VAT number; required does not"),
    ("TRUSTED_PROXIES", "", "addresses and networks whose X-Forwarded-For or Forwarded is believed, separated by commas"),
    ("LOG", "info", "what is logged, as warn or info,invitation_service=debug"),
    ("LOG_FORMAT", "", "pretty or json (default: pretty on a terminal)"),
];

/// What a variable is when it is not set.
#[must_use]
pub fn default(name: &str) -> &'static str {
    VARIABLES.iter().find(|(known, ..)| *known == name).map_or("", |(_, default, _)| default)
}

/// The table, for `--help`.
#[must_use]
pub fn help() -> String {
    let mut text = String::from("Environment:\n");
    for (name, default, meaning) in VARIABLES {
        let meaning = meaning.replace("{languages}", &Locale::known());
        let default = if default.is_empty() { String::new() } else { format!(" [{default}]") };
        text.extend(["  ", name, &default, "\n      ", &meaning, "\n"]);
    }
    text
}

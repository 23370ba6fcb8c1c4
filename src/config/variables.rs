//! Every variable: one row gives the field of [`Config`], how it is read, and its text in `--help`.
//!
//! To add one, add a row here and one to the README's table, and use the field. A service uses it as a field
//! of [`Rules`], whose value is at the end of this file. A test compares the two tables.

use std::{collections::BTreeSet, net::SocketAddr, path::PathBuf, time::Duration};

use chrono::TimeDelta;
use ipnet::IpNet;
use secrecy::SecretString;
use url::Url;

use super::{
    issuers,
    log::{self, LogFormat},
    parse,
    reader::{Reader, SenderVariables},
    registry::{Variable, registry},
    web_url, webhook_keys,
};
use crate::{
    db::DatabaseUrl,
    domain::{
        company::CompanyVat, delivery_reports::Webhooks, letter_quota::LetterLimits,
        link_lifetime::LinkLifetime, link_template::LinkTemplate, locale::Locale, password, rate_limit::Pace,
        rules::Rules, shared_secret::SharedSecret, time_zone::TimeZone, webhooks::ReceiverNetworks,
    },
    identity::Issuer,
    mail::{MailUrl, Sender},
    otel::{OtlpHeaders, OtlpSettings, TraceSampler},
};

/// The minimum of `JWT_MAX_TTL`: the lifetime of a token from signing in, which must not be refused.
pub const SHORTEST_JWT_MAX_TTL: Duration = Duration::from_mins(15);

registry! {
    entry, reader;

    /// or postgres://user:password@host/database, also with several hosts (@h1:5432,h2:5432/…)
    DATABASE_URL = "sqlite://data/invitations.db" => database_url: DatabaseUrl =
        entry.parsed(parse::database_url);

    /// where the API listens
    LISTEN_ADDR = "127.0.0.1:8080" => listen_addr: SocketAddr = entry.parsed(parse::listen_address);

    /// where /metrics is served, and nothing else, as 127.0.0.1:9090; it is 404 at LISTEN_ADDR then (default:
    /// at LISTEN_ADDR)
    METRICS_ADDR = "" => metrics_addr: Option<SocketAddr> =
        entry.parsed_if_given(|text| parse::metrics_address(text, listen_addr));

    /// where callers reach the service, and the base of links, never the Host header: scheme, host and port,
    /// and a path where a proxy has it below one, as …/invite (default: http://{LISTEN_ADDR})
    PUBLIC_URL = "" => public_url: Url =
        entry.parsed_or(web_url::public, || listen_addr.and_then(web_url::origin_of));

    /// the origins of web pages that may call the API from a browser: scheme, host and port, separated by
    /// commas (default: none)
    CORS_ORIGINS = "" => cors_origins: Vec<String> = entry.parsed(web_url::origins);

    /// the page that links open; ?token=… is added, or the token takes the place of {token}, as in
    /// …/#/activate?token={token} (default: {PUBLIC_URL}/activate)
    ACTIVATION_URL = "" => activation_url: LinkTemplate =
        entry.parsed_or(web_url::page, || public_url.as_ref().map(web_url::page_of));

    /// the page where a forgotten password is reset; a mailed link adds ?token=…, or has it in the place of
    /// {token} (default: {PUBLIC_URL}/reset-password)
    PASSWORD_RESET_URL = "" => password_reset_url: LinkTemplate =
        entry.parsed_or(web_url::page, || public_url.as_ref().map(web_url::reset_page_of));

    /// the page where a new address is confirmed; a mailed link adds ?token=…, or has it in the place of
    /// {token} (default: {PUBLIC_URL}/confirm-email)
    EMAIL_CHANGE_URL = "" => email_change_url: LinkTemplate =
        entry.parsed_or(web_url::page, || public_url.as_ref().map(web_url::email_page_of));

    /// directory:PATH writes .eml files; smtp://user:pass@host:587 (STARTTLS when offered; ?tls=required,
    /// which is right with a password, ?tls=offered or ?tls=none; ?ca=FILE.pem), smtps://…; {providers}
    MAIL_URL = "directory:data/mail" => mail_url: MailUrl = entry.parsed(MailUrl::parse);

    /// the sender of letters
    MAIL_FROM = "Invitations <no-reply@localhost>";

    /// the host name in EHLO, as mail.example.com (default: this machine's name where it has a domain, else
    /// its address in brackets)
    MAIL_HELO = "";

    /// the address for replies to letters
    MAIL_REPLY_TO = "";

    /// where undeliverable letters are returned to, as bounces@invite.example.com: each letter adds +ID.CHECK
    /// before the @, so that a report names its letter (default: the address of MAIL_FROM, the same for all)
    MAIL_ENVELOPE_FROM = "";

    /// on asks relays that can (DSN) to report deliveries as well as failures and delays
    MAIL_DSN_SUCCESS = "off";

    /// a folder whose files replace the built-in words and templates of letters
    MAIL_TEMPLATES = "" => mail_templates: Option<PathBuf> = Some(entry.path());

    /// signs letters that go by SMTP or into a folder: selector:domain:keyfile, several separated by commas
    /// (default: none)
    MAIL_DKIM = "";

    /// how many letters all processes together may send, as 14/s, 100/min, 1000/h, 5000/day (default: no
    /// limit)
    MAIL_RATE_LIMIT = "" => mail_rate_limit: Option<Pace> = entry.parsed_if_given(str::parse);

    rows_of webhook_keys::variables();

    /// the secret of those who pass returned mail on (POST /v1/mail-events/dsn, invitation-service bounce),
    /// at least 16 characters (without it none is taken)
    MAIL_EVENTS_DSN = "" => returned_mail: Option<SharedSecret> =
        entry.parsed_if_given(SharedSecret::parse);

    /// the company name in letters and on the page
    OPERATOR_NAME = "EV Charging" => operator_name: String = entry.parsed(parse::one_line);

    /// the language of letters when the invitation has none, and of the page when the browser asks for no
    /// known one either: {languages}
    LOCALE = "en" => locale: Locale = entry.parsed(parse::locale);

    /// the time zone of letters and the page, as Europe/Amsterdam: from the system's tzdata (in the folder
    /// TZDIR, if that is set), or from the bundled copy where there is none
    TIME_ZONE = "UTC" => time_zone: TimeZone = entry.time_zone();

    /// root of the derived keys, at least 32 bytes and not guessable, as openssl rand -hex 32 (default: made
    /// on first start in data/secret.key)
    SECRET_KEY = "" => secret_key: Option<SecretString> = entry.secret(&SECRET_KEY_FILE);

    /// a file that contains SECRET_KEY, used instead of that variable, as a container's secret
    SECRET_KEY_FILE = "" => secret_key_file: Option<PathBuf> = Some(entry.path());

    /// the previous root key, until the links and tokens made with it have expired
    SECRET_KEY_PREVIOUS = "" => secret_key_previous: Option<SecretString> =
        entry.secret(&SECRET_KEY_PREVIOUS_FILE);

    /// a file that contains SECRET_KEY_PREVIOUS, used instead of that variable
    SECRET_KEY_PREVIOUS_FILE = "";

    /// the issuer of this service's own access tokens
    JWT_ISSUER = "invitation-service" => jwt_issuer: String = entry.parsed(parse::one_line);

    /// the audience of this service's own access tokens
    JWT_AUDIENCE = "invitation-service" => jwt_audience: String = entry.parsed(parse::one_line);

    /// the identity providers whose access tokens are taken, too: a JSON list, or @ and the path of a file
    /// with one, as @/etc/invitations/issuers.json; docs/operations.md has its members (default: none)
    JWT_ISSUERS = "" => jwt_issuers: Vec<Issuer> =
        entry.parsed_whole(|text| issuers::issuers(text, jwt_issuer.as_deref()));

    /// the longest lifetime of an own access token, 15m to 365d; longer ones are refused and not issued
    JWT_MAX_TTL = "365d" => jwt_max_ttl: Duration =
        entry.parsed(|text| parse::duration(text, SHORTEST_JWT_MAX_TTL));

    /// the lifetime of a link, as 2s, 90m, 24h
    INVITATION_TTL = "24h" => invitation_ttl: Duration =
        entry.parsed(|text| parse::duration(text, Duration::from_secs(1)));

    /// how long before the expiry of a link its recipient is reminded, once, as 4h; shorter than
    /// INVITATION_TTL
    REMINDER_BEFORE = "off" => reminder_before: Option<Duration> =
        entry.parsed(|text| parse::reminder(text, invitation_ttl));

    /// the shortest time between two sendings of an invitation, and between two changes of its address: an
    /// earlier request is refused with 429; 0s switches it off
    RESEND_COOLDOWN = "60s" => resend_cooldown: Duration =
        entry.parsed(|text| parse::duration(text, Duration::ZERO));

    /// the shortest password, 8 to 128; 8 asks for 9, since 8 characters are always guessable
    PASSWORD_MIN_LENGTH = "15" => password_min_length: usize =
        entry.parsed(|text| parse::number(text, password::SHORTEST..=password::MAX_LEN));

    /// off: system users have no passwords and sign in at an identity provider of JWT_ISSUERS alone
    STAFF_PASSWORDS = "on" => staff_passwords: bool = entry.parsed(parse::switch);

    /// how many requests that arrive together share a commit at most, 1 to 1000; 1 gives each its own
    WRITE_BATCH = "256" => write_batch: usize = entry.parsed(|text| parse::number(text, 1..=1000));

    /// off switches off the limits of requests, the delays after wrong guesses, and the limits of letters
    RATE_LIMITS = "on" => rate_limits: bool = entry.parsed(parse::switch);

    /// how many letters are sent to one mailbox in 24 hours, for all invitations and callers; 1 to 1000000,
    /// or off
    LETTERS_PER_MAILBOX = "6" => letters_per_mailbox: Option<u32> = entry.parsed(parse::letter_limit);

    /// how many letters the owners in one top-level account's tree may request in 24 hours together;
    /// likewise
    LETTERS_PER_ACCOUNT = "500" => letters_per_account: Option<u32> = entry.parsed(parse::letter_limit);

    /// how many letters one staff member, partner or command-line subject may request in 24 hours; likewise
    LETTERS_PER_CALLER = "off" => letters_per_caller: Option<u32> = entry.parsed(parse::letter_limit);

    /// how long invitations are kept that ended without an activation, with their letters and timelines, as
    /// 365d; at least 30d, or off
    RETENTION = "730d" => retention: Option<Duration> = entry.parsed(parse::retention);

    /// off: holders of an expired link cannot have a new one sent, by the page or the API
    SELF_RENEWAL = "on" => self_renewal: bool = entry.parsed(parse::switch);

    /// optional lets a company state that it has no VAT number; required does not
    COMPANY_VAT = "required" => company_vat: CompanyVat = entry.parsed(parse::company_vat);

    /// addresses and networks whose X-Forwarded-For or Forwarded is trusted, separated by commas
    TRUSTED_PROXIES = "" => trusted_proxies: Vec<IpNet> = entry.parsed(parse::networks);

    /// addresses and networks beside the public internet to which webhooks may be sent, also by http,
    /// separated by commas (default: none)
    WEBHOOK_NETWORKS = "" => webhook_networks: Vec<IpNet> = entry.parsed(parse::networks);

    /// what is logged, as warn or info,invitation_service=debug
    LOG = "info" => log: String = entry.parsed(log::filter);

    /// pretty or json (default: pretty on a terminal, else json)
    LOG_FORMAT = "" => log_format: Option<LogFormat> = entry.parsed_if_given(log::format);

    /// the OpenTelemetry collector that takes traces and metrics, by OTLP over HTTP (protobuf), as
    /// http://127.0.0.1:4318; /v1/traces and /v1/metrics are added (default: none, and nothing is exported)
    OTEL_EXPORTER_OTLP_ENDPOINT = "" => otlp_endpoint: Option<Url> =
        entry.parsed_if_given(web_url::collector);

    /// headers of requests to the collector, as its key: name=value, several separated by commas, with values
    /// in percent-encoding
    OTEL_EXPORTER_OTLP_HEADERS = "" => otlp_headers: Option<OtlpHeaders> =
        entry.parsed_if_given(OtlpHeaders::parse);

    /// how long a request to the collector may take, in milliseconds, 1 to 60000
    OTEL_EXPORTER_OTLP_TIMEOUT = "10000" => otlp_timeout: usize =
        entry.parsed(|text| parse::number(text, 1..=60_000));

    /// the name of the service in traces and exported metrics
    OTEL_SERVICE_NAME = "invitation-service" => otel_service_name: String = entry.parsed(parse::one_line);

    /// which traces are recorded: always_on, always_off, traceidratio, and with parentbased_ before it what a
    /// caller's traceparent says first
    OTEL_TRACES_SAMPLER = "parentbased_always_on" => traces_sampler: TraceSampler =
        entry.parsed(parse::sampler);

    /// the share of traces that traceidratio and parentbased_traceidratio record, 0 to 1
    OTEL_TRACES_SAMPLER_ARG = "1" => traces_ratio: f64 = entry.parsed(parse::share);

    combined {
        /// The sender of letters: `MAIL_FROM`, `MAIL_REPLY_TO`, `MAIL_ENVELOPE_FROM`, `MAIL_DSN_SUCCESS`,
        /// `MAIL_HELO`, `MAIL_TEMPLATES`, `MAIL_DKIM` and `TIME_ZONE`.
        // Read also when the time zone is faulty, so that every fault is reported.
        sender: Sender = reader.sender(
            &SenderVariables {
                from: &MAIL_FROM, reply_to: &MAIL_REPLY_TO, hello: &MAIL_HELO, templates: &MAIL_TEMPLATES,
                returned: &MAIL_ENVELOPE_FROM, dsn_success: &MAIL_DSN_SUCCESS,
                dkim: &MAIL_DKIM,
            },
            time_zone.clone().unwrap_or_default(),
        );

        /// The webhooks of mail providers, with their keys: `MAIL_EVENTS_…`.
        webhooks: Webhooks = Some(webhook_keys::read(reader));
    }
}

impl Config {
    /// The settings that the services follow.
    #[must_use]
    pub fn rules(&self) -> Rules {
        Rules {
            link_lifetime: self.link_lifetime(),
            resend_cooldown: TimeDelta::from_std(self.resend_cooldown).unwrap_or_default(),
            password_min_length: password::asked_length(self.password_min_length),
            letters: self.letter_limits(),
            staff_passwords: self.staff_passwords,
            retention: self.retention.and_then(|time| TimeDelta::from_std(time).ok()),
            self_renewal: self.self_renewal,
            company_vat: self.company_vat,
            organisation: self.operator_name.clone(),
            webhook_networks: self.webhook_networks(),
            activation_url: self.activation_url.clone(),
        }
    }

    /// The networks beside the public internet to which webhooks may be sent.
    #[must_use]
    pub fn webhook_networks(&self) -> ReceiverNetworks {
        ReceiverNetworks::new(self.webhook_networks.clone())
    }

    /// How spans and metrics are exported; `None` where there is no collector.
    #[must_use]
    pub fn otlp(&self) -> Option<OtlpSettings> {
        Some(OtlpSettings {
            endpoint: self.otlp_endpoint.clone()?,
            headers: self.otlp_headers.clone().unwrap_or_default(),
            service_name: self.otel_service_name.clone(),
            sampler: self.traces_sampler,
            ratio: self.traces_ratio,
            timeout: Duration::from_millis(u64::try_from(self.otlp_timeout).unwrap_or(u64::MAX)),
        })
    }

    /// The lifetime of a link.
    #[must_use]
    pub fn link_lifetime(&self) -> LinkLifetime {
        // `INVITATION_TTL` is refused where chrono cannot hold it.
        LinkLifetime(TimeDelta::from_std(self.invitation_ttl).unwrap_or(TimeDelta::days(1)))
    }

    /// How many letters may be requested in a day. With `RATE_LIMITS=off` there is no limit.
    #[must_use]
    pub fn letter_limits(&self) -> LetterLimits {
        if !self.rate_limits {
            return LetterLimits::default();
        }
        LetterLimits {
            mailbox: self.letters_per_mailbox,
            account: self.letters_per_account,
            caller: self.letters_per_caller,
        }
    }
}

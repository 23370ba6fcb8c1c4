//! Configuration, from the environment alone: every variable with its default, all faults reported at once.

mod cautions;
mod guessable;
mod public_host;
mod secret;
mod time_zone;
mod variables;

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use ipnet::IpNet;
use secrecy::SecretString;
use url::Url;

pub use self::{
    secret::{SecretError, exposed_key_file, root_key, root_key_or_new},
    variables::{VARIABLES, default, help},
};
use crate::{
    db::DatabaseUrl,
    domain::{
        company::CompanyVat,
        delivery_reports::{Key, Keys, Provider},
        invisible::is_blank,
        letter_quota::LetterLimits,
        locale::Locale,
        password,
        rate_limit::{NoPace, Pace},
        time_zone::TimeZone,
    },
    mail::{Hello, MailUrl, Sender, Templates},
};

/// The shortest that `JWT_MAX_TTL` may be: a token that is got by signing in lives for as long, and must not be refused.
pub const SHORTEST_JWT_MAX_TTL: Duration = Duration::from_mins(15);

/// What is wrong with one variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFault(pub String);

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// For programs.
    Json,
}

/// Everything that the environment says, read and checked.
#[derive(Clone)]
#[expect(missing_docs, reason = "each field is the variable of its name, explained in `VARIABLES`")]
pub struct Config {
    pub database_url: DatabaseUrl,
    pub listen_addr: SocketAddr,
    pub public_url: Url,
    pub activation_url: Url,
    pub mail_url: MailUrl,
    pub sender: Sender,
    /// Where the sender's templates are from; `None` are the built-in ones.
    pub mail_templates: Option<PathBuf>,
    /// The keys by which providers prove themselves: `MAIL_EVENTS_…`.
    pub mail_events: Keys,
    pub operator_name: String,
    pub locale: Locale,
    pub time_zone: TimeZone,
    pub secret_key: Option<SecretString>,
    /// Whether it is from the file that `SECRET_KEY_FILE` names.
    pub secret_key_file: bool,
    pub secret_key_previous: Option<SecretString>,
    pub jwt_issuer: String,
    pub jwt_audience: String,
    pub jwt_max_ttl: Duration,
    pub invitation_ttl: Duration,
    /// How long before their link dies people are reminded; `None` is never.
    pub reminder_before: Option<Duration>,
    pub mail_rate_limit: Option<Pace>,
    pub resend_cooldown: Duration,
    pub password_min_length: usize,
    pub write_batch: usize,
    pub rate_limits: bool,
    pub letters_per_mailbox: Option<u32>,
    pub letters_per_account: Option<u32>,
    pub letters_per_caller: Option<u32>,
    pub self_renewal: bool,
    pub company_vat: CompanyVat,
    pub trusted_proxies: Vec<IpNet>,
    pub log: String,
    pub log_format: Option<LogFormat>,
    /// Which of the two URLs were given; the others follow from where the API listens.
    given_urls: GivenUrls,
}

#[derive(Debug, Clone, Copy)]
struct GivenUrls {
    public: bool,
    activation: bool,
}

impl Config {
    /// Reads the configuration. `variable` looks one up, as `std::env::var` does.
    ///
    /// # Errors
    /// Every fault there is.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, Vec<ConfigFault>> {
        let mut reader = Reader { variable, faults: Vec::new() };
        let listen_addr =
            reader.parsed("LISTEN_ADDR", |text| text.parse().map_err(|_| "is no address with a port, as 127.0.0.1:8080"));
        let public_url = match reader.given("PUBLIC_URL") {
            Some(_) => reader.parsed("PUBLIC_URL", origin),
            None => listen_addr.and_then(origin_of),
        };
        let activation_url = match reader.given("ACTIVATION_URL") {
            Some(_) => reader.parsed("ACTIVATION_URL", page),
            None => public_url.as_ref().and_then(page_of),
        };
        let folder = reader.given("TZDIR");
        let time_zone = reader.parsed("TIME_ZONE", |text| time_zone::find(text, folder.as_deref()));
        // Read whatever the time zone is: its fault must not hide one of these.
        let sender = reader.sender(time_zone.clone().unwrap_or_default());
        let config = Self::from_parts(&mut reader, listen_addr, public_url, activation_url, time_zone, sender);
        match config {
            Some(config) if reader.faults.is_empty() => Ok(config),
            _ => Err(reader.faults),
        }
    }

    /// Where links would go in the clear over the internet: the variable, and what is wrong with it.
    #[must_use]
    pub fn clear_links(&self) -> Vec<(&'static str, String)> {
        let page = self.given_urls.activation.then_some(("ACTIVATION_URL", &self.activation_url));
        let clear = |(name, url): (&'static str, &Url)| {
            let host = public_host::of(url).filter(|_| url.scheme() == "http")?;
            Some((
                name,
                format!(
                    "it is http:// and {host} is a public address: tokens and passwords would go there in the clear. Use https://"
                ),
            ))
        };
        [Some(("PUBLIC_URL", &self.public_url)), page].into_iter().flatten().filter_map(clear).collect()
    }

    /// The configuration of a service that listens at `bound`: with `LISTEN_ADDR`'s port 0 the system chooses one, and links
    /// must lead to it.
    #[must_use]
    pub fn listening_at(&self, bound: SocketAddr) -> Self {
        let mut config = self.clone();
        config.listen_addr = bound;
        if let Some(url) = origin_of(bound).filter(|_| !self.given_urls.public) {
            config.public_url = url;
        }
        if let Some(url) = page_of(&config.public_url).filter(|_| !self.given_urls.activation) {
            config.activation_url = url;
        }
        config
    }

    /// How many letters may be asked for in a day: none is limited where limits are switched off.
    #[must_use]
    pub fn letter_limits(&self) -> LetterLimits {
        if !self.rate_limits {
            return LetterLimits::default();
        }
        LetterLimits { mailbox: self.letters_per_mailbox, account: self.letters_per_account, caller: self.letters_per_caller }
    }

    fn from_parts<F: Fn(&str) -> Option<String>>(
        reader: &mut Reader<F>,
        listen_addr: Option<SocketAddr>,
        public_url: Option<Url>,
        activation_url: Option<Url>,
        time_zone: Option<TimeZone>,
        sender: Option<Sender>,
    ) -> Option<Self> {
        // Each is read before any is asked for: a fault in the first must not hide one in the last.
        let database_url = reader.parsed("DATABASE_URL", |text| DatabaseUrl::parse(text).map_err(|error| error.to_string()));
        let mail_url = reader.parsed("MAIL_URL", MailUrl::parse);
        let mail_events = reader.mail_events();
        let operator_name = reader.parsed("OPERATOR_NAME", one_line);
        let locale =
            reader.parsed("LOCALE", |text| Locale::parse(text).map_err(|_| format!("is not one of: {}", Locale::known())));
        let secret_key = reader.secret("SECRET_KEY", "SECRET_KEY_FILE");
        let secret_key_previous = reader.secret("SECRET_KEY_PREVIOUS", "SECRET_KEY_PREVIOUS_FILE");
        let secret_key_file = secret_key.is_some() && reader.given("SECRET_KEY_FILE").is_some();
        let jwt_issuer = reader.parsed("JWT_ISSUER", one_line);
        let jwt_audience = reader.parsed("JWT_AUDIENCE", one_line);
        let jwt_max_ttl = reader.parsed("JWT_MAX_TTL", |text| duration(text, SHORTEST_JWT_MAX_TTL));
        let invitation_ttl = reader.parsed("INVITATION_TTL", |text| duration(text, Duration::from_secs(1)));
        let reminder_before = reader.parsed("REMINDER_BEFORE", |text| reminder(text, invitation_ttl));
        let mail_rate_limit = reader.parsed("MAIL_RATE_LIMIT", |text| match text {
            "" => Ok(None),
            text => text.parse().map(Some),
        } as Result<_, NoPace>);
        let resend_cooldown = reader.parsed("RESEND_COOLDOWN", |text| duration(text, Duration::ZERO));
        let password_min_length = reader.parsed("PASSWORD_MIN_LENGTH", |text| {
            let length = text.parse().ok().filter(|length| (password::SHORTEST..=password::MAX_LEN).contains(length));
            length.ok_or("is no number from 8 to 128")
        });
        let write_batch = reader.parsed("WRITE_BATCH", |text| {
            let most = text.parse().ok().filter(|most| (1..=1000).contains(most));
            most.ok_or("is no number from 1 to 1000")
        });
        let rate_limits = reader.parsed("RATE_LIMITS", switch);
        let letters_per_mailbox = reader.parsed("LETTERS_PER_MAILBOX", quota);
        let letters_per_account = reader.parsed("LETTERS_PER_ACCOUNT", quota);
        let letters_per_caller = reader.parsed("LETTERS_PER_CALLER", quota);
        let self_renewal = reader.parsed("SELF_RENEWAL", switch);
        let company_vat = reader.parsed("COMPANY_VAT", |text| text.parse().map_err(|_| "is neither required nor optional"));
        let trusted_proxies = reader.parsed("TRUSTED_PROXIES", networks);
        let log = reader.parsed("LOG", |text| match tracing_subscriber::EnvFilter::try_new(text) {
            Ok(_) => Ok(text.to_owned()),
            Err(_) => Err("is no filter, as info or warn,invitation_service=debug"),
        });
        let log_format = reader.parsed("LOG_FORMAT", |text| match text {
            "" => Ok(None),
            "pretty" => Ok(Some(LogFormat::Pretty)),
            "json" => Ok(Some(LogFormat::Json)),
            _ => Err("is neither pretty nor json"),
        });
        let given_urls =
            GivenUrls { public: reader.given("PUBLIC_URL").is_some(), activation: reader.given("ACTIVATION_URL").is_some() };
        Some(Self {
            database_url: database_url?,
            listen_addr: listen_addr?,
            public_url: public_url?,
            activation_url: activation_url?,
            mail_url: mail_url?,
            sender: sender?,
            mail_templates: reader.given("MAIL_TEMPLATES").map(|folder| folder.trim().into()),
            mail_events,
            operator_name: operator_name?,
            locale: locale?,
            time_zone: time_zone?,
            secret_key,
            secret_key_file,
            secret_key_previous,
            jwt_issuer: jwt_issuer?,
            jwt_audience: jwt_audience?,
            jwt_max_ttl: jwt_max_ttl?,
            invitation_ttl: invitation_ttl?,
            reminder_before: reminder_before?,
            mail_rate_limit: mail_rate_limit?,
            resend_cooldown: resend_cooldown?,
            password_min_length: password_min_length?,
            write_batch: write_batch?,
            rate_limits: rate_limits?,
            letters_per_mailbox: letters_per_mailbox?,
            letters_per_account: letters_per_account?,
            letters_per_caller: letters_per_caller?,
            self_renewal: self_renewal?,
            company_vat: company_vat?,
            trusted_proxies: trusted_proxies?,
            log: log?,
            log_format: log_format?,
            given_urls,
        })
    }
}

struct Reader<F> {
    variable: F,
    faults: Vec<ConfigFault>,
}

impl<F: Fn(&str) -> Option<String>> Reader<F> {
    /// What the environment says; an empty variable says nothing, as compose files have it.
    fn given(&self, name: &str) -> Option<String> {
        (self.variable)(name).filter(|value| !value.trim().is_empty())
    }

    fn parsed<T, E: std::fmt::Display>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, E>) -> Option<T> {
        let text = self.given(name).unwrap_or_else(|| variables::default(name).to_owned());
        match parse(text.trim()) {
            Ok(value) => Some(value),
            Err(error) => {
                self.faults.push(ConfigFault(format!("{name}: {error}")));
                None
            }
        }
    }

    /// A key, by itself or in a file of its own, as containers are handed secrets.
    fn secret(&mut self, name: &str, file: &str) -> Option<SecretString> {
        let (name, text) = match (self.given(name), self.given(file)) {
            (None, None) => return None,
            (Some(text), None) => (name, Ok(text)),
            (None, Some(path)) => (file, secret::from_file(Path::new(path.trim()))),
            (Some(_), Some(_)) => (file, Err(format!("is given beside {name}: only one of them can count"))),
        };
        // A line break at its end is an accident of whoever put it there.
        let checked = text.map(|text| text.trim().to_owned()).and_then(|text| match secret::weakness(&text) {
            None => Ok(text),
            Some(weakness) => Err(weakness),
        });
        match checked {
            Ok(text) => Some(text.into()),
            Err(fault) => {
                self.faults.push(ConfigFault(format!("{name}: {fault}")));
                None
            }
        }
    }

    /// The operator's own templates, if there is a folder of them; none when they are at fault, too.
    fn templates_given(&mut self) -> Option<Templates> {
        let folder = self.given("MAIL_TEMPLATES")?;
        match Templates::from_folder(Path::new(folder.trim())) {
            Ok(templates) => Some(templates),
            Err(faults) => {
                self.faults.extend(faults.into_iter().map(|fault| ConfigFault(format!("MAIL_TEMPLATES: {fault}"))));
                None
            }
        }
    }

    fn mail_events(&mut self) -> Keys {
        let mut keys = Keys::default();
        for provider in Provider::ALL {
            let name = provider.variable();
            let Some(text) = self.given(name) else { continue };
            match Key::parse(provider, text.trim()) {
                Ok(key) => keys.0.push((provider, key)),
                Err(error) => self.faults.push(ConfigFault(format!("{name}: {error}"))),
            }
        }
        keys
    }

    fn sender(&mut self, zone: TimeZone) -> Option<Sender> {
        let hello = match self.given("MAIL_HELO") {
            Some(text) => Hello::parse(text.trim()).unwrap_or_else(|fault| {
                self.faults.push(ConfigFault(format!("MAIL_HELO: {fault}")));
                Hello::default()
            }),
            None => Hello::default(),
        };
        let from = self.given("MAIL_FROM").unwrap_or_else(|| variables::default("MAIL_FROM").to_owned());
        match Sender::new(&from, self.given("MAIL_REPLY_TO").as_deref(), zone) {
            Ok(sender) => Some(match self.templates_given() {
                Some(templates) => sender.greeting_with(hello).writing_with(templates),
                None => sender.greeting_with(hello),
            }),
            Err(faults) => {
                // Looked at all the same: every fault is told at once.
                self.templates_given();
                self.faults.extend(faults.into_iter().map(ConfigFault));
                None
            }
        }
    }
}

/// Scheme, host and port: the page's form, `Location` and `Link` begin at the root, so that a path would work for some only.
fn origin(text: &str) -> Result<Url, &'static str> {
    let url = web_url(text)?;
    if url.query().is_some() || !matches!(url.path(), "" | "/") {
        return Err("must be scheme, host and port alone, as https://invitations.example.com: nothing may follow them");
    }
    Ok(url)
}

/// A page on the web, to which the token is added.
fn page(text: &str) -> Result<Url, &'static str> {
    web_url(text)
}

fn web_url(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "is no URL")?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err("is no http:// or https:// URL");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must hold no user name and no password: it is sent to everybody");
    }
    if url.fragment().is_some() {
        return Err("must hold no #");
    }
    Ok(url)
}

/// Where people on this machine reach what listens at `address`.
fn origin_of(mut address: SocketAddr) -> Option<Url> {
    if address.ip().is_unspecified() {
        address = (Ipv4Addr::LOCALHOST, address.port()).into();
    }
    Url::parse(&format!("http://{address}")).ok()
}

/// The built-in page.
fn page_of(public_url: &Url) -> Option<Url> {
    public_url.join("/activate").ok()
}

fn one_line(text: &str) -> Result<String, &'static str> {
    let good = (1..=100).contains(&text.chars().count()) && !text.chars().any(char::is_control) && !is_blank(text);
    if good { Ok(text.to_owned()) } else { Err("must have 1 to 100 characters on one line, and something to be seen") }
}

fn duration(text: &str, shortest: Duration) -> Result<Duration, String> {
    let duration = humantime::parse_duration(text).map_err(|_| "is no duration, as 2s, 90m or 24h".to_owned())?;
    let longest = Duration::from_hours(365 * 24);
    if (shortest..=longest).contains(&duration) {
        return Ok(duration);
    }
    Err(format!("must be from {} to a year", humantime::format_duration(shortest)))
}

/// How long before the end of the link, where people are reminded. Of a lifetime that is at fault nothing is said here.
fn reminder(text: &str, lifetime: Option<Duration>) -> Result<Option<Duration>, String> {
    if text == "off" {
        return Ok(None);
    }
    let before = duration(text, Duration::from_secs(1)).map_err(|error| format!("{error}, or off"))?;
    if lifetime.is_some_and(|lifetime| before >= lifetime) {
        return Err("is not shorter than INVITATION_TTL".to_owned());
    }
    Ok(Some(before))
}

fn switch(text: &str) -> Result<bool, &'static str> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("is neither on nor off"),
    }
}

/// How many letters a day; `None` is no limit.
fn quota(text: &str) -> Result<Option<u32>, &'static str> {
    if text == "off" {
        return Ok(None);
    }
    let quota = text.parse().ok().filter(|quota| (1..=1_000_000).contains(quota));
    quota.map(Some).ok_or("is neither off nor a number from 1 to 1000000")
}

fn networks(text: &str) -> Result<Vec<IpNet>, String> {
    let network = |text: &str| text.parse::<IpNet>().or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from));
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| network(part).map_err(|_| format!("{part:?} is neither an address nor a network, as 10.0.0.0/8"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Config, Vec<String>> {
        let look_up = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Config::read(look_up).map_err(|faults| faults.into_iter().map(|fault| fault.0).collect())
    }

    #[test]
    fn every_default_is_good() {
        let config = read(&[]).unwrap_or_else(|faults| panic!("{faults:?}"));
        assert_eq!(config.activation_url.as_str(), "http://127.0.0.1:8080/activate");
        assert_eq!(config.invitation_ttl, Duration::from_hours(24));
    }

    #[test]
    fn all_faults_are_told_at_once_each_with_its_name() {
        let names = [
            "DATABASE_URL",
            "LISTEN_ADDR",
            "PUBLIC_URL",
            "ACTIVATION_URL",
            "MAIL_URL",
            "MAIL_FROM",
            "MAIL_REPLY_TO",
            "MAIL_EVENTS_POSTMARK",
            "MAIL_EVENTS_SENDGRID",
            "MAIL_EVENTS_MAILGUN",
            "MAIL_EVENTS_RESEND",
            "LOCALE",
            "TIME_ZONE",
            "SECRET_KEY",
            "INVITATION_TTL",
            "RESEND_COOLDOWN",
            "PASSWORD_MIN_LENGTH",
            "RATE_LIMITS",
            "SELF_RENEWAL",
            "COMPANY_VAT",
            "TRUSTED_PROXIES",
            "LOG_FORMAT",
        ];
        let wrong: Vec<(&str, &str)> = names.iter().map(|name| (*name, "nonsense!")).collect();
        let faults = read(&wrong).err().unwrap();
        for name in names {
            assert_eq!(faults.iter().filter(|fault| fault.starts_with(name)).count(), 1, "{name}: {faults:?}");
        }
        assert_eq!(faults.len(), names.len());
    }

    #[test]
    fn a_key_from_the_environment_is_trimmed_as_the_file_s_is() {
        use secrecy::ExposeSecret;
        let key = "a key for tests that nobody else has";
        let spaced = format!(" {key}\r\n");
        let config = read(&[("SECRET_KEY", &spaced), ("SECRET_KEY_PREVIOUS", &spaced)]).unwrap_or_else(|f| panic!("{f:?}"));
        for read in [config.secret_key, config.secret_key_previous] {
            assert_eq!(read.unwrap().expose_secret(), key);
        }
        let blanks = format!("short{}", " ".repeat(40));
        assert!(read(&[("SECRET_KEY", &blanks)]).err().unwrap()[0].contains("has 5 bytes"));
    }

    #[test]
    fn a_public_url_is_an_origin() {
        for good in ["https://api.example.com", "https://api.example.com/", "http://[::1]:9000"] {
            let config = read(&[("PUBLIC_URL", good)]).unwrap_or_else(|faults| panic!("{faults:?}"));
            assert_eq!(config.activation_url.as_str(), format!("{}/activate", good.trim_end_matches('/')));
        }
        for (wrong, because) in [
            ("https://api.example.com/invitations/", "scheme, host and port"),
            ("https://api.example.com?x=1", "scheme, host and port"),
            ("https://api.example.com?", "scheme, host and port"),
            ("https://api.example.com#x", "#"),
            ("https://ada@api.example.com", "user name"),
            ("https://:secret@api.example.com", "password"),
            ("ftp://api.example.com", "http://"),
        ] {
            let faults = read(&[("PUBLIC_URL", wrong)]).err().unwrap();
            assert!(faults.len() == 1 && faults[0].starts_with("PUBLIC_URL: ") && faults[0].contains(because), "{faults:?}");
            assert!(!faults[0].contains("secret"), "{faults:?}");
        }
    }

    #[test]
    fn the_page_may_be_anywhere_on_the_web() {
        let page = "https://app.example.com/join/us?from=mail";
        let config = read(&[("ACTIVATION_URL", page)]).unwrap_or_else(|faults| panic!("{faults:?}"));
        assert_eq!(config.activation_url.as_str(), page);
        for wrong in ["https://app.example.com/#/activate", "https://ada:x@app.example.com/", "mailto:ada@example.com"] {
            assert!(read(&[("ACTIVATION_URL", wrong)]).err().unwrap()[0].starts_with("ACTIVATION_URL: "), "{wrong}");
        }
    }

    #[test]
    fn links_lead_to_where_the_api_listens_unless_told_otherwise() {
        for (listens, url) in [
            ("127.0.0.1:9000", "http://127.0.0.1:9000/"),
            ("0.0.0.0:9000", "http://127.0.0.1:9000/"),
            ("[::]:9000", "http://127.0.0.1:9000/"),
            ("[::1]:9000", "http://[::1]:9000/"),
        ] {
            let config = read(&[("LISTEN_ADDR", listens)]).unwrap_or_else(|faults| panic!("{faults:?}"));
            assert_eq!((config.public_url.as_str(), config.activation_url.as_str()), (url, format!("{url}activate").as_str()));
        }
        let bound = "0.0.0.0:4321".parse().unwrap();
        let page = |variables: &[(&str, &str)]| {
            let config = read(variables).unwrap_or_else(|faults| panic!("{faults:?}")).listening_at(bound);
            (String::from(config.public_url), String::from(config.activation_url))
        };
        let own = |text: &str| text.to_owned();
        assert_eq!(page(&[]), (own("http://127.0.0.1:4321/"), own("http://127.0.0.1:4321/activate")));
        let (public, frontend) = (("PUBLIC_URL", "https://x.example"), ("ACTIVATION_URL", "https://y.example/z"));
        assert_eq!(page(&[public]), (own("https://x.example/"), own("https://x.example/activate")));
        assert_eq!(page(&[frontend]), (own("http://127.0.0.1:4321/"), own("https://y.example/z")));
    }
}

use std::{cell::RefCell, collections::BTreeSet, time::Duration};

use super::{Config, variables::variables};

pub(super) fn read(variables: &[(&str, &str)]) -> Result<Config, Vec<String>> {
    let look_up =
        |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    Config::read(look_up).map_err(|faults| faults.into_iter().map(|fault| fault.0).collect())
}

#[test]
fn every_default_is_good() {
    let config = read(&[]).unwrap_or_else(|faults| panic!("{faults:?}"));
    assert_eq!(config.activation_url.page().as_str(), "http://127.0.0.1:8080/activate");
    assert_eq!(config.invitation_ttl, Duration::from_hours(24));
}

#[test]
fn all_faults_are_reported_at_once_each_with_its_name() {
    // Any text is a name, and files are looked at where they are used.
    let any_text = |name: &str| {
        let any = ["MAIL_HELO", "MAIL_TEMPLATES", "OPERATOR_NAME", "JWT_ISSUER", "JWT_AUDIENCE", "LOG"];
        any.contains(&name) || name == "OTEL_SERVICE_NAME" || name.ends_with("_FILE")
    };
    let names: Vec<&str> = variables().map(|variable| variable.name).filter(|name| !any_text(name)).collect();
    let wrong: Vec<(&str, &str)> = names.iter().map(|name| (*name, "nonsense!")).collect();
    let faults = read(&wrong).err().unwrap();
    for name in &names {
        assert_eq!(
            faults
                .iter()
                .filter(|fault| fault.strip_prefix(*name).is_some_and(|rest| rest.starts_with([':', ' '])))
                .count(),
            1,
            "{name}: {faults:?}"
        );
    }
    assert_eq!(faults.len(), names.len());
}

#[test]
fn origins_are_exact() {
    let read = |text: &str| read(&[("CORS_ORIGINS", text)]).map(|config| config.cors_origins);
    let good =
        read(" https://Portal.example.com/ ,http://localhost:5173,https://b\u{fc}cher.example:443").unwrap();
    assert_eq!(
        good,
        ["https://portal.example.com", "http://localhost:5173", "https://xn--bcher-kva.example"]
    );
    assert_eq!(read(",").unwrap(), [""; 0]);
    for bad in [
        "*",
        "null",
        "https://*.example.com",
        "portal.example.com",
        "https://a.example/portal",
        "https://a.example?x",
        "https://a.example#x",
        "https://u:p@a.example",
        "ftp://a.example",
        "https://a.example https://b.example",
        "file:///x",
        "https://",
    ] {
        let faults = read(bad).err().unwrap_or_else(|| panic!("{bad} is taken"));
        assert!(faults.len() == 1 && faults[0].starts_with("CORS_ORIGINS: "), "{bad}: {faults:?}");
    }
}

#[test]
fn a_key_from_the_environment_is_trimmed_as_the_file_s_is() {
    use secrecy::ExposeSecret;
    let key = "a key for tests that nobody else has";
    let spaced = format!(" {key}\r\n");
    let config = read(&[("SECRET_KEY", &spaced), ("SECRET_KEY_PREVIOUS", &spaced)])
        .unwrap_or_else(|f| panic!("{f:?}"));
    for read in [config.secret_key, config.secret_key_previous] {
        assert_eq!(read.unwrap().expose_secret(), key);
    }
    let blanks = format!("short{}", " ".repeat(40));
    assert!(read(&[("SECRET_KEY", &blanks)]).err().unwrap()[0].contains("has 5 bytes"));
}

/// Includes the variables without a field of their own.
#[test]
fn a_year_is_a_duration() {
    let ttl = |text: &str| read(&[("INVITATION_TTL", text)]);
    for text in ["1y", "12months", "365d"] {
        assert!(ttl(text).is_ok(), "{text}");
    }
    assert!(ttl("366d").is_err());
}

#[test]
fn every_row_of_the_table_is_read() {
    let asked = RefCell::new(BTreeSet::new());
    let config = Config::read(|name| {
        asked.borrow_mut().insert(name.to_owned());
        None
    });
    assert!(config.is_ok());
    let mut rows: BTreeSet<String> = variables().map(|variable| variable.name.to_owned()).collect();
    assert_eq!(rows.len(), variables().count(), "a name stands in two rows");
    // A variable of the system, which has no row.
    rows.insert("TZDIR".to_owned());
    assert_eq!(*asked.borrow(), rows);
}

#[test]
fn without_a_collector_nothing_is_exported_whatever_else_is_set() {
    let config = read(&[("OTEL_EXPORTER_OTLP_HEADERS", "api-key=x"), ("OTEL_TRACES_SAMPLER", "always_on")]);
    assert!(config.unwrap_or_else(|faults| panic!("{faults:?}")).otlp().is_none());
}

#[test]
fn the_settings_of_the_export_are_read_and_a_key_is_never_repeated() {
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://otel.example.com/base/");
    let settings = |more: &[(&str, &str)]| {
        let variables: Vec<(&str, &str)> = [&[endpoint][..], more].concat();
        read(&variables).map(|config| config.otlp().unwrap())
    };
    let usual = settings(&[]).unwrap();
    assert_eq!(
        (usual.service_name.as_str(), usual.sampler.as_str()),
        ("invitation-service", "parentbased_always_on")
    );
    assert_eq!(usual.timeout, Duration::from_secs(10));
    let given = settings(&[
        ("OTEL_SERVICE_NAME", "invitations"),
        ("OTEL_TRACES_SAMPLER", "traceidratio"),
        ("OTEL_TRACES_SAMPLER_ARG", "0.25"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "1500"),
    ]);
    let given = given.unwrap();
    assert_eq!((given.service_name.as_str(), given.sampler.as_str()), ("invitations", "traceidratio"));
    assert!((given.ratio - 0.25).abs() < f64::EPSILON);
    assert_eq!(given.timeout, Duration::from_millis(1500));
    for (name, text) in [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "otel.example.com:4318"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "grpc://otel.example.com:4317"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://user:hidden@otel.example.com"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://otel.example.com/?key=hidden"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "hidden"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=hidden%0D%0AX: y"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "0"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s"),
        ("OTEL_TRACES_SAMPLER", "jaeger_remote"),
        ("OTEL_TRACES_SAMPLER_ARG", "1.01"),
        ("OTEL_TRACES_SAMPLER_ARG", "NaN"),
    ] {
        let faults = read(&[(name, text)]).err().unwrap_or_else(|| panic!("{name}={text} is taken"));
        let is_named = faults.len() == 1 && faults[0].starts_with(&format!("{name}: "));
        assert!(is_named && !faults[0].contains("hidden"), "{text}: {faults:?}");
    }
}

//! Parses a PostgreSQL URL as libpq does: unlike other URLs it may list several hosts,
//! `postgres://u@h1:5432,h2:5432/db`
//! (<https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS>).

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::url_error::DatabaseUrlError;

/// The port of a host without one.
const PORT: u16 = 5432;
/// Unreserved characters in a query (RFC 3986 §2.3).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The parts of a URL, still percent-encoded.
#[derive(Clone, Copy)]
pub(super) struct PostgresUrl<'a> {
    /// Up to the query, without its question mark.
    pub(super) base: &'a str,
    /// The password before the `@`.
    pub(super) password: Option<&'a str>,
    hosts: &'a str,
    /// With its slash, if there is one.
    database: &'a str,
    query: &'a str,
}

impl<'a> PostgresUrl<'a> {
    /// Parses a URL whose percent-encoding has been checked.
    pub(super) fn parse(text: &'a str) -> Result<Self, DatabaseUrlError> {
        let (base, query) = text.split_once('?').unwrap_or((text, ""));
        let (_, rest) = base.split_once("://").ok_or(DatabaseUrlError::Scheme)?;
        let (user, rest) = rest.split_once('@').map_or((None, rest), |(user, rest)| (Some(user), rest));
        let password = user.and_then(|user| user.split_once(':')).map(|(_, password)| password);
        let (hosts, database) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let url = Self { base, password, hosts, database, query };
        for pair in query.split('&').filter(|_| !query.is_empty()) {
            if pair.matches('=').count() != 1 {
                return Err(DatabaseUrlError::Malformed(
                    "each parameter must be name=value, and an = in a value must be written %3D",
                ));
            }
        }
        url.hosts()?;
        if let Some(attributes) = url.parameter("target_session_attrs") {
            writable(&attributes)?;
        }
        Ok(url)
    }

    /// The parameters of the query, still percent-encoded.
    pub(super) fn parameters(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        self.query.split('&').filter_map(|pair| pair.split_once('='))
    }

    /// The value of a parameter; the last one wins, as in libpq.
    pub(super) fn parameter(&self, name: &str) -> Option<Cow<'a, str>> {
        self.parameters().filter(|(key, _)| decoded(key) == name).last().map(|(_, value)| decoded(value))
    }

    /// Whether the query sets a parameter of this name, also inside `options`.
    pub(super) fn names(&self, name: &str) -> bool {
        decoded(self.query).contains(name)
    }

    /// Every host with its port, in the order in which they are tried.
    fn hosts(&self) -> Result<Vec<(String, u16)>, DatabaseUrlError> {
        let (mut hosts, mut ports) = (Vec::new(), Vec::new());
        for host in self.hosts.split(',') {
            let (host, port) = split_port(host)?;
            hosts.push(decoded(host).into_owned());
            ports.push(decoded(port).into_owned());
        }
        // The parameters `host` and `port` replace those before the slash.
        let list = |text: Cow<'_, str>| text.split(',').map(str::to_owned).collect::<Vec<_>>();
        if let Some(given) = self.parameter("host") {
            hosts = list(given);
        }
        if let Some(given) = self.parameter("port") {
            ports = list(given);
        }
        if let [port] = ports.as_slice() {
            ports = vec![port.clone(); hosts.len()];
        }
        if ports.len() != hosts.len() {
            return Err(DatabaseUrlError::Malformed("the number of ports must be that of the hosts, or one"));
        }
        let number = |port: String| match port.as_str() {
            "" => Ok(PORT),
            port if port.bytes().all(|byte| byte.is_ascii_digit()) => port
                .parse()
                .ok()
                .filter(|port| *port > 0)
                .ok_or(DatabaseUrlError::Malformed("a port must be a number from 1 to 65535")),
            _ => Err(DatabaseUrlError::Malformed("a port must be a number from 1 to 65535")),
        };
        hosts.into_iter().zip(ports).map(|(host, port)| Ok((host, number(port)?))).collect()
    }

    /// The location of the data: `h1:5432,[::1]:5433/db`.
    pub(super) fn describe(&self) -> String {
        let written = |(host, port): &(String, u16)| match host.as_str() {
            "" => format!("localhost:{port}"),
            address if address.contains(':') => format!("[{address}]:{port}"),
            host => format!("{host}:{port}"),
        };
        let hosts: Vec<String> = self.hosts().unwrap_or_default().iter().map(written).collect();
        let database = self.parameter("dbname").map_or(self.database.to_owned(), |name| format!("/{name}"));
        hosts.join(",") + &database
    }

    /// The URL with these parameters unless it has them itself, and with these `options` before its own.
    pub(super) fn with(&self, parameters: &[(&str, &str)], options: Option<&str>) -> String {
        let ours = parameters.iter().filter(|(name, _)| self.parameter(name).is_none());
        let mut pairs: Vec<String> = ours.map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let theirs = self.parameter("options");
        let merged = |ours: &str| format!("{ours} {}", theirs.as_deref().unwrap_or_default());
        let merged = options.map(|ours| format!("options={}", encoded(merged(ours).trim())));
        let kept = self.parameters().filter(|(name, _)| merged.is_none() || decoded(name) != "options");
        let mut written: Vec<String> = kept.map(|(name, value)| format!("{name}={value}")).collect();
        written.append(&mut pairs);
        written.extend(merged);
        let separator = if written.is_empty() { "" } else { "?" };
        [self.base, separator, &written.join("&")].concat()
    }
}

/// A host and the text of its port; an IPv6 address is in brackets.
fn split_port(host: &str) -> Result<(&str, &str), DatabaseUrlError> {
    const BRACKETS: DatabaseUrlError =
        DatabaseUrlError::Malformed("an IPv6 address must be in brackets, as [::1]:5432");
    let (host, rest) = match host.strip_prefix('[') {
        Some(bracketed) => {
            bracketed.split_once(']').filter(|(address, _)| !address.is_empty()).ok_or(BRACKETS)?
        }
        None => host.split_at(host.find(':').unwrap_or(host.len())),
    };
    match rest.strip_prefix(':') {
        Some(port) if port.contains(':') => Err(BRACKETS),
        Some(port) => Ok((host, port)),
        None if rest.is_empty() && !host.contains(['[', ']']) => Ok((host, "")),
        None => Err(BRACKETS),
    }
}

/// Refuses values of `target_session_attrs` that exclude servers which accept writes.
fn writable(attributes: &str) -> Result<(), DatabaseUrlError> {
    match attributes {
        "read-write" | "primary" | "any" => Ok(()),
        _ => Err(DatabaseUrlError::Malformed(
            "target_session_attrs must be read-write or primary: the service writes",
        )),
    }
}

/// `text`, percent-decoded. A `+` stays one, as for libpq. See findings/libpq-url-plus.sh.
pub(super) fn decoded(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(text: &str) -> Result<String, DatabaseUrlError> {
        PostgresUrl::parse(text).map(|url| url.describe())
    }

    #[test]
    fn a_list_of_hosts_is_read_as_libpq_reads_it() {
        for (text, known) in [
            ("postgres://u@h1:5432,h2:5432/db", "h1:5432,h2:5432/db"),
            ("postgres://u:p@h1,h2:5433,h3/db", "h1:5432,h2:5433,h3:5432/db"),
            ("postgresql://h1:1,h2", "h1:1,h2:5432"),
            (
                "postgres://u@[::1]:5433,[2001:db8::7],10.0.0.1:6432/db",
                "[::1]:5433,[2001:db8::7]:5432,10.0.0.1:6432/db",
            ),
            ("postgres://[::1]/db?sslmode=require", "[::1]:5432/db"),
            ("postgres://h1:,h2/db", "h1:5432,h2:5432/db"),
            ("postgres:///db", "localhost:5432/db"),
            ("postgres://", "localhost:5432"),
            ("postgres://u@%2Fvar%2Frun%2Fpostgresql/db", "/var/run/postgresql:5432/db"),
            ("postgres:///db?host=h1,h2&port=5433", "h1:5433,h2:5433/db"),
            ("postgres:///db?host=h1,h2&port=5433,", "h1:5433,h2:5432/db"),
            ("postgres://u@h1,h2/?dbname=db", "h1:5432,h2:5432/db"),
        ] {
            assert_eq!(described(text).as_deref(), Ok(known), "{text}");
        }
    }

    #[test]
    fn what_libpq_would_refuse_is_refused_in_words() {
        for (text, words) in [
            ("postgres://h:99999/x", "port"),
            ("postgres://h1:5432,h2:0/x", "port"),
            ("postgres://h1:5432,h2:+5/x", "port"),
            ("postgres://h1,h2:secret/x", "port"),
            ("postgres://[::1/x", "brackets"),
            ("postgres://[]:5432/x", "brackets"),
            ("postgres://::1/x", "brackets"),
            ("postgres://h1,[::1]5432/x", "brackets"),
            ("postgres://h1,h2,h3/x?port=1,2", "ports"),
            ("postgres://h/x?connect_timeout", "name=value"),
            ("postgres://h/x?options=-c%20a=b", "%3D"),
            ("postgres://h1,h2/x?target_session_attrs=standby", "the service writes"),
            ("postgres://h1,h2/x?target_session_attrs=prefer-standby", "the service writes"),
            ("postgres://h1,h2/x?target_session_attrs=read-only", "the service writes"),
            ("postgres://h1,h2/x?target_session_attrs=readwrite", "the service writes"),
        ] {
            let said = described(text).unwrap_err().to_string();
            assert!(said.contains(words) && !said.contains("secret"), "{text}: {said}");
        }
    }

    #[test]
    fn parameters_and_options_are_added_and_what_the_url_says_counts() {
        let with = |text: &str, options| {
            let parameters = [("target_session_attrs", "read-write"), ("connect_timeout", "3")];
            PostgresUrl::parse(text).unwrap().with(&parameters, options)
        };
        let ours = "target_session_attrs=read-write&connect_timeout=3";
        assert_eq!(with("postgres://u@h1:1,h2:2/x", None), format!("postgres://u@h1:1,h2:2/x?{ours}"));
        assert_eq!(
            with("postgres://h/x?connect_timeout=9", None),
            "postgres://h/x?connect_timeout=9&target_session_attrs=read-write"
        );
        let primary = "postgres://h/x?target_session_attrs=primary";
        assert_eq!(with(primary, None), format!("{primary}&connect_timeout=3"));
        // Of two settings with one name the server takes the last one: the operator's.
        let own = "postgres://h/x?options=-c%20work_mem%3D8MB";
        let set = "options=-c%20lock_timeout%3D5000";
        assert_eq!(
            with(own, Some("-c lock_timeout=5000")),
            format!("postgres://h/x?{ours}&{set}%20-c%20work_mem%3D8MB")
        );
        assert_eq!(
            with("postgres://h/x", Some("-c lock_timeout=5000")),
            format!("postgres://h/x?{ours}&{set}")
        );
        assert_eq!(with(own, None), format!("{own}&{ours}"));
    }

    #[test]
    fn settings_are_found_however_they_are_written() {
        let names = |text: &str| PostgresUrl::parse(text).unwrap().names("synchronous_commit");
        assert!(names("postgres://h/x?options=-csynchronous_commit%3Doff"));
        assert!(names("postgres://h/x?options=-c%20synchronous%5Fcommit%3Doff"));
        assert!(!names("postgres://synchronous_commit@h/x"));
    }
}

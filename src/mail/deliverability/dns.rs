//! Looks names up in the DNS, within bounded time.

use std::{
    net::{IpAddr, SocketAddr},
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use hickory_resolver::{
    TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts},
    lookup::Lookup,
    net::{NetError, runtime::TokioRuntimeProvider},
    proto::rr::{Name, RData, RecordType},
};
use tokio::time::{Instant, timeout_at};

/// How long all questions together may take.
const ALL_QUESTIONS: Duration = Duration::from_mins(1);
/// How long one question may take.
const QUESTION_TIMEOUT: Duration = Duration::from_secs(6);
/// How long a name server may take for an answer.
const SERVER_TIMEOUT: Duration = Duration::from_secs(3);
/// After so many questions in succession without any answer, no other is asked.
const MAX_FAILURES: usize = 3;

/// Why a name could not be looked up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("could not be looked up: {0}")]
pub(super) struct Unavailable(String);

/// The records; none, where the name has none of that type or does not exist.
pub(super) type Answer<T> = Result<Vec<T>, Unavailable>;

/// Where names are looked up.
pub(super) struct Dns {
    source: Source,
    failures: AtomicUsize,
    end: Instant,
}

enum Source {
    Servers(Box<TokioResolver>),
    /// There is no name server to ask: the reason.
    Nowhere(String),
    /// Records by name and type, for tests; `!` for a name that cannot be looked up.
    #[cfg(test)]
    Fixed(Vec<(String, RecordType, String)>),
}

impl Dns {
    /// The name servers at these addresses; the system's where there are none.
    pub fn new(servers: &[SocketAddr]) -> Self {
        let source = match resolver(servers) {
            Ok(resolver) => Source::Servers(Box::new(resolver)),
            Err(reason) => Source::Nowhere(reason),
        };
        Self { source, failures: AtomicUsize::new(0), end: Instant::now() + ALL_QUESTIONS }
    }

    /// TXT records, each with its parts joined.
    pub async fn txt(&self, name: &str) -> Answer<String> {
        let text = |data: RData| match data {
            RData::TXT(txt) => Some(String::from_utf8_lossy(&txt.txt_data.concat()).into_owned()),
            _ => None,
        };
        self.ask(name, RecordType::TXT, text).await
    }

    /// The mail hosts of a domain, the preferred first; an empty name is the null MX (RFC 7505).
    pub async fn mx(&self, domain: &str) -> Answer<String> {
        let host = |data: RData| match data {
            RData::MX(mx) => Some((mx.preference, plain(&mx.exchange))),
            _ => None,
        };
        let mut hosts = self.ask(domain, RecordType::MX, host).await?;
        hosts.sort();
        Ok(hosts.into_iter().map(|(_, host)| host).collect())
    }

    /// The addresses of a host.
    pub async fn addresses(&self, host: &str) -> Answer<IpAddr> {
        let mut addresses = self.ipv4(host).await?;
        addresses.extend(self.ipv6(host).await?);
        Ok(addresses)
    }

    /// The addresses of a host by IPv4: A.
    pub async fn ipv4(&self, host: &str) -> Answer<IpAddr> {
        let v4 = |data: RData| match data {
            RData::A(address) => Some(IpAddr::V4(address.0)),
            _ => None,
        };
        self.ask(host, RecordType::A, v4).await
    }

    /// The addresses of a host by IPv6: AAAA.
    pub async fn ipv6(&self, host: &str) -> Answer<IpAddr> {
        let v6 = |data: RData| match data {
            RData::AAAA(address) => Some(IpAddr::V6(address.0)),
            _ => None,
        };
        self.ask(host, RecordType::AAAA, v6).await
    }

    /// The names of an address: PTR.
    pub async fn names(&self, address: IpAddr) -> Answer<String> {
        let host = |data: RData| match data {
            RData::PTR(name) => Some(plain(&name.0)),
            _ => None,
        };
        self.ask(&Name::from(address).to_string(), RecordType::PTR, host).await
    }

    async fn ask<T>(&self, name: &str, kind: RecordType, read: impl Fn(RData) -> Option<T>) -> Answer<T> {
        let resolver = match &self.source {
            Source::Servers(resolver) => resolver,
            Source::Nowhere(reason) => return Err(Unavailable(reason.clone())),
            #[cfg(test)]
            Source::Fixed(records) => return fixed(records, name, kind, read),
        };
        if self.failures.load(Ordering::Relaxed) >= MAX_FAILURES {
            return Err(Unavailable("the name servers do not answer".to_owned()));
        }
        let Ok(mut full) = Name::from_str_relaxed(name) else {
            return Ok(Vec::new());
        };
        // Otherwise the system's search list would be tried, too.
        full.set_fqdn(true);
        let end = self.end.min(Instant::now() + QUESTION_TIMEOUT);
        match timeout_at(end, resolver.lookup(full, kind)).await {
            Err(_) => {
                self.failures.fetch_add(1, Ordering::Relaxed);
                Err(Unavailable("no answer in time".to_owned()))
            }
            Ok(Err(error)) if !error.is_no_records_found() => {
                // A server that fails for one name (SERVFAIL, REFUSED) answers for others.
                if matches!(error, NetError::Dns(_)) {
                    self.failures.store(0, Ordering::Relaxed);
                } else {
                    self.failures.fetch_add(1, Ordering::Relaxed);
                }
                Err(Unavailable(error.to_string()))
            }
            Ok(answer) => {
                self.failures.store(0, Ordering::Relaxed);
                let records = answer.iter().flat_map(Lookup::answers);
                Ok(records.filter_map(|record| read(record.data.clone())).collect())
            }
        }
    }
}

fn resolver(servers: &[SocketAddr]) -> Result<TokioResolver, String> {
    let builder = if servers.is_empty() {
        TokioResolver::builder_tokio().map_err(|error| format!("no name server is known ({error})"))?
    } else {
        let servers = servers.iter().map(|server| {
            let mut ways = [ConnectionConfig::udp(), ConnectionConfig::tcp()];
            for way in &mut ways {
                way.port = server.port();
            }
            NameServerConfig::new(server.ip(), true, ways.into())
        });
        let config = ResolverConfig::from_parts(None, Vec::new(), servers.collect());
        TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
    };
    let mut options = ResolverOpts::default();
    options.timeout = SERVER_TIMEOUT;
    options.attempts = 1;
    // What matters is what others find.
    options.use_hosts_file = ResolveHosts::Never;
    builder.with_options(options).build().map_err(|error| error.to_string())
}

/// The name in lower case, without the dot at its end.
fn plain(name: &Name) -> String {
    name.to_string().trim_end_matches('.').to_ascii_lowercase()
}

#[cfg(test)]
impl Dns {
    /// One record a line: `name TYPE text`; `name TYPE !` where it cannot be looked up.
    pub fn fixed(zone: &str) -> Self {
        use std::str::FromStr;
        let record = |line: &str| {
            let mut parts = line.trim().splitn(3, ' ');
            let mut next = || parts.next().unwrap().to_owned();
            (next(), RecordType::from_str(&next()).unwrap(), next())
        };
        let records = zone.lines().filter(|line| !line.trim().is_empty()).map(record).collect();
        Self { source: Source::Fixed(records), failures: AtomicUsize::new(0), end: Instant::now() }
    }
}

#[cfg(test)]
fn fixed<T>(
    records: &[(String, RecordType, String)],
    name: &str,
    kind: RecordType,
    read: impl Fn(RData) -> Option<T>,
) -> Answer<T> {
    use hickory_resolver::proto::rr::rdata::{A, AAAA, MX, PTR, TXT};
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let mut found = Vec::new();
    for (_, _, text) in records.iter().filter(|(known, of, _)| *known == name && *of == kind) {
        if text == "!" {
            return Err(Unavailable("no answer in time".to_owned()));
        }
        let host = |text: &str| Name::from_str_relaxed(text).unwrap();
        found.extend(read(match kind {
            RecordType::A => RData::A(A(text.parse().unwrap())),
            RecordType::AAAA => RData::AAAA(AAAA(text.parse().unwrap())),
            RecordType::MX => {
                let (preference, exchange) = text.split_once(' ').unwrap();
                RData::MX(MX::new(preference.parse().unwrap(), host(exchange)))
            }
            RecordType::PTR => RData::PTR(PTR(host(text))),
            _ => RData::TXT(TXT::new(vec![text.clone()])),
        }));
    }
    Ok(found)
}

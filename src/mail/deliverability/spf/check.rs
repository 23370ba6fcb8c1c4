//! What a receiver finds for one letter: `check_host()` of RFC 7208 §4.

use std::net::IpAddr;

use futures_util::{FutureExt, future::BoxFuture};
use ipnet::IpNet;

use super::{
    MAX_LOOKUPS, MAX_NAMES, MAX_VOID,
    macros::{DomainSpec, Values, Variable},
    record::{Mechanism, Prefixes, Qualifier, SpfRecord, is_spf},
};
use crate::mail::deliverability::dns::{Dns, Unavailable};

/// What a receiver knows of a letter before it has read it.
#[derive(Debug, Clone, Copy)]
pub struct Delivery<'a> {
    /// The address from which it comes.
    pub address: IpAddr,
    /// The sender in the envelope: `local@domain`.
    pub sender: &'a str,
    /// The name in HELO or EHLO; `None` where it is not known here.
    pub helo: Option<&'a str>,
}

/// What a record says of a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    Is(Qualifier),
    /// It depends on the name in HELO, which is not known.
    DependsOnHelo,
    /// Receivers report an error: the reason.
    Error(String),
    /// A name that it needs could not be looked up.
    Unavailable(Unavailable),
}

impl Judgement {
    /// Whether receivers accept the sender of the letter.
    pub fn passes(&self) -> bool {
        *self == Self::Is(Qualifier::Pass)
    }
}

/// Evaluates the record of `domain`, whose text is `text`, as a receiver of this letter does.
pub async fn check_host(dns: &Dns, domain: &str, text: &str, delivery: &Delivery<'_>) -> Judgement {
    let delivery = Delivery { address: delivery.address.to_canonical(), ..*delivery };
    let mut check = Check { dns, delivery, lookups: 0, void: 0, names: None };
    match check.record(domain.to_owned(), text.to_owned()).await {
        Ok(qualifier) => Judgement::Is(qualifier),
        Err(End::DependsOnHelo) => Judgement::DependsOnHelo,
        Err(End::Error(reason)) => Judgement::Error(reason),
        Err(End::Unavailable(fault)) => Judgement::Unavailable(fault),
    }
}

/// Why an evaluation ends without a qualifier.
enum End {
    DependsOnHelo,
    /// `permerror` of the standard.
    Error(String),
    /// `temperror`.
    Unavailable(Unavailable),
}

impl From<Unavailable> for End {
    fn from(fault: Unavailable) -> Self {
        Self::Unavailable(fault)
    }
}

struct Check<'a> {
    dns: &'a Dns,
    delivery: Delivery<'a>,
    lookups: usize,
    void: usize,
    /// The names of the address that lead back to it, once they are known.
    names: Option<Vec<String>>,
}

impl Check<'_> {
    /// The result of one record. It ends, since every record below it costs a look-up.
    fn record(&mut self, domain: String, text: String) -> BoxFuture<'_, Result<Qualifier, End>> {
        async move {
            let record = SpfRecord::parse(&text).map_err(|fault| End::Error(format!("{domain}: {fault}")))?;
            for (qualifier, mechanism) in &record.terms {
                if self.matches(mechanism, &domain).await? {
                    return Ok(*qualifier);
                }
            }
            match &record.redirect {
                Some(target) => {
                    self.count()?;
                    self.other(target, &domain).await
                }
                None => Ok(Qualifier::Neutral),
            }
        }
        .boxed()
    }

    async fn matches(&mut self, mechanism: &Mechanism, domain: &str) -> Result<bool, End> {
        if !matches!(mechanism, Mechanism::All | Mechanism::Network(_)) {
            self.count()?;
        }
        Ok(match mechanism {
            Mechanism::All => true,
            Mechanism::Network(network) => network.contains(&self.delivery.address),
            Mechanism::Include(target) => self.other(target, domain).await? == Qualifier::Pass,
            Mechanism::A(host, prefixes) => {
                let host = self.name(host.as_ref(), domain).await?;
                self.has_address(&host, *prefixes).await?
            }
            Mechanism::Mx(host, prefixes) => {
                let host = self.name(host.as_ref(), domain).await?;
                self.has_address_of_mail_host(&host, *prefixes).await?
            }
            Mechanism::Ptr(target) => {
                let target = self.name(target.as_ref(), domain).await?;
                self.names().await?.iter().any(|name| is_within(name, &target))
            }
            Mechanism::Exists(name) => {
                let name = self.name(Some(name), domain).await?;
                // By A also for a letter that comes by IPv6 (§5.7).
                !found(&mut self.void, self.dns.ipv4(&name).await?)?.is_empty()
            }
        })
    }

    async fn has_address_of_mail_host(&mut self, domain: &str, prefixes: Prefixes) -> Result<bool, End> {
        let hosts = found(&mut self.void, self.dns.mx(domain).await?)?;
        if hosts.len() > MAX_NAMES {
            return Err(End::Error(too_many_hosts(hosts.len())));
        }
        for host in hosts.iter().filter(|host| !host.is_empty()) {
            if self.has_address(host, prefixes).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The result of another domain's record.
    async fn other(&mut self, target: &DomainSpec, domain: &str) -> Result<Qualifier, End> {
        let target = self.name(Some(target), domain).await?;
        let mut records: Vec<String> = found(&mut self.void, self.dns.txt(&target).await?)?;
        records.retain(|text| is_spf(text));
        match (records.pop(), records.len()) {
            (Some(text), 0) => self.record(target, text).await,
            (None, _) => Err(End::Error(format!("{target} is included and has no SPF record"))),
            (Some(_), more) => {
                Err(End::Error(format!("{target} is included and has {} SPF records", more + 1)))
            }
        }
    }

    /// The name that a term means: the domain of the record, where it has none.
    async fn name(&mut self, spec: Option<&DomainSpec>, domain: &str) -> Result<String, End> {
        let Some(spec) = spec else { return Ok(domain.to_owned()) };
        let validated_name =
            if spec.needs(Variable::ValidatedName) { Some(self.validated_name(domain).await?) } else { None };
        let helo = match self.delivery.helo {
            Some(helo) => helo,
            None if spec.needs(Variable::Helo) => return Err(End::DependsOnHelo),
            None => "",
        };
        Ok(spec.expand(&Values {
            address: self.delivery.address,
            sender: self.delivery.sender,
            domain,
            helo,
            validated_name: validated_name.as_deref().unwrap_or(UNKNOWN_NAME),
        }))
    }

    /// What `%{p}` stands for (§7.3): the domain itself, or a name below it, or any other.
    async fn validated_name(&mut self, domain: &str) -> Result<String, End> {
        if self.names.is_none() {
            self.count()?;
        }
        let names = self.names().await?;
        let own = names.iter().find(|name| name.eq_ignore_ascii_case(domain));
        let below = || names.iter().find(|name| is_within(name, domain));
        Ok(own.or_else(below).or(names.first()).map_or(UNKNOWN_NAME, String::as_str).to_owned())
    }

    /// The names of the address that lead back to it (§5.5). What cannot be looked up is left out.
    async fn names(&mut self) -> Result<&[String], End> {
        if self.names.is_none() {
            let mut names = match self.dns.names(self.delivery.address).await {
                Ok(names) => found(&mut self.void, names)?,
                Err(_) => Vec::new(),
            };
            names.truncate(MAX_NAMES);
            let mut leading_back = Vec::new();
            for name in names {
                let Ok(addresses) = self.addresses(&name).await else { continue };
                if found(&mut self.void, addresses)?.contains(&self.delivery.address) {
                    leading_back.push(name);
                }
            }
            self.names = Some(leading_back);
        }
        Ok(self.names.as_deref().unwrap_or_default())
    }

    async fn has_address(&mut self, host: &str, prefixes: Prefixes) -> Result<bool, End> {
        let addresses = self.addresses(host).await?;
        let addresses = found(&mut self.void, addresses)?;
        let is_near = |address: &IpAddr| {
            let length = if address.is_ipv4() { prefixes.0 } else { prefixes.1 };
            IpNet::new(*address, length).is_ok_and(|network| network.contains(&self.delivery.address))
        };
        Ok(addresses.iter().any(is_near))
    }

    /// The addresses of a host, of the kind that the letter comes from.
    async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, Unavailable> {
        if self.delivery.address.is_ipv4() { self.dns.ipv4(host).await } else { self.dns.ipv6(host).await }
    }

    /// Counts a term that asks the DNS.
    fn count(&mut self) -> Result<(), End> {
        self.lookups += 1;
        if self.lookups > MAX_LOOKUPS {
            let reason = format!("it needs more than {MAX_LOOKUPS} look-ups in the DNS");
            return Err(End::Error(reason));
        }
        Ok(())
    }
}

/// What `%{p}` stands for where the address has no name that leads back to it.
const UNKNOWN_NAME: &str = "unknown";

/// The same records. Where there are none, the look-up counts as one that finds nothing. Some receivers count
/// terms and not look-ups; this is what the strictest do.
fn found<T>(void: &mut usize, records: Vec<T>) -> Result<Vec<T>, End> {
    *void += usize::from(records.is_empty());
    if *void > MAX_VOID {
        return Err(End::Error(format!("more than {MAX_VOID} of its look-ups find nothing")));
    }
    Ok(records)
}

/// What is wrong with a term `mx`.
pub(super) fn too_many_hosts(hosts: usize) -> String {
    format!("a term mx has {hosts} hosts, and {MAX_NAMES} are the most")
}

/// Whether a name is `domain` or below it.
fn is_within(name: &str, domain: &str) -> bool {
    let (name, domain) = (name.to_ascii_lowercase(), domain.to_ascii_lowercase());
    name.strip_suffix(domain.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod against_mail_auth;
#[cfg(test)]
mod tests;

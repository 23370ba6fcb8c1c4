//! Reads a record with all that it includes, once, and says what it means for an address.

use std::net::IpAddr;

use futures_util::{FutureExt, future::BoxFuture};
use ipnet::IpNet;

use super::record::{Mechanism, Prefixes, Qualifier, SpfRecord, is_spf};
use crate::mail::deliverability::dns::{Dns, Unavailable};

/// The most terms that ask the DNS; with more, receivers report an error (RFC 7208 §4.6.4).
const MAX_LOOKUPS: usize = 10;
/// Where this program stops to count them.
const MAX_COUNTED: usize = 30;
/// The most questions without an answer, likewise.
const MAX_VOID: usize = 2;
/// The most mail hosts of one term `mx`, likewise.
const MAX_MX: usize = 10;

/// What a record says of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    Is(Qualifier),
    /// It depends on more than the address, as on a macro.
    Depends,
}

/// The record of a domain and all that it includes.
#[derive(Debug, Default)]
pub struct SpfTree {
    /// The record's text.
    pub text: String,
    /// How many terms ask the DNS.
    pub lookups: usize,
    /// For what receivers report an error.
    pub faults: Vec<String>,
    /// The domains that it includes, directly or not.
    pub includes: Vec<String>,
    void: usize,
    root: Node,
}

#[derive(Debug, Default)]
struct Node {
    terms: Vec<(Qualifier, Test)>,
    redirect: Option<Box<Node>>,
}

#[derive(Debug)]
enum Test {
    All,
    Networks(Vec<IpNet>),
    Include(Node),
    Depends,
}

impl SpfTree {
    /// Reads the record of `domain`, whose text is `text`.
    ///
    /// # Errors
    /// Where something of it could not be looked up.
    pub async fn read(dns: &Dns, domain: &str, text: &str) -> Result<Self, Unavailable> {
        let mut tree = Self { text: text.to_owned(), ..Self::default() };
        tree.root = tree.node(dns, domain.to_owned(), text.to_owned()).await?;
        if tree.lookups > MAX_LOOKUPS {
            let most = if tree.lookups >= MAX_COUNTED { " or more" } else { "" };
            tree.faults.insert(
                0,
                format!(
                    "it needs {}{most} look-ups in the DNS, and {MAX_LOOKUPS} are the most",
                    tree.lookups
                ),
            );
        }
        if tree.void > MAX_VOID {
            tree.faults
                .push(format!("{} of its look-ups find nothing, and {MAX_VOID} are the most", tree.void));
        }
        Ok(tree)
    }

    fn node<'a>(
        &'a mut self,
        dns: &'a Dns,
        domain: String,
        text: String,
    ) -> BoxFuture<'a, Result<Node, Unavailable>> {
        async move {
            let record = match SpfRecord::parse(&text) {
                Ok(record) => record,
                Err(fault) => {
                    self.faults.push(format!("{domain}: {fault}"));
                    return Ok(Node::default());
                }
            };
            let mut node = Node::default();
            for (qualifier, mechanism) in record.terms {
                node.terms.push((qualifier, self.test(dns, &domain, mechanism).await?));
            }
            let ends = node.terms.iter().any(|(_, test)| matches!(test, Test::All));
            // §6.1: a redirect beside `all` is ignored.
            if let Some(target) = record.redirect.filter(|_| !ends) {
                if target.contains('%') {
                    node.terms.push((Qualifier::Neutral, Test::Depends));
                } else {
                    node.redirect = Some(Box::new(self.include(dns, target).await?));
                }
            }
            Ok(node)
        }
        .boxed()
    }

    async fn test(&mut self, dns: &Dns, domain: &str, mechanism: Mechanism) -> Result<Test, Unavailable> {
        Ok(match mechanism {
            Mechanism::All => Test::All,
            Mechanism::Network(network) => Test::Networks(vec![network]),
            Mechanism::Include(target) if !target.contains('%') => {
                Test::Include(self.include(dns, target).await?)
            }
            Mechanism::A(host, prefixes) if !has_macro(host.as_ref()) => {
                self.lookups += 1;
                let host = host.unwrap_or_else(|| domain.to_owned());
                Test::Networks(self.networks(dns, &host, prefixes).await?)
            }
            Mechanism::Mx(host, prefixes) if !has_macro(host.as_ref()) => {
                self.lookups += 1;
                let hosts = dns.mx(host.as_deref().unwrap_or(domain)).await?;
                self.void += usize::from(hosts.is_empty());
                if hosts.len() > MAX_MX {
                    self.faults
                        .push(format!("a term mx has {} hosts, and {MAX_MX} are the most", hosts.len()));
                }
                let mut networks = Vec::new();
                for host in hosts.iter().take(MAX_MX) {
                    networks.extend(self.networks(dns, host, prefixes).await?);
                }
                Test::Networks(networks)
            }
            // `ptr` is for nobody to use (§5.5); the others have a macro.
            Mechanism::Ptr
            | Mechanism::Exists(_)
            | Mechanism::Include(_)
            | Mechanism::A(..)
            | Mechanism::Mx(..) => {
                self.lookups += 1;
                Test::Depends
            }
        })
    }

    /// The record of another domain.
    async fn include(&mut self, dns: &Dns, target: String) -> Result<Node, Unavailable> {
        self.lookups += 1;
        // A circle has no end either.
        if self.lookups >= MAX_COUNTED {
            return Ok(Node::default());
        }
        let target = target.trim_end_matches('.').to_ascii_lowercase();
        self.includes.push(target.clone());
        let mut records: Vec<String> =
            dns.txt(&target).await?.into_iter().filter(|text| is_spf(text)).collect();
        match (records.pop(), records.len()) {
            (Some(text), 0) => self.node(dns, target, text).await,
            (None, _) => {
                self.faults.push(format!("{target} is included and has no SPF record"));
                Ok(Node::default())
            }
            (Some(_), more) => {
                self.faults.push(format!("{target} is included and has {} SPF records", more + 1));
                Ok(Node::default())
            }
        }
    }

    async fn networks(
        &mut self,
        dns: &Dns,
        host: &str,
        prefixes: Prefixes,
    ) -> Result<Vec<IpNet>, Unavailable> {
        let addresses = dns.addresses(host).await?;
        self.void += usize::from(addresses.is_empty());
        let network = |address: &IpAddr| {
            let length = if address.is_ipv4() { prefixes.0 } else { prefixes.1 };
            IpNet::new(*address, length).ok()
        };
        Ok(addresses.iter().filter_map(network).collect())
    }

    /// What receivers make of a letter from this address.
    pub fn judge(&self, address: IpAddr) -> Judgement {
        self.root.judge(address)
    }

    /// Whether every address of the internet passes.
    pub fn passes_all(&self) -> bool {
        self.root.passes_all()
    }

    /// What becomes of addresses that no term names.
    pub fn otherwise(&self) -> Qualifier {
        let mut node = &self.root;
        loop {
            if let Some((qualifier, _)) = node.terms.iter().find(|(_, test)| matches!(test, Test::All)) {
                return *qualifier;
            }
            match &node.redirect {
                Some(next) => node = next,
                None => return Qualifier::Neutral,
            }
        }
    }
}

fn has_macro(host: Option<&String>) -> bool {
    host.is_some_and(|host| host.contains('%'))
}

impl Node {
    fn judge(&self, address: IpAddr) -> Judgement {
        // What the terms say that may match.
        let mut open: Vec<Qualifier> = Vec::new();
        for (qualifier, test) in &self.terms {
            let matches = match test {
                Test::All => true,
                Test::Networks(networks) => networks.iter().any(|network| network.contains(&address)),
                Test::Include(node) => match node.judge(address) {
                    Judgement::Is(inner) => inner == Qualifier::Pass,
                    Judgement::Depends => {
                        open.push(*qualifier);
                        false
                    }
                },
                Test::Depends => {
                    open.push(*qualifier);
                    false
                }
            };
            if matches {
                let is_certain = open.iter().all(|other| other == qualifier);
                return if is_certain { Judgement::Is(*qualifier) } else { Judgement::Depends };
            }
        }
        match &self.redirect {
            _ if !open.is_empty() => Judgement::Depends,
            Some(next) => next.judge(address),
            None => Judgement::Is(Qualifier::Neutral),
        }
    }

    fn passes_all(&self) -> bool {
        let whole = |network: &IpNet| network.prefix_len() == 0;
        let passes = self.terms.iter().any(|(qualifier, test)| {
            *qualifier == Qualifier::Pass
                && match test {
                    Test::All => true,
                    Test::Networks(networks) => networks.iter().any(whole),
                    Test::Include(node) => node.passes_all(),
                    Test::Depends => false,
                }
        });
        passes || self.redirect.as_ref().is_some_and(|node| node.passes_all())
    }
}

#[cfg(test)]
mod tests;

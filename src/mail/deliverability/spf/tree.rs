//! What a record says whatever the letter is: all that it includes, and for what every receiver reports an
//! error.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use futures_util::{FutureExt, future::BoxFuture};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::{
    MAX_LOOKUPS, MAX_NAMES, MAX_VOID,
    check::too_many_hosts,
    macros::{DomainSpec, Values},
    record::{Mechanism, Prefixes, Qualifier, SpfRecord, is_spf},
};
use crate::mail::deliverability::dns::{Dns, Unavailable};

/// Where this program stops to count look-ups.
const MAX_COUNTED: usize = 30;

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
    /// Whether a term `ptr` is there, which should not be published any more (§5.5).
    pub has_ptr: bool,
    domain: String,
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
    /// It depends on the letter.
    Depends,
}

impl SpfTree {
    /// Reads the record of `domain`, whose text is `text`. `domain` is that of the sender.
    ///
    /// # Errors
    /// Where something of it could not be looked up.
    pub async fn read(dns: &Dns, domain: &str, text: &str) -> Result<Self, Unavailable> {
        let mut tree = Self { text: text.to_owned(), domain: domain.to_owned(), ..Self::default() };
        tree.root = tree.node(dns, domain.to_owned(), text.to_owned()).await?;
        if tree.lookups > MAX_LOOKUPS {
            let most = if tree.lookups >= MAX_COUNTED { " or more" } else { "" };
            let fault = format!(
                "it needs {}{most} look-ups in the DNS, and {MAX_LOOKUPS} are the most",
                tree.lookups
            );
            tree.faults.insert(0, fault);
        }
        if tree.void > MAX_VOID {
            let fault = format!("{} of its look-ups find nothing, and {MAX_VOID} are the most", tree.void);
            tree.faults.push(fault);
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
                node.terms.push((qualifier, self.test(dns, &domain, &mechanism).await?));
            }
            let ends = node.terms.iter().any(|(_, test)| matches!(test, Test::All));
            // §6.1: a redirect beside `all` is ignored.
            if let Some(target) = record.redirect.filter(|_| !ends) {
                if let Some(target) = self.name(Some(&target), &domain) {
                    node.redirect = Some(Box::new(self.include(dns, target).await?));
                } else {
                    self.lookups += 1;
                    node.terms.push((Qualifier::Neutral, Test::Depends));
                }
            }
            Ok(node)
        }
        .boxed()
    }

    async fn test(&mut self, dns: &Dns, domain: &str, mechanism: &Mechanism) -> Result<Test, Unavailable> {
        let name = match mechanism {
            Mechanism::All => return Ok(Test::All),
            Mechanism::Network(network) => return Ok(Test::Networks(vec![*network])),
            Mechanism::Ptr(_) => {
                self.has_ptr = true;
                None
            }
            Mechanism::A(host, _) | Mechanism::Mx(host, _) => self.name(host.as_ref(), domain),
            Mechanism::Include(name) | Mechanism::Exists(name) => self.name(Some(name), domain),
        };
        let Some(name) = name else {
            self.lookups += 1;
            return Ok(Test::Depends);
        };
        Ok(match mechanism {
            // It counts itself.
            Mechanism::Include(_) => Test::Include(self.include(dns, name).await?),
            Mechanism::A(_, prefixes) => {
                self.lookups += 1;
                Test::Networks(self.networks(dns, &name, *prefixes).await?)
            }
            Mechanism::Mx(_, prefixes) => {
                self.lookups += 1;
                Test::Networks(self.mail_hosts(dns, &name, *prefixes).await?)
            }
            Mechanism::Exists(_) => {
                self.lookups += 1;
                let exists = !dns.ipv4(&name).await?.is_empty();
                self.void += usize::from(!exists);
                Test::Networks(if exists { everything() } else { Vec::new() })
            }
            Mechanism::All | Mechanism::Network(_) | Mechanism::Ptr(_) => Test::Depends,
        })
    }

    /// The name that a term means, where that is the same for every letter.
    fn name(&self, spec: Option<&DomainSpec>, domain: &str) -> Option<String> {
        let Some(spec) = spec else { return Some(domain.to_owned()) };
        let values = Values {
            address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            sender: &self.domain,
            domain,
            helo: "",
            validated_name: "",
        };
        spec.is_fixed().then(|| spec.expand(&values))
    }

    /// The record of another domain.
    async fn include(&mut self, dns: &Dns, target: String) -> Result<Node, Unavailable> {
        self.lookups += 1;
        // A circle has no end either.
        if self.lookups >= MAX_COUNTED {
            return Ok(Node::default());
        }
        self.includes.push(target.clone());
        let mut records = dns.txt(&target).await?;
        records.retain(|text| is_spf(text));
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

    async fn mail_hosts(
        &mut self,
        dns: &Dns,
        domain: &str,
        prefixes: Prefixes,
    ) -> Result<Vec<IpNet>, Unavailable> {
        let hosts = dns.mx(domain).await?;
        self.void += usize::from(hosts.is_empty());
        if hosts.len() > MAX_NAMES {
            self.faults.push(too_many_hosts(hosts.len()));
        }
        let mut networks = Vec::new();
        for host in hosts.iter().take(MAX_NAMES).filter(|host| !host.is_empty()) {
            networks.extend(self.networks(dns, host, prefixes).await?);
        }
        Ok(networks)
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

    /// Whether every address of the internet passes.
    pub fn passes_all(&self) -> bool {
        self.root.passes_all()
    }

    /// Whether a term depends on the letter.
    pub fn has_open_terms(&self) -> bool {
        self.root.has_open_terms()
    }

    /// One address of each network whose letters pass, of 3 networks at most.
    pub fn samples(&self) -> Vec<IpAddr> {
        let mut networks = Vec::new();
        self.root.passing(&mut networks);
        networks.iter().map(IpNet::network).take(3).collect()
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

fn everything() -> Vec<IpNet> {
    let v4 = Ipv4Net::new(Ipv4Addr::UNSPECIFIED, 0).map(IpNet::V4);
    let v6 = Ipv6Net::new(Ipv6Addr::UNSPECIFIED, 0).map(IpNet::V6);
    v4.into_iter().chain(v6).collect()
}

impl Node {
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

    fn has_open_terms(&self) -> bool {
        let is_open = |(_, test): &(Qualifier, Test)| match test {
            Test::All | Test::Networks(_) => false,
            Test::Include(node) => node.has_open_terms(),
            Test::Depends => true,
        };
        self.terms.iter().any(is_open) || self.redirect.as_ref().is_some_and(|node| node.has_open_terms())
    }

    /// Adds the networks of all terms that let pass.
    fn passing(&self, networks: &mut Vec<IpNet>) {
        for (_, test) in self.terms.iter().filter(|(qualifier, _)| *qualifier == Qualifier::Pass) {
            match test {
                Test::Networks(more) => networks.extend(more),
                Test::Include(node) => node.passing(networks),
                Test::All | Test::Depends => {}
            }
        }
        if let Some(node) = &self.redirect {
            node.passing(networks);
        }
    }
}

#[cfg(test)]
mod tests;

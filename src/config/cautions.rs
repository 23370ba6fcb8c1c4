//! Warnings of `check-config`: settings that are valid and probably not intended.

mod returned_mail;

use url::{Host, Url};

use super::variables::{
    ACTIVATION_URL, Config, JWT_ISSUERS, MAIL_DKIM, MAIL_FROM, MAIL_URL, OTEL_EXPORTER_OTLP_ENDPOINT,
    OTEL_EXPORTER_OTLP_HEADERS, PUBLIC_URL, STAFF_PASSWORDS,
};
use crate::{identity::Claims, mail::same_organisation};

impl Config {
    /// The warnings, each a sentence that starts with the name of its variable.
    #[must_use]
    pub fn cautions(&self) -> Vec<String> {
        let exposed = self.mail_url.caution().map(|caution| format!("{}: {caution}", MAIL_URL.name));
        let away = self.mail_url.delivers();
        let sender = self.sender.address();
        let nowhere = (away && !is_dotted(domain_of(sender))).then(|| {
            format!(
                "{}: letters are sent from {sender}, an address that exists on this machine only and that \
                most mail servers refuse: set it to an address of your own domain",
                MAIL_FROM.name
            )
        });
        let variable = if self.is_given(&ACTIVATION_URL) { ACTIVATION_URL } else { PUBLIC_URL };
        let link = (away && is_loopback(self.activation_url.page())).then(|| {
            format!(
                "{}: links in letters open {}, which is unreachable from other machines: set it to the \
                 address that recipients can reach",
                variable.name,
                self.activation_url.page()
            )
        });
        let locked_out = (!self.staff_passwords && self.jwt_issuers.is_empty()).then(|| {
            format!(
                "{}: it is off and {} names no identity provider: system users cannot sign in",
                STAFF_PASSWORDS.name, JWT_ISSUERS.name
            )
        });
        let single = [exposed, nowhere, link, locked_out, self.clear_key()].into_iter().flatten();
        let more = [self.returned_mail_cautions(), self.signatures(), self.dotted_claims()];
        single.chain(more.into_iter().flatten()).collect()
    }

    /// A key of the collector that others on the way can read.
    fn clear_key(&self) -> Option<String> {
        let endpoint = self.otlp_endpoint.as_ref().filter(|_| self.otlp_headers.is_some())?;
        (endpoint.scheme() == "http" && !is_loopback(endpoint)).then(|| {
            format!(
                "{}: they go to another machine in clear text: name an https:// URL in {}",
                OTEL_EXPORTER_OTLP_HEADERS.name, OTEL_EXPORTER_OTLP_ENDPOINT.name
            )
        })
    }

    /// Signatures that no receiver sees, or that do not count.
    fn signatures(&self) -> Vec<String> {
        let signers = self.sender.signers();
        if let (Some(provider), Some(_)) = (self.mail_url.provider(), signers.first()) {
            return vec![format!(
                "{}: letters go over the API of {provider}, which signs them itself: no letter has a \
                 signature of this service",
                MAIL_DKIM.name
            )];
        }
        let sender = self.sender.address();
        let foreign = signers.iter().filter(|signer| !same_organisation(signer.domain(), domain_of(sender)));
        foreign
            .map(|signer| {
                format!(
                    "{}: {} is not the domain of {sender}, so that DMARC does not count its signature",
                    MAIL_DKIM.name,
                    signer.domain()
                )
            })
            .collect()
    }

    /// Paths of claims that are probably meant to lead into an object.
    fn dotted_claims(&self) -> Vec<String> {
        let paths = self.jwt_issuers.iter().enumerate().flat_map(|(place, issuer)| {
            let Claims { roles, permissions, accounts, name, email } = &issuer.claims;
            [roles, permissions, accounts, name, email].into_iter().flatten().map(move |path| (place, path))
        });
        let is_dotted = |name: &&str| name.contains('.') && !name.contains(['/', ':']);
        let dotted = paths.filter_map(|(place, path)| Some((place, path.only_name().filter(is_dotted)?)));
        dotted
            .map(|(place, name)| {
                format!(
                    "{}: /{place}/claims: {name:?} is the name of one claim; a claim within an object is \
                    written as /{}",
                    JWT_ISSUERS.name,
                    name.replace('.', "/")
                )
            })
            .collect()
    }
}

/// What is behind the `@` of an address.
fn domain_of(address: &str) -> &str {
    address.rsplit('@').next().unwrap_or_default()
}

fn is_dotted(domain: &str) -> bool {
    let top = domain.rsplit('.').next().unwrap_or_default();
    domain.contains('.') && !matches!(top, "localdomain" | "localhost")
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            let name = name.to_ascii_lowercase();
            let top = name.rsplit('.').next().unwrap_or_default();
            // Including the names in /etc/hosts of Debian and Fedora.
            matches!(
                top,
                "localhost" | "localdomain" | "localhost4" | "localhost6" | "localdomain4" | "localdomain6"
            ) || matches!(name.as_str(), "ip6-localhost" | "ip6-loopback")
        }
        Some(Host::Ipv4(address)) => address.is_loopback() || address.is_unspecified(),
        Some(Host::Ipv6(address)) => {
            let mapped = address
                .to_ipv4_mapped()
                .is_some_and(|address| address.is_loopback() || address.is_unspecified());
            address.is_loopback() || address.is_unspecified() || mapped
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::config::tests::read;

    /// The variables with a warning.
    pub(super) fn cautioned(variables: &[(&str, &str)]) -> Vec<String> {
        let config = read(variables).unwrap_or_else(|faults| panic!("{faults:?}"));
        config
            .cautions()
            .into_iter()
            .map(|text| text.split(':').next().unwrap_or_default().to_owned())
            .collect()
    }

    #[test]
    fn a_key_of_the_collector_is_not_for_others_to_read() {
        for (endpoint, cautions) in [
            ("http://127.0.0.1:4318", 0),
            ("http://localhost:4318", 0),
            ("https://otel.example.com", 0),
            ("http://otel.example.com:4318", 1),
        ] {
            let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint);
            let found = cautioned(&[endpoint, ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=x")]);
            assert_eq!(found, vec!["OTEL_EXPORTER_OTLP_HEADERS"; cautions], "{endpoint:?}");
            assert!(cautioned(&[endpoint]).is_empty(), "{endpoint:?}");
        }
    }

    #[test]
    fn a_dot_in_a_claim_s_name_is_no_path() {
        let issuers = |roles: &str| {
            let text = format!(
                r#"[{{ "issuer": "https://a.example", "jwks_url": "https://a.example/k", "audience": "us",
                "claims": {{ "roles": "{roles}" }}, "map": {{ "roles": {{ "x": "viewer" }} }} }}]"#
            );
            cautioned(&[("JWT_ISSUERS", &text)])
        };
        assert_eq!(issuers("realm_access.roles"), ["JWT_ISSUERS"]);
        for path in ["/realm_access/roles", "roles", "https://a.example/roles", "urn:a.b:roles"] {
            assert!(issuers(path).is_empty(), "{path}");
        }
    }

    #[test]
    fn a_signature_counts_where_it_is_seen_and_belongs_to_the_sender() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        std::fs::write(&file, "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=").unwrap();
        let dkim = |domain: &str| format!("a:{domain}:{}", file.display());
        for (mail, from, domain, cautions) in [
            ("smtp://mail.example.com", "a@b.example", "b.example", 0),
            ("smtp://mail.example.com", "a@b.example", "mail.b.example", 0),
            ("smtp://mail.example.com", "a@b.example", "c.example", 1),
            ("postmark://key", "a@b.example", "b.example", 1),
        ] {
            let variables = [
                ("MAIL_URL", mail),
                ("MAIL_FROM", from),
                ("PUBLIC_URL", "https://b.example"),
                ("MAIL_DKIM", &dkim(domain)),
            ];
            assert_eq!(cautioned(&variables), vec!["MAIL_DKIM"; cautions], "{mail} {domain}");
        }
    }

    #[test]
    fn letters_that_leave_need_a_sender_and_a_link_that_others_know() {
        let (relay, good, link) = (
            ("MAIL_URL", "smtp://mail.example.com"),
            ("MAIL_FROM", "a@b.example"),
            ("PUBLIC_URL", "https://b.example"),
        );
        assert_eq!(cautioned(&[relay]), ["MAIL_FROM", "PUBLIC_URL"]);
        assert_eq!(cautioned(&[relay, good]), ["PUBLIC_URL"]);
        assert_eq!(cautioned(&[relay, link]), ["MAIL_FROM"]);
        assert!(cautioned(&[relay, good, link]).is_empty());
        for url in ["postmark://key", "resend://key", "smtp://127.0.0.1:25"] {
            assert_eq!(cautioned(&[("MAIL_URL", url)]), ["MAIL_FROM", "PUBLIC_URL"], "{url}");
        }
        for url in ["directory:data/mail", "mailpit+http://127.0.0.1:8025"] {
            assert!(cautioned(&[("MAIL_URL", url)]).is_empty(), "{url}");
        }
        for from in ["a@relay", "Ada <a@localhost>", "a@localhost.localdomain"] {
            assert_eq!(cautioned(&[relay, link, ("MAIL_FROM", from)]), ["MAIL_FROM"], "{from}");
        }
        for page in [
            "https://localhost.localdomain/x",
            "http://LocalHost.LocalDomain./x",
            "http://localhost6.localdomain6/x",
            "http://ip6-localhost/x",
            "http://localhost:3000/x",
            "http://app.localhost/x",
            "http://[::1]/x",
            "http://0.0.0.0/x",
            "http://127.9.9.9/x",
        ] {
            assert_eq!(
                cautioned(&[relay, good, link, ("ACTIVATION_URL", page)]),
                ["ACTIVATION_URL"],
                "{page}"
            );
        }
        let elsewhere = ("ACTIVATION_URL", "https://app.b.example/x");
        assert!(cautioned(&[relay, good, elsewhere]).is_empty(), "no letter has a link to PUBLIC_URL");
    }
}

//! Whether links in letters lead to where letters come from.

use url::{Host, Url};

use super::{domains::same_organisation, report::Finding};

/// One finding for each host that links lead to; `links` are the variables and their values.
pub(super) fn check(links: &[(&'static str, Url)], sender: &str) -> Vec<Finding> {
    let mut findings: Vec<(String, Finding)> = Vec::new();
    for (variable, url) in links {
        let place = format!("{}://{}", url.scheme(), url.host_str().unwrap_or_default());
        if findings.iter().any(|(known, _)| *known == place) {
            continue;
        }
        let finding = of_link(variable, url, sender);
        findings.push((place, finding));
    }
    findings.into_iter().map(|(_, finding)| finding).collect()
}

fn of_link(variable: &str, url: &Url, sender: &str) -> Finding {
    let what = format!("links, {variable}");
    let Some(Host::Domain(host)) = url.host() else {
        return Finding::change(what, format!("links lead to an address without a name: {url}"))
            .advise("filters take such links for fraud: use a name of the sender's domain");
    };
    if url.scheme() != "https" {
        return Finding::change(what, format!("links are not encrypted: {url}")).advise("use https://");
    }
    if same_organisation(host, sender) {
        Finding::ok(what, format!("{host}, of the sender's domain"))
    } else {
        Finding::change(what, format!("links lead to {host}, and letters come from {sender}")).advise(
            "use one domain for both: filters and people distrust a letter whose links lead elsewhere",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::{super::report::Verdict, *};

    #[test]
    fn links_belong_to_the_sender() {
        for (url, verdict) in [
            ("https://example.com/activate", Verdict::Ok),
            ("https://portal.example.com/", Verdict::Ok),
            ("https://example.net/", Verdict::Change),
            ("http://portal.example.com/", Verdict::Change),
            ("https://192.0.2.1/", Verdict::Change),
        ] {
            let links =
                [("PUBLIC_URL", Url::parse(url).unwrap()), ("ACTIVATION_URL", Url::parse(url).unwrap())];
            let findings = check(&links, "mail.example.com");
            assert_eq!(
                findings.iter().map(|finding| finding.verdict).collect::<Vec<_>>(),
                [verdict],
                "{url}"
            );
        }
    }
}

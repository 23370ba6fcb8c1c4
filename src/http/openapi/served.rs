//! The contract as a service serves it: `servers` has the URL at which callers reach it.

use actix_web::web::Bytes;
use serde_json::json;

use super::committed::TEXT;

/// What stands before and after the servers of the committed document. In texts the quotation marks are
/// escaped, so that no text has it.
const SERVERS: (&str, &str) = ("\"servers\": [", "]");

/// The document of a service that callers reach at `public_url` and below `base_path`; `None` where the
/// committed file names no servers, which a test rules out.
///
/// It has two servers: `public_url`, and the host that the document was fetched from, for those who read it
/// behind the proxy or by another name of this machine. The base path is known there, too.
pub fn served(public_url: &str, base_path: &str) -> Option<Bytes> {
    let (before, rest) = TEXT.split_once(SERVERS.0)?;
    let (_, after) = rest.split_once(SERVERS.1)?;
    let here = if base_path.is_empty() { "/" } else { base_path };
    let servers = json!([
        { "url": public_url, "description": "Where callers reach the service." },
        { "url": here, "description": "The host that this document was fetched from." },
    ]);
    Some([before, "\"servers\": ", &servers.to_string(), after].concat().into())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::http::openapi::committed::DEFAULT_SERVER;

    #[test]
    fn only_the_servers_differ_from_the_committed_document() {
        let committed: Value = serde_json::from_str(TEXT).unwrap();
        assert_eq!(committed["servers"], json!([{ "url": DEFAULT_SERVER }]));
        for (url, base, here) in
            [("https://example.com", "", "/"), ("https://example.com/a/b", "/a/b", "/a/b")]
        {
            let mut document: Value = serde_json::from_slice(&served(url, base).unwrap()).unwrap();
            let servers = std::mem::replace(&mut document["servers"], committed["servers"].clone());
            assert_eq!([&servers[0]["url"], &servers[1]["url"]], [url, here]);
            assert!(document == committed);
        }
    }
}

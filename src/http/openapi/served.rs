//! The contract as a service serves it: `servers` has the URL at which callers reach it.

use actix_web::web::Bytes;
use serde_json::json;

use super::committed::TEXT;

/// `servers` as it is committed: whatever host the document was fetched from.
const COMMITTED: &str = "\"servers\": [\n    {\n      \"url\": \"/\"\n    }\n  ]";

/// The document of a service that callers reach at `public_url` and below `base_path`; `None` where the
/// committed file has other servers, which a test rules out.
///
/// Without a `PUBLIC_URL` of the operator's it stays as it is: callers may use any name of this machine. With
/// one it has two servers: that URL, and the host that the document was fetched from, for those who read it
/// behind the proxy. The base path is known there, too.
pub fn served(public_url: Option<&str>, base_path: &str) -> Option<Bytes> {
    let (before, behind) = TEXT.split_once(COMMITTED)?;
    let Some(public_url) = public_url else { return Some(Bytes::from_static(TEXT.as_bytes())) };
    let here = if base_path.is_empty() { "/" } else { base_path };
    let servers = json!([
        { "url": public_url, "description": "Where callers reach the service." },
        { "url": here, "description": "The host that this document was fetched from." },
    ]);
    Some([before, "\"servers\": ", &servers.to_string(), behind].concat().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn only_the_servers_differ_from_the_committed_document() {
        let read = |bytes: Option<Bytes>| serde_json::from_slice::<Value>(&bytes.unwrap()).unwrap();
        let committed: Value = serde_json::from_str(TEXT).unwrap();
        assert_eq!(read(served(None, "")), committed);
        for (url, base, here) in
            [("https://example.com", "", "/"), ("https://example.com/a/b", "/a/b", "/a/b")]
        {
            let mut document = read(served(Some(url), base));
            let servers = std::mem::replace(&mut document["servers"], committed["servers"].clone());
            assert_eq!([&servers[0]["url"], &servers[1]["url"]], [url, here]);
            assert_eq!(document, committed);
        }
    }
}

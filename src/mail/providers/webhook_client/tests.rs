use super::*;
use crate::mail::providers::tests::{NOW, answer, answering};

fn at(hours: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(NOW, 0).unwrap() + TimeDelta::hours(hours)
}

#[tokio::test]
async fn a_document_is_fetched_once_a_day() {
    let (base, asked) = answering(answer("200 OK", "", "a certificate")).await;
    let (client, url) = (WebhookHttp::default(), format!("{base}/a.pem"));
    assert_eq!(&*client.document(&url, at(0)).await.unwrap(), b"a certificate");
    assert!(asked.await.unwrap().starts_with("GET /a.pem HTTP/1.1\r\n"));
    // The server is gone.
    assert_eq!(&*client.document(&url, at(23)).await.unwrap(), b"a certificate");
    assert!(matches!(client.document(&url, at(24)).await, Err(FetchError::Unavailable(_))));
    // What the provider does when a URL is opened is done each time.
    assert!(matches!(client.open(&url).await, Err(FetchError::Unavailable(_))));
}

#[tokio::test]
async fn few_documents_are_kept() {
    let client = WebhookHttp::default();
    for number in 0..=MAX_KEPT {
        client.keep(&number.to_string(), &Arc::from(*b"x"), at(0));
    }
    client.keep("1", &Arc::from(*b"y"), at(0));
    assert_eq!(client.kept.lock().unwrap().len(), MAX_KEPT);
    assert_eq!((client.kept("0", at(0)), client.kept("1", at(0)).as_deref()), (None, Some(&b"y"[..])));
}

#[tokio::test]
async fn what_is_not_there_is_distinguished_from_a_provider_that_is_away() {
    for (status, headers, is_absent) in [
        ("400 Bad Request", "", true),
        ("403 Forbidden", "", true),
        ("404 Not Found", "", true),
        ("410 Gone", "", true),
        // It is the proxy, or there are too many requests.
        ("401 Unauthorized", "", false),
        ("407 Proxy Authentication Required", "", false),
        ("408 Request Timeout", "", false),
        ("429 Too Many Requests", "", false),
        ("302 Found", "location: https://example.com/\r\n", false),
        ("500 Internal Server Error", "", false),
        ("503 Service Unavailable", "", false),
    ] {
        let (base, _asked) = answering(answer(status, headers, "x")).await;
        let error = WebhookHttp::default().open(&format!("{base}/?Token=hunter22")).await.unwrap_err();
        assert_eq!(error == FetchError::Absent, is_absent, "{status}: {error:?}");
        assert!(!format!("{error:?}").contains("hunter22"), "{error:?}");
    }
    let (base, _asked) = answering(answer("200 OK", "", &"x".repeat(MAX_LEN + 1))).await;
    let error = WebhookHttp::default().open(&base).await.unwrap_err();
    assert!(matches!(&error, FetchError::Unavailable(why) if why.contains("more than 65536")), "{error:?}");
}

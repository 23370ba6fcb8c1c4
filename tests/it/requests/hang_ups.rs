//! Callers whose connection breaks, and who come again with their key.

use std::time::Duration;

use reqwest::Method;
use tokio::{io::AsyncWriteExt, net::TcpStream, task::yield_now};

use crate::support::{Answer, TestApp, eventually, json, on_both_databases};

/// Each hangs up a little later than the one before: while its key is taken, while its work is done, after
/// it.
const ATTEMPTS: usize = 60;

on_both_databases! {
    async fn no_caller_waits_for_their_own_request(app: TestApp) {
        let admin = app.admin();
        let (token, address) =
            (admin.token.clone().unwrap(), app.url.strip_prefix("http://").unwrap().to_owned());
        for number in 0..ATTEMPTS {
            let body = json!({ "email": format!("person-{number}@example.com"), "roles": ["viewer"] });
            let text = body.to_string();
            let mut connection = TcpStream::connect(&address).await.unwrap();
            let request = format!(
                "POST /v1/system-users/invitations HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer \
                {token}\r\n\
                 Content-Type: application/json\r\nIdempotency-Key: key-{number}\r\nContent-Length: \
                 {}\r\n\r\n{text}",
                text.len()
            );
            connection.write_all(request.as_bytes()).await.unwrap();
            for _ in 0..number * 20 {
                yield_now().await;
            }
            // A reset, as of a caller who was killed: the server gives the request up at once.
            connection.set_zero_linger().unwrap();
            drop(connection);
            // The clock stands still: a key that nobody works on would be held for ever.
            let answer = eventually("the key is free", Duration::from_secs(20), async || {
                let again = admin.request(Method::POST, "/v1/system-users/invitations");
                let key = format!("key-{number}");
                let answer = Answer::of(again.header("idempotency-key", key).json(&body)).await;
                (answer.status != 409).then_some(answer)
            })
            .await;
            answer.expect(201);
        }
        assert_eq!(app.database.count("invitations"), i64::try_from(ATTEMPTS).unwrap());
        app.letters().await;
    }
}

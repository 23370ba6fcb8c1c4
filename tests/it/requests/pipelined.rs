//! Requests that are sent before the answers to earlier ones: each is answered in order, as on a connection
//! of its own (RFC 9112 §9.3.2). The answers are read as a strict client reads them, byte for byte.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::yield_now,
    time::timeout,
};

use crate::support::{TestApp, customers::Owner, on_both_databases};

/// A request, without the blank line that ends its head.
struct Request {
    head: String,
    body: String,
}

impl Request {
    fn new(line: &str, headers: &[&str], body: &str) -> Self {
        let lines: Vec<&str> = [&["Host: x"], headers, &[""]].concat();
        Self { head: format!("{line} HTTP/1.1\r\n{}", lines.join("\r\n")), body: body.to_owned() }
    }

    /// With its length.
    fn sized(line: &str, headers: &[&str], body: &str) -> Self {
        let length = format!("Content-Length: {}", body.len());
        Self::new(line, &[headers, &[length.as_str()]].concat(), body)
    }

    fn is_head(&self) -> bool {
        self.head.starts_with("HEAD ")
    }

    /// As it is sent, with an id of four digits.
    fn text(&self, id: usize) -> String {
        format!("{}X-Request-Id: {id:04}\r\n\r\n{}", self.head, self.body)
    }
}

/// What came back, without what differs from one request to the next.
#[derive(Debug, PartialEq, Clone)]
struct Received {
    status: u16,
    length: Option<usize>,
    body: String,
}

/// Takes the answer to the request with that id off the front; `None` when it is not there as a whole.
fn take(rest: &mut &str, is_head: bool, id: usize) -> Option<Received> {
    let (head, behind) = rest.split_once("\r\n\r\n")?;
    let mut lines = head.lines();
    let status = lines.next().unwrap().strip_prefix("HTTP/1.1 ");
    let status: u16 = status.unwrap_or_else(|| panic!("no status: {rest:?}"))[..3].parse().unwrap();
    let headers: Vec<(String, &str)> = lines
        .map(|line| line.split_once(": ").unwrap_or_else(|| panic!("no header: {line:?}")))
        .map(|(name, value)| (name.to_ascii_lowercase(), value))
        .collect();
    let header = |name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, value)| *value);
    let id = format!("{id:04}");
    assert_eq!(header("x-request-id"), Some(id.as_str()), "out of order: {head}");
    assert_eq!(header("transfer-encoding"), None, "{head}");
    let length = header("content-length").map(|length| length.parse().unwrap());
    let is_bare = is_head || [204, 304].contains(&status);
    let (body, behind) = behind.split_at_checked(if is_bare { 0 } else { length.expect("a length") })?;
    *rest = behind;
    // A problem names the request.
    Some(Received { status, length, body: body.replace(&format!("\"{id}\""), "\"id\"") })
}

/// Takes the answers to all of these requests off the front; `None` when one is not there as a whole.
fn take_all(rest: &mut &str, requests: &[&Request]) -> Option<Vec<Received>> {
    requests.iter().enumerate().map(|(id, one)| take(rest, one.is_head(), id)).collect()
}

/// Sends these requests in pieces, and reads what comes until all are answered, and nothing behind it. The
/// client does not close its side before: the HTTP library drops requests that it has not looked at then.
async fn exchange(app: &TestApp, requests: &[&Request], pieces: &[&str]) -> Vec<Received> {
    let mut stream = TcpStream::connect(app.url.trim_start_matches("http://")).await.unwrap();
    stream.set_nodelay(true).unwrap();
    for piece in pieces {
        stream.write_all(piece.as_bytes()).await.unwrap();
        yield_now().await;
    }
    let mut read = Vec::new();
    let whole = async {
        while take_all(&mut str::from_utf8(&read).unwrap(), requests).is_none() {
            assert_ne!(stream.read_buf(&mut read).await.unwrap(), 0, "the server hung up");
        }
        stream.shutdown().await.unwrap();
        stream.read_to_end(&mut read).await.unwrap();
    };
    let outcome = timeout(Duration::from_secs(20), whole).await;
    let answers = String::from_utf8(read).unwrap();
    assert!(outcome.is_ok(), "not all is answered of {}\n{answers}", texts(requests));
    let mut rest = answers.as_str();
    let received = take_all(&mut rest, requests);
    assert_eq!(rest, "", "more than was asked for");
    received.expect("all answers")
}

/// Sends these requests at once.
async fn at_once(app: &TestApp, requests: &[&Request]) -> Vec<Received> {
    exchange(app, requests, &[&texts(requests)]).await
}

fn texts(requests: &[&Request]) -> String {
    requests.iter().enumerate().map(|(id, one)| one.text(id)).collect()
}

/// Each with the status of its answer.
fn kinds(app: &TestApp) -> Vec<(Request, u16)> {
    let token = format!("Authorization: Bearer {}", app.admin().token.unwrap());
    let json = "Content-Type: application/json";
    let unknown = r#"{ "email": "GET / HTTP/1.1" }"#;
    let chunked = format!("{:x}\r\n{unknown}\r\n0\r\n\r\n", unknown.len());
    vec![
        (Request::new("HEAD /healthz", &[], ""), 200),
        (Request::new("GET /healthz", &[], ""), 200),
        (Request::new("HEAD /v1/users", &[&token], ""), 200),
        (Request::new("GET /v1/users", &[&token, "X: HEAD / HTTP/1.1", "Y: HEAD"], ""), 200),
        (Request::new("HEAD /openapi.json", &["If-None-Match: *"], ""), 304),
        (Request::new("GET /openapi.json", &["If-None-Match: *"], ""), 304),
        (Request::sized("POST /v1/system-users/invitations", &[&token, json], unknown), 422),
        (
            Request::new(
                "POST /v1/system-users/invitations",
                &[&token, json, "Transfer-Encoding: chunked"],
                &chunked,
            ),
            422,
        ),
        (Request::sized("POST /v1/activations", &[json], "GET"), 400),
    ]
}

on_both_databases! {
    with [("RATE_LIMITS", "off")];

    async fn each_is_answered_as_on_its_own_in_every_order(app: TestApp) {
        let mut kinds_alone = Vec::new();
        for (kind, status) in kinds(&app) {
            let alone = at_once(&app, &[&kind]).await.remove(0);
            assert_eq!(alone.status, status, "{alone:?}");
            kinds_alone.push((kind, alone));
        }
        for (first, first_alone) in &kinds_alone {
            for (second, second_alone) in &kinds_alone {
                for (third, third_alone) in &kinds_alone {
                    let received = at_once(&app, &[first, second, third]).await;
                    let alone = [first_alone, second_alone, third_alone].map(Clone::clone);
                    assert_eq!(received, alone, "{} {} {}", first.head, second.head, third.head);
                }
            }
        }
    }

    /// Segments end anywhere, within `HEAD` too.
    async fn where_the_segments_end_does_not_matter(app: TestApp) {
        let kinds = kinds(&app);
        let requests: Vec<&Request> = [6, 2, 3, 0, 8, 2, 1].iter().map(|one| &kinds[*one].0).collect();
        let alone = at_once(&app, &requests).await;
        let text = texts(&requests);
        let begins = requests.iter().enumerate().scan(0, |at, (id, one)| {
            *at += one.text(id).len();
            Some(*at)
        });
        let near = begins.flat_map(|at| at - 6..at + 7).filter(|end| *end < text.len());
        for end in near {
            let (start, rest) = text.split_at(end);
            assert_eq!(exchange(&app, &requests, &[start, rest]).await, alone, "{end}");
        }
    }

    /// Many more than the server reads at once, whatever is at the end of what it reads.
    async fn a_long_row_is_answered_in_order(app: TestApp) {
        let kinds = kinds(&app);
        for padding in 0..24 {
            let padding = format!("X-Pad: {}", "H".repeat(padding));
            let padded = Request::new("HEAD /healthz", &[&padding], "");
            // Without bodies: the library closes the connection where the one of a later request is still to
            // come when it answers an earlier one.
            let bare = kinds.iter().map(|(one, _)| one).filter(|one| one.body.is_empty());
            let row: Vec<&Request> = bare.chain([&padded, &kinds[1].0]).cycle().take(64).collect();
            let received = at_once(&app, &row).await;
            for (number, one) in received.iter().enumerate() {
                assert_eq!(*one, received[number % 8], "{padding} {number}");
            }
        }
    }

    /// A body that names the method all over, or ends with it, is read as any other.
    async fn a_body_may_name_the_method(app: TestApp) {
        let json = "Content-Type: application/json";
        let body = format!("{{ \"token\": \"{}\" }}", "HEAD ".repeat(6000));
        let long = Request::sized("POST /v1/activations", &[json], &body);
        let short = Request::sized("POST /v1/activations", &[json], "HEAD");
        let head = Request::new("HEAD /healthz", &[], "");
        let received = at_once(&app, &[&long, &head, &short, &head, &long, &head]).await;
        let statuses: Vec<u16> = received.iter().map(|one| one.status).collect();
        assert_eq!((statuses[1], statuses[2], statuses[3], statuses[5]), (200, 400, 200, 200));
        assert!(statuses[0] == statuses[4] && (400..500).contains(&statuses[0]), "{statuses:?}");
    }

    async fn an_answer_without_a_body_among_them_has_none(app: TestApp) {
        let owner = app.owner("olga@acme.example", "Acme").await;
        let kinds = kinds(&app);
        for (row, number) in [[0, 9, 1], [2, 9, 0], [9, 0, 3], [3, 2, 9]].iter().zip(1..) {
            let Owner { account, client, .. } =
                app.driver(&format!("driver-{number}@acme.example"), &owner.account).await;
            let token = format!("Authorization: Bearer {}", client.token.unwrap());
            let leave = Request::new(&format!("DELETE /v1/me/memberships/{account}"), &[&token], "");
            let requests = row.map(|one| kinds.get(one).map_or(&leave, |(one, _)| one));
            let received = at_once(&app, &requests).await;
            let ended: Vec<&Received> = received.iter().filter(|one| one.status == 204).collect();
            assert_eq!(ended, [&Received { status: 204, length: None, body: String::new() }], "{row:?}");
        }
    }
}

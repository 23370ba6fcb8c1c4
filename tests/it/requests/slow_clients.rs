//! Clients that take their time: they lose their connections, and nobody else waits for them.

use std::time::{Duration, Instant};

use futures_util::future::{join_all, select_all};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

use crate::support::{Answer, Backend, Home, TestApp, on_both_databases, on_each};

const SECRET: &str = "a-secret-for-postmark";

async fn connect(url: &str) -> TcpStream {
    TcpStream::connect(url.trim_start_matches("http://")).await.unwrap()
}

async fn connected(url: &str, said: &str) -> TcpStream {
    let mut stream = connect(url).await;
    stream.write_all(said.as_bytes()).await.unwrap();
    stream
}

/// Everything that still comes, until the other side hangs up, which must be within `limit`.
async fn rest(stream: &mut TcpStream, limit: Duration) -> Vec<u8> {
    let mut all = Vec::new();
    // Reset or closed: it is over.
    let _ = timeout(limit, stream.read_to_end(&mut all)).await.expect("the connection is still held");
    all
}

on_each! {
    async fn silent_connections_up_to_the_descriptor_limit_block_no_other_client(backend: Backend) {
        let home = Home::new(backend, &[]);
        let server = home.serve_with_descriptors(192);
        let mut held = Vec::new();
        let others = async || {
            for path in ["/healthz", "/v1/roles"] {
                // A connection of its own each time, from the attacker's own address.
                let answer = server.client(None).get(path).await;
                assert!([200, 401].contains(&answer.status), "{}", answer.text);
            }
        };
        for number in 0..300 {
            held.push(connected(&server.url, "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ").await);
            if number % 30 == 29 {
                others().await;
            }
        }
        others().await;
        let started = Instant::now();
        for stream in &mut held {
            rest(stream, Duration::from_secs(15)).await;
        }
        assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
        assert!(server.stop().await.contains("too many connections"), "and it is said");
    }
}

/// A connection from this address of the loopback network, which takes next to nothing into its buffers.
async fn from(address: &str, url: &str, said: &[u8]) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.set_send_buffer_size(16 * 1024).unwrap();
    socket.bind(format!("{address}:0").parse().unwrap()).unwrap();
    let mut stream = socket.connect(url.trim_start_matches("http://").parse().unwrap()).await.unwrap();
    // It may be closed to make room before it has said everything.
    let _ = stream.write_all(said).await;
    stream
}

on_each! {
    async fn unread_answers_block_no_other_client(backend: Backend) {
        let home = Home::new(backend, &[]);
        let server = home.serve_with_descriptors(192);
        let pipelined = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n".repeat(40);
        let started = Instant::now();
        let mut held = Vec::new();
        for round in 0..6 {
            for _ in 0..16 {
                for address in ["127.10.3.1", "127.11.3.1"] {
                    held.push(from(address, &server.url, &pipelined).await);
                }
            }
            // The same ones are there for the next round, or never were refused.
            for _ in 0..4 {
                let mut new_user =
                    from("127.12.3.1", &server.url, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await;
                let mut status = [0; 12];
                let answer = timeout(Duration::from_secs(5), new_user.read_exact(&mut status)).await.unwrap();
                assert!(answer.is_ok() && status == *b"HTTP/1.1 200", "refused in round {round}: {answer:?}");
                held.push(new_user);
            }
        }
        assert!(
            started.elapsed() < Duration::from_secs(14),
            "given up for their slowness: {:?}",
            started.elapsed()
        );
        drop(held);
        assert!(server.stop().await.contains("too many connections"), "and it is said");
    }
}

on_each! {
    async fn requests_sent_ahead_are_not_held_in_memory(backend: Backend) {
        const CLIENTS: usize = 8;
        let home = Home::new(backend, &[("LOG", "warn")]);
        let server = home.serve_with_descriptors(192);
        let before = server.memory();
        let piece = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n".repeat(500);
        let mut held: Vec<_> = join_all((0..CLIENTS).map(async |_| {
            let mut stream = from("127.10.3.1", &server.url, b"").await;
            let mut sent = 0;
            // Until nothing more is taken: then the way there is full, and so is the way back.
            while let Ok(outcome) = timeout(Duration::from_secs(2), stream.write(&piece)).await {
                sent += outcome.unwrap();
            }
            (stream, sent)
        }))
        .await;
        let more = server.memory().saturating_sub(before);
        assert!(more < CLIENTS * 3 * 1024, "{more} KiB for {CLIENTS} clients");
        // What was held back goes on once the answers are taken.
        let (mut stream, sent) = held.swap_remove(0);
        let mut read = 0;
        let mut buffer = vec![0; 1 << 16];
        while read < 4 * sent {
            read += timeout(Duration::from_secs(10), stream.read(&mut buffer))
                .await
                .expect("it has stopped")
                .unwrap();
        }
        drop(held);
        server.stop().await;
    }
}

on_both_databases! {
    with [
        ("MAIL_EVENTS_POSTMARK", SECRET),
        ("MAIL_EVENTS_RESEND", "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"),
        ("MAIL_EVENTS_MAILGUN", "a-key-for-mailgun"),
    ];
    async fn every_head_has_its_time_and_so_has_every_answer(app: TestApp) {
        let second_head = async {
            let mut stream = connected(&app.url, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await;
            let mut answer = [0; 1024];
            assert!(stream.read(&mut answer).await.unwrap() > 0);
            let started = Instant::now();
            let (mut reading, mut writing) = stream.into_split();
            let dribble = async {
                for byte in b"GET /healthz HTTP/1.1\r\nX-Slow: ".iter().cycle() {
                    if writing.write_all(&[*byte]).await.is_err() {
                        break;
                    }
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            };
            let closed = async {
                let mut left = Vec::new();
                let _ = reading.read_to_end(&mut left).await;
            };
            tokio::select! {
                () = dribble => {}
                () = closed => {}
                () = tokio::time::sleep(Duration::from_secs(20)) => panic!("the second head may take for \
                    ever"),
            }
            assert!(started.elapsed() > Duration::from_secs(4));
        };
        let endless_body = async {
            // Refused before its body is read; the rest of the body is nobody's.
            let head = "POST /v1/system-users/invitations HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: \
                chunked\r\n\r\n";
            let stream = connected(&app.url, head).await;
            let (mut reading, mut writing) = stream.into_split();
            let send = async {
                while writing.write_all(b"5\r\nhello\r\n").await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            };
            let closed = async {
                let mut answer = Vec::new();
                let _ = reading.read_to_end(&mut answer).await;
                assert!(answer.starts_with(b"HTTP/1.1 401"));
            };
            tokio::select! {
                () = async { tokio::join!(send, closed); } => {}
                () = tokio::time::sleep(Duration::from_secs(20)) => panic!("an unread body may take for \
                    ever"),
            }
        };
        let unread_answers = async {
            let request = "GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n";
            let whole = app.anonymous().get("/openapi.json").await.text.len();
            let count = 40_000_000 / whole;
            let mut stream = connected(&app.url, request).await;
            let (mut reading, mut writing) = stream.split();
            for _ in 1..count {
                if timeout(Duration::from_secs(1), writing.write_all(request.as_bytes())).await.is_err() {
                    break;
                }
            }
            tokio::time::sleep(Duration::from_secs(18)).await;
            let mut read = 0;
            let mut buffer = vec![0; 1 << 16];
            while let Ok(Ok(more @ 1..)) = timeout(Duration::from_secs(5), reading.read(&mut buffer)).await {
                read += more;
            }
            assert!(read < count * whole, "all of it came: {read}");
        };
        tokio::join!(second_head, endless_body, unread_answers);
    }

    async fn a_webhook_that_proves_nothing_is_answered_before_its_body_comes(app: TestApp) {
        let head = |provider: &str, more: &str| {
            format!(
                "POST /v1/mail-events/{provider} HTTP/1.1\r\nHost: x\r\nContent-Type: \
                application/json\r\nContent-Length: 1048576\r\n{more}\r\n{{"
            )
        };
        let fresh = app.now().timestamp().to_string();
        let resend = |id: &str, at: &str, signature: &str| {
            head(
                "resend",
                &format!(
                    "svix-id: {id}\r\nsvix-timestamp: {at}\r\nsvix-signature: \
                {signature}\r\n"
                ),
            )
        };
        let signature = format!("v1,{}", "A".repeat(43) + "=");
        for request in [
            head("postmark", ""),
            head("postmark", "X-Mail-Events-Secret: a-wrong-secret-for-it\r\n"),
            head("resend", ""),
            resend("x", &fresh, "v1,AAAA"),
            resend("x", &fresh, "nonsense"),
            resend("x", "1", &signature),
        ] {
            let mut stream = connected(&app.url, &request).await;
            let answer = rest(&mut stream, Duration::from_secs(10)).await;
            assert!(answer.starts_with(b"HTTP/1.1 401"), "{request}: {}", String::from_utf8_lossy(&answer));
        }
        // What may be genuine is waited for, of few at once.
        for request in [head("mailgun", ""), resend("x", &fresh, &signature)] {
            let mut held = Vec::new();
            for _ in 0..5 {
                held.push(connected(&app.url, &request).await);
            }
            // Whichever of them came last.
            let answers = held.iter_mut().map(|stream| {
                Box::pin(async move {
                    let mut status = [0; 12];
                    stream.read_exact(&mut status).await.map(|_| status)
                })
            });
            let first = timeout(Duration::from_secs(8), select_all(answers)).await;
            let (status, _, others) = first.expect("none of them is refused");
            assert_eq!(status.unwrap(), *b"HTTP/1.1 503");
            let second = timeout(Duration::from_secs(1), select_all(others)).await;
            assert!(second.is_err(), "more than one is answered before its body has come");
            drop(held);
            // Those who have gone hold nothing.
            let again = app
                .anonymous()
                .request(reqwest::Method::POST, "/v1/mail-events/mailgun")
                .json(&serde_json::json!({}));
            assert_eq!(Answer::of(again).await.status, 401);
        }
    }
}

use secrecy::SecretString;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

use super::{session::Content, *};
use crate::mail::{
    MessageBuilder,
    server_url::Login,
    testing::{LINK, letter, sender},
    url::TlsUse,
};

mod hello;
mod own;
mod probe;
mod reach;
mod replies;
mod timeouts;
mod tls;

/// Long timeouts, so that a busy machine fails no test; short ones, where the relay is silent on purpose.
const AMPLE: Limits =
    Limits { connect: Duration::from_secs(10), reply: Duration::from_secs(10), end: Duration::from_secs(10) };
const SHORT: Limits = Limits {
    connect: Duration::from_millis(150),
    reply: Duration::from_millis(150),
    end: Duration::from_millis(150),
};

/// The replies of a test's relay, by the first word of a command; `""` is its banner and `"."` the end of a
/// letter. Each character is a byte.
type Script = &'static [(&'static str, &'static str)];

/// In place of a reply: the connection is reset.
const RESET: &str = "reset";
/// Before a reply: it comes after [`SLOW`].
const SLOWLY: &str = "slowly ";
const SLOW: Duration = Duration::from_millis(2200);
/// As a banner: one that never ends, a line every 20 ms.
const DRIPS: &str = "drips";

/// A relay that replies 250 to every command that its script does not have, and reports the commands. An
/// empty reply is silence; a word after `2:` applies from a connection's second letter on.
async fn relay(script: Script) -> (Relay, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tell, reported) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, script, tell.clone()));
        }
    });
    (
        Relay {
            host: "127.0.0.1".to_owned(),
            port,
            tls: TlsUse::None,
            tls_said: true,
            ca: None,
            login: None,
        },
        reported,
    )
}

async fn serve(mut stream: TcpStream, script: Script, tell: mpsc::UnboundedSender<String>) {
    tell.send("CONNECT".to_owned()).unwrap();
    if run_session(&mut stream, script, &tell, true).await == End::Reset {
        stream.set_zero_linger().unwrap();
    }
}

/// How a session ended.
#[derive(Debug, PartialEq, Eq)]
enum End {
    Closed,
    Reset,
    /// STARTTLS was requested and accepted.
    Tls,
}

async fn run_session<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    script: Script,
    tell: &mpsc::UnboundedSender<String>,
    greets: bool,
) -> End {
    let mut lines = BufReader::new(stream);
    let mut letters = 0;
    let find = |word: &str| script.iter().find(|(name, _)| *name == word).map(|(_, said)| *said);
    let scripted = |letters: usize, word: &str, usual: &'static str| {
        find(&format!("2:{word}")).filter(|_| letters > 0).or(find(word)).unwrap_or(usual)
    };
    let banner = if greets { scripted(0, "", "220 test\r\n") } else { "" };
    if banner == DRIPS {
        while lines.get_mut().write_all(b"220-a moment\r\n").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        return End::Closed;
    }
    lines.get_mut().write_all(banner.as_bytes()).await.unwrap();
    let mut in_letter = false;
    let mut line = String::new();
    loop {
        line.clear();
        if !matches!(lines.read_line(&mut line).await, Ok(1..)) {
            return End::Closed;
        }
        let said = line.trim_end();
        let answer = match (in_letter, said) {
            (true, ".") => scripted(letters, ".", "250 2.0.0 queued\r\n"),
            (true, _) => continue,
            _ => {
                tell.send(said.to_owned()).unwrap();
                match said.split([' ', ':']).next().unwrap_or_default() {
                    "EHLO" => scripted(letters, "EHLO", "250-test\r\n250 AUTH PLAIN\r\n"),
                    "DATA" => scripted(letters, "DATA", "354 go on\r\n"),
                    "AUTH" => scripted(letters, "AUTH", "235 2.7.0 welcome\r\n"),
                    word => scripted(letters, word, "250 2.0.0 ok\r\n"),
                }
            }
        };
        if answer == RESET {
            return End::Reset;
        }
        let was_in_letter = in_letter;
        in_letter = answer.lines().next_back().is_some_and(|last| last.starts_with("354"));
        let bytes: Vec<u8> =
            answer.trim_start_matches(SLOWLY).chars().map(|c| u8::try_from(c).unwrap()).collect();
        if answer.starts_with(SLOWLY) {
            tokio::time::sleep(SLOW).await;
        }
        if lines.get_mut().write_all(&bytes).await.is_err() || lines.get_mut().flush().await.is_err() {
            return End::Closed;
        }
        if said == "STARTTLS" && answer.starts_with("220") {
            return End::Tls;
        }
        letters += usize::from(was_in_letter);
        // RFC 5321 §4.2.3: a relay closes the connection after 421.
        if answer.starts_with("421") || (was_in_letter && script.iter().any(|(word, _)| *word == "hangs up"))
        {
            return End::Closed;
        }
    }
}

async fn attempt(relay: &Relay) -> Result<(), SendError> {
    let smtp = Smtp::with_limits(relay, AMPLE).unwrap();
    smtp.send(&letter(), &MessageBuilder::new(sender()).unwrap()).await
}

async fn later(script: Script) -> String {
    match attempt(&relay(script).await.0).await {
        Err(SendError::Temporary { text, .. }) => text,
        other => panic!("{script:?}: {other:?}"),
    }
}

async fn never(script: Script) -> String {
    match attempt(&relay(script).await.0).await {
        Err(SendError::Permanent { text, .. }) => text,
        other => panic!("{script:?}: {other:?}"),
    }
}

#[tokio::test]
async fn delivers_and_keeps_the_connection() {
    let (relay, mut reported) = relay(&[]).await;
    let smtp = Smtp::with_limits(&relay, AMPLE).unwrap();
    let builder = MessageBuilder::new(sender()).unwrap();
    smtp.send(&letter(), &builder).await.unwrap();
    smtp.send(&letter(), &builder).await.unwrap();
    let mut commands = Vec::new();
    while let Ok(line) = reported.try_recv() {
        commands.push(line);
    }
    assert_eq!(commands.iter().filter(|line| *line == "CONNECT").count(), 1);
    assert_eq!(commands.iter().filter(|line| *line == "MAIL FROM:<no-reply@voltmark.example>").count(), 2);
    assert_eq!(commands.iter().filter(|line| *line == "RCPT TO:<Ada@example.com>").count(), 2);
}

const PIPELINING: (&str, &str) = ("EHLO", "250-test\r\n250 PIPELINING\r\n");

#[tokio::test]
async fn sender_recipient_and_data_go_at_once_to_a_relay_that_takes_them_so() {
    // It replies only after all three commands.
    let script: Script =
        &[PIPELINING, ("MAIL", ""), ("RCPT", ""), ("DATA", "250 2.1.0 ok\r\n250 2.1.5 ok\r\n354 go on\r\n")];
    let (relay, mut reported) = relay(script).await;
    let smtp = Smtp::with_limits(&relay, AMPLE).unwrap();
    let builder = MessageBuilder::new(sender()).unwrap();
    for _ in 0..2 {
        smtp.send(&letter(), &builder).await.unwrap();
    }
    let mut commands = Vec::new();
    while let Ok(line) = reported.try_recv() {
        commands.push(line);
    }
    let count = |what: &str| commands.iter().filter(|line| line.starts_with(what)).count();
    assert_eq!((count("CONNECT"), count("MAIL"), count("RCPT"), count("DATA")), (1, 2, 2, 2));
}

#[tokio::test]
async fn a_refusal_among_answers_that_come_together_is_distinguished_from_those_that_follow_from_it() {
    const REFUSED: (&str, &str) = ("RCPT", "550 5.1.1 no such user\r\n");
    let text = never(&[PIPELINING, REFUSED, ("DATA", "554 5.5.1 no valid recipients\r\n")]).await;
    assert!(text.contains("refused the recipient") && text.contains("550"), "{text}");
    // RFC 2920 §3.1: a relay may accept DATA all the same. It gets no content, and the connection is not used
    // again.
    never(&[PIPELINING, REFUSED]).await;
    let text = later(&[PIPELINING, ("RCPT", "451 4.7.1 greylisted\r\n")]).await;
    assert!(text.contains("refused the recipient") && text.contains("451"), "{text}");
    let text = later(&[
        PIPELINING,
        ("MAIL", "550 5.7.1 not your domain\r\n"),
        ("RCPT", "503 5.5.1 sender first\r\n"),
    ])
    .await;
    assert!(text.contains("refused the sender") && text.contains("not your domain"), "{text}");
    let text = later(&[PIPELINING, ("DATA", "451 4.3.0 try later\r\n")]).await;
    assert!(text.contains("refused the letter") && text.contains("451"), "{text}");
}

#[tokio::test]
async fn an_unsolicited_reply_is_not_taken_for_the_next_letters() {
    // One 250 more than there are commands: from then on each reply belongs to the command before.
    const STRAY: (&str, &str) = (".", "250 2.0.0 queued\r\n250 2.0.0 and again\r\n");
    for script in [&[STRAY] as Script, &[PIPELINING, STRAY]] {
        let (relay, mut reported) = relay(script).await;
        let smtp = Smtp::with_limits(&relay, AMPLE).unwrap();
        let builder = MessageBuilder::new(sender()).unwrap();
        smtp.send(&letter(), &builder).await.unwrap();
        match smtp.send(&letter(), &builder).await {
            Err(SendError::Temporary { text, .. }) => {
                assert!(text.contains("does not fit the command"), "{text}");
            }
            other => panic!("{other:?}"),
        }
        smtp.send(&letter(), &builder).await.unwrap();
        let mut connections = 0;
        while let Ok(line) = reported.try_recv() {
            connections += usize::from(line == "CONNECT");
        }
        assert_eq!(connections, 2);
    }
}

#[tokio::test]
async fn a_relay_that_hangs_up_after_each_letter_is_called_again_for_the_next() {
    let (relay, mut reported) = relay(&[("hangs up", "")]).await;
    let smtp = Smtp::with_limits(&relay, AMPLE).unwrap();
    let builder = MessageBuilder::new(sender()).unwrap();
    for _ in 0..3 {
        smtp.send(&letter(), &builder).await.unwrap();
    }
    let mut commands = Vec::new();
    while let Ok(line) = reported.try_recv() {
        commands.push(line);
    }
    let count = |what: &str| commands.iter().filter(|line| line.starts_with(what)).count();
    assert_eq!((count("CONNECT"), count("DATA"), count("NOOP")), (3, 3, 0));
}

#[tokio::test]
async fn a_refusal_of_the_recipient_or_the_letter_is_final() {
    let text = never(&[("RCPT", "550 5.1.1 <Ada@example.com>: no such user\r\n")]).await;
    assert!(
        text.contains("refused the recipient") && text.contains("550") && text.contains("no such user"),
        "{text}"
    );
    assert!(!text.contains("Ada@"), "{text}");
    never(&[("RCPT", "556 5.1.10 null mx\r\n")]).await;
    never(&[("RCPT", "501 5.1.3 bad address syntax\r\n")]).await;
    let text =
        never(&[(".", "554 5.7.1 spam: https://invite.example.com/activate?token=AQIDBAUG\r\n")]).await;
    assert!(!text.contains("AQID"), "{text}");
}

#[tokio::test]
async fn what_may_change_is_tried_again() {
    for script in [
        &[("RCPT", "451 4.7.1 greylisted\r\n")] as Script,
        &[("RCPT", "450 4.2.1 busy\r\n")],
        &[("RCPT", "421 4.3.2 closing\r\n")],
        &[(".", "452 4.3.1 disk full\r\n")],
        &[("", "554 5.3.2 no service\r\n")],
        &[("", "421 4.7.0 too many connections\r\n")],
        &[("MAIL", "550 5.7.1 not your domain\r\n")],
        &[("MAIL", "530 5.7.0 authentication required\r\n")],
        &[("RCPT", "530 5.7.0 authentication required\r\n")],
        &[("RCPT", "554 5.7.1 relay access denied\r\n")],
        &[("RCPT", "503 5.5.1 bad sequence\r\n")],
        &[("EHLO", "hello?\r\n")],
    ] {
        let text = later(script).await;
        assert!(text.starts_with("the relay 127.0.0.1:") && !text.contains('\n'), "{text}");
    }
}

#[tokio::test]
async fn a_refused_sign_in_is_the_configurations_fault_and_shows_no_password() {
    let (mut relay, mut reported) =
        relay(&[("AUTH", "535 5.7.8 hunter22 or AGFkYQBodW50ZXIyMg== is wrong\r\n")]).await;
    relay.login = Some(Login { user: "ada".to_owned(), password: SecretString::from("hunter22") });
    let error = attempt(&relay).await.unwrap_err();
    assert!(
        matches!(
            &error,
            SendError::Temporary { text, .. } if text.contains("refused the sign-in") && text.contains("535")
        ),
        "{error:?}"
    );
    assert!(
        !format!("{error:?}").contains("hunter22") && !format!("{error:?}").contains("AGFkYQBodW50"),
        "{error:?}"
    );
    while let Ok(line) = reported.try_recv() {
        assert!(!line.starts_with("MAIL"));
    }
}

#[tokio::test]
async fn required_tls_is_never_left_out() {
    let (mut relay, mut reported) = relay(&[]).await;
    relay.tls = TlsUse::Required;
    assert!(matches!(attempt(&relay).await, Err(SendError::Temporary { .. })));
    while let Ok(line) = reported.try_recv() {
        assert!(!line.starts_with("MAIL"));
    }
}

#[tokio::test]
async fn offered_tls_is_taken_and_its_absence_borne() {
    let (mut plain, _told) = relay(&[]).await;
    plain.tls = TlsUse::Offered;
    attempt(&plain).await.unwrap();

    // This relay offers TLS and fails at it: the letter must not be sent in the clear instead.
    let (mut broken, mut reported) =
        relay(&[("EHLO", "250-test\r\n250 STARTTLS\r\n"), ("STARTTLS", "220 go on\r\n")]).await;
    broken.tls = TlsUse::Offered;
    assert!(matches!(attempt(&broken).await, Err(SendError::Temporary { .. })));
    let mut commands = Vec::new();
    while let Ok(line) = reported.try_recv() {
        commands.push(line);
    }
    assert!(
        commands.iter().any(|line| line == "STARTTLS")
            && !commands.iter().any(|line| line.starts_with("MAIL")),
        "{commands:?}"
    );
}

#[tokio::test]
async fn no_server_there() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let relay = Relay {
        host: "127.0.0.1".to_owned(),
        port,
        tls: TlsUse::None,
        tls_said: true,
        ca: None,
        login: None,
    };
    let error = attempt(&relay).await.unwrap_err();
    assert!(
        matches!(&error, SendError::Temporary { text, .. } if text.to_lowercase().contains("refused")),
        "{error:?}"
    );
}

#[test]
fn a_line_that_begins_with_a_dot_ends_no_letter() {
    assert_eq!(Content("a\r\n.b\r\n.\r\n").to_string(), "a\r\n..b\r\n..\r\n.\r\n");
    assert_eq!(Content(".a").to_string(), "..a\r\n.\r\n");
}

//! A mail relay that does as it is told: takes letters, refuses recipients, hangs up, is away and comes back.
//! It speaks SMTP, and Mailpit's HTTP interface, on a port that stays its own all the while.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use chrono::TimeDelta;
use invitation_service::clock::Clock;
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{Notify, watch},
    task::JoinSet,
};

use super::{Mail, mailbox::parse};

/// What the relay does with the next letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// Takes them.
    Takes,
    /// Refuses the recipient with this reply, and hangs up after a 421; over HTTP, with the status that it
    /// begins with.
    Refuses(&'static str),
    /// Refuses with this reply at this step: `DATA`, or `.` for the end of the letter; SMTP alone.
    RefusesAt(&'static str, &'static str),
    /// Hangs up when the letter is about to come; SMTP alone.
    HangsUpAtData,
    /// Reads the letter whole, and hangs up without an answer.
    HangsUp,
    /// Reads the letter whole, and keeps silent until [`Relay::lets_go`]; SMTP alone. See [`Relay::holds`].
    Holds,
}

/// Which language it speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaks {
    Smtp,
    Mailpit,
}

/// A relay; away until [`Relay::up`].
pub struct Relay {
    address: SocketAddr,
    speaks: Speaks,
    /// Holds the port while nobody listens: whoever knocks is refused.
    reserved: Option<TcpSocket>,
    running: Option<JoinSet<()>>,
    state: Arc<Mutex<RelayState>>,
}

struct RelayState {
    mood: Box<dyn Fn(&str) -> Behaviour + Send>,
    a_session: usize,
    holds: Arc<Notify>,
    lets_go: watch::Sender<bool>,
    says: Vec<(&'static str, &'static str)>,
    commands: Vec<String>,
    sources: Vec<String>,
    each_takes: Option<(Clock, TimeDelta)>,
    taken: Vec<Mail>,
    unanswered: Vec<Mail>,
    refused: usize,
}

impl Relay {
    pub fn new(speaks: Speaks) -> Self {
        let reserved = reserve("127.0.0.1:0".parse().unwrap());
        let address = reserved.local_addr().unwrap();
        let state = RelayState {
            mood: Box::new(|_| Behaviour::Takes),
            a_session: usize::MAX,
            holds: Arc::default(),
            lets_go: watch::Sender::default(),
            says: Vec::new(),
            commands: Vec::new(),
            sources: Vec::new(),
            each_takes: None,
            taken: Vec::new(),
            unanswered: Vec::new(),
            refused: 0,
        };
        Self { address, speaks, reserved: Some(reserved), running: None, state: Arc::new(Mutex::new(state)) }
    }

    /// For `MAIL_URL`.
    pub fn url(&self) -> String {
        match self.speaks {
            Speaks::Smtp => format!("smtp://{}?tls=none", self.address),
            Speaks::Mailpit => format!("mailpit+http://{}", self.address),
        }
    }

    pub fn up(&mut self) {
        let listener = self.reserved.take().expect("the relay is away").listen(64).unwrap();
        let mut running = JoinSet::new();
        running.spawn(accept(listener, self.speaks, self.state.clone()));
        self.running = Some(running);
    }

    /// Goes away, in the middle of whatever it was doing.
    pub async fn down(&mut self) {
        self.running.take().expect("the relay is up").shutdown().await;
        self.reserved = Some(reserve(self.address));
    }

    pub fn is(&self, mood: Behaviour) {
        self.is_to(move |_| mood);
    }

    /// From now on its mood depends on the recipient.
    pub fn is_to(&self, mood: impl Fn(&str) -> Behaviour + Send + 'static) {
        self.state.lock().unwrap().mood = Box::new(mood);
    }

    /// From now on it says 421 to whoever has handed over so many letters and begins with another one; SMTP
    /// alone.
    pub fn takes_a_session(&self, letters: usize) {
        self.state.lock().unwrap().a_session = letters;
    }

    /// Rung from now on when it has read a letter whole and keeps silent.
    pub fn holds(&self) -> Arc<Notify> {
        let outbox_wakeup = Arc::<Notify>::default();
        self.state.lock().unwrap().holds = outbox_wakeup.clone();
        outbox_wakeup
    }

    /// Takes the letters that it was silent about, and is not silent about others.
    pub fn lets_go(&self) {
        self.state.lock().unwrap().lets_go.send_replace(true);
    }

    /// From now on it answers this command so, whatever the letter is; an empty command is its greeting. SMTP
    /// alone.
    pub fn says(&self, replies: &[(&'static str, &'static str)]) {
        self.state.lock().unwrap().says = replies.to_vec();
    }

    /// The commands that it was given since the last look, but for AUTH's; SMTP alone.
    pub fn commands(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().unwrap().commands)
    }

    /// The letters that it has read whole since the last look, as they travelled; SMTP alone.
    pub fn sources(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().unwrap().sources)
    }

    /// From now on so much time passes with each letter.
    pub fn is_slow(&self, clock: &Clock, each: TimeDelta) {
        self.state.lock().unwrap().each_takes = Some((clock.clone(), each));
    }

    /// The letters taken since the last look.
    pub fn taken(&self) -> Vec<Mail> {
        std::mem::take(&mut self.state.lock().unwrap().taken)
    }

    /// The letters that were read whole and never answered for.
    pub fn unanswered(&self) -> Vec<Mail> {
        std::mem::take(&mut self.state.lock().unwrap().unanswered)
    }

    /// How often it refused a recipient.
    pub fn refused(&self) -> usize {
        self.state.lock().unwrap().refused
    }
}

fn reserve(address: SocketAddr) -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.bind(address).unwrap();
    socket
}

async fn accept(listener: TcpListener, speaks: Speaks, state: Arc<Mutex<RelayState>>) {
    // Ends with this task, and with it everybody who is in the middle of something.
    let mut talks = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let state = state.clone();
        talks.spawn(async move {
            // A caller who hangs up ends the talk, and nothing else.
            let _ = match speaks {
                Speaks::Smtp => smtp(stream, &state).await,
                Speaks::Mailpit => mailpit(stream, &state).await,
            };
        });
    }
}

impl RelayState {
    /// Notes a letter that was read whole; `None` when there is to be no answer.
    fn take(&mut self, mail: Mail) -> Option<()> {
        if matches!((self.mood)(&mail.to), Behaviour::HangsUp | Behaviour::Holds) {
            self.unanswered.push(mail);
            return None;
        }
        self.taken.push(mail);
        if let Some((clock, each)) = &self.each_takes {
            clock.advance(*each);
        }
        Some(())
    }
}

async fn smtp(stream: TcpStream, state: &Mutex<RelayState>) -> std::io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader);
    let says = |command: &str| {
        let state = state.lock().unwrap();
        state.says.iter().find(|(known, _)| *known == command).map(|(_, reply)| *reply)
    };
    // Notes the command, and gives its verb.
    let record_command = |line: &str| {
        if !line.starts_with("AUTH") {
            state.lock().unwrap().commands.push(line.trim_end().to_owned());
        }
        line.split([' ', ':', '\r']).next().unwrap_or_default().to_owned()
    };
    writer.write_all(format!("{}\r\n", says("").unwrap_or("220 relay")).as_bytes()).await?;
    let mut letter: Option<String> = None;
    let (mut mood, mut handed_over) = (Behaviour::Takes, 0);
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let answer = match &mut letter {
            Some(_) if line == ".\r\n" && matches!(mood, Behaviour::RefusesAt(".", _)) => {
                letter = None;
                let Behaviour::RefusesAt(_, reply) = mood else { unreachable!() };
                reply
            }
            Some(text) if line == ".\r\n" => {
                let mail = parse(text.as_bytes());
                state.lock().unwrap().sources.push(text.clone());
                letter = None;
                let answered = state.lock().unwrap().take(mail.clone());
                if answered.is_none() && mood != Behaviour::Holds {
                    return Ok(());
                }
                if answered.is_none() {
                    let mut lets_go = state.lock().unwrap().lets_go.subscribe();
                    state.lock().unwrap().holds.notify_one();
                    // As long as the relay is there.
                    let _ = lets_go.wait_for(|lets_go| *lets_go).await;
                    state.lock().unwrap().taken.push(mail);
                }
                handed_over += 1;
                "250 taken"
            }
            Some(text) => {
                // RFC 5321 §4.5.2: a dot at the start of a line travels as two.
                text.push_str(line.strip_prefix('.').unwrap_or(&line));
                continue;
            }
            None => match record_command(&line).as_str() {
                command if says(command).is_some() => says(command).unwrap(),
                "MAIL" if handed_over >= state.lock().unwrap().a_session => {
                    return writer.write_all(b"421 4.7.0 that was enough for one session\r\n").await;
                }
                "RCPT" => {
                    let mut state = state.lock().unwrap();
                    mood =
                        (state.mood)(line.trim_end().trim_start_matches("RCPT TO:<").trim_end_matches('>'));
                    match mood {
                        Behaviour::Refuses(reply) => {
                            state.refused += 1;
                            reply
                        }
                        _ => "250 ok",
                    }
                }
                "DATA" if matches!(mood, Behaviour::RefusesAt("DATA", _)) => {
                    let Behaviour::RefusesAt(_, reply) = mood else { unreachable!() };
                    reply
                }
                "DATA" if mood == Behaviour::HangsUpAtData => return Ok(()),
                "DATA" => {
                    letter = Some(String::new());
                    "354 go on"
                }
                "EHLO" => "250-relay\r\n250 AUTH PLAIN",
                "AUTH" => "235 welcome",
                "QUIT" => return writer.write_all(b"221 bye\r\n").await,
                _ => "250 ok",
            },
        };
        writer.write_all(format!("{answer}\r\n").as_bytes()).await?;
        if answer.starts_with("421") {
            return Ok(());
        }
    }
}

async fn mailpit(stream: TcpStream, state: &Mutex<RelayState>) -> std::io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            if line == "\r\n" {
                break;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).await?;
        let refusal = {
            let mut state = state.lock().unwrap();
            let mail = from_json(&body);
            if let Behaviour::Refuses(status) = (state.mood)(&mail.to) {
                state.refused += 1;
                Some(status)
            } else if state.take(mail).is_none() {
                return Ok(());
            } else {
                None
            }
        };
        let quoted = |status| (status, serde_json::json!({ "Error": status }).to_string());
        let (status, answer) = refusal.map_or_else(|| ("200 OK", r#"{"ID":"x"}"#.to_owned()), quoted);
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            answer.len()
        );
        writer.write_all(format!("{head}{answer}").as_bytes()).await?;
    }
}

fn from_json(body: &[u8]) -> Mail {
    let body: Value = serde_json::from_slice(body).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let words = text(&body["Text"]);
    let link = words.split_whitespace().find(|word| word.contains("?token=")).unwrap().to_owned();
    Mail {
        to: text(&body["To"][0]["Email"]),
        subject: text(&body["Subject"]),
        message_id: text(&body["Headers"]["Message-ID"]),
        html: text(&body["HTML"]),
        token: link.split_once("?token=").unwrap().1.to_owned(),
        text: words,
        link,
    }
}

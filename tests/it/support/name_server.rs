//! A name server that knows what a test wrote down (RFC 1035 §4), on a loopback address.

use std::{
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
    thread,
};

/// The codes of failures: no such name, and the server's own.
const NO_SUCH_NAME: u8 = 3;
const SERVER_FAILURE: u8 = 2;

/// It answers until the test ends.
pub struct NameServer {
    pub address: SocketAddr,
}

/// A record: its name, its type, its text. The text `!` is a failure of the server.
#[derive(Clone)]
struct Record(String, String, String);

impl NameServer {
    /// One record a line, as `example.com TXT v=spf1 -all`.
    pub fn start(zone: &str) -> Self {
        let record = |line: &str| {
            let mut parts = line.trim().splitn(3, ' ').map(str::to_owned);
            Record(parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap())
        };
        let records: Vec<Record> = zone.lines().filter(|line| !line.trim().is_empty()).map(record).collect();
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        thread::spawn(move || {
            let mut query = [0; 4096];
            while let Ok((length, from)) = socket.recv_from(&mut query) {
                let _ = socket.send_to(&answer(&query[..length], &records), from);
            }
        });
        Self { address }
    }

    /// For `--resolver`.
    pub fn text(&self) -> String {
        self.address.to_string()
    }
}

fn answer(query: &[u8], records: &[Record]) -> Vec<u8> {
    let (mut name, mut at) = (Vec::new(), 12);
    while query[at] != 0 {
        let end = at + 1 + usize::from(query[at]);
        name.push(String::from_utf8_lossy(&query[at + 1..end]).to_lowercase());
        at = end;
    }
    let name = name.join(".");
    let question = &query[12..at + 5];
    let kind = match question[question.len() - 3] {
        1 => "A",
        12 => "PTR",
        15 => "MX",
        16 => "TXT",
        28 => "AAAA",
        other => panic!("no test asks for records of type {other}"),
    };
    let of_name: Vec<&Record> = records.iter().filter(|record| record.0 == name).collect();
    let found: Vec<&&Record> = of_name.iter().filter(|record| record.1 == kind).collect();
    let code = match (of_name.is_empty(), found.iter().any(|record| record.2 == "!")) {
        (true, _) => NO_SUCH_NAME,
        (_, true) => SERVER_FAILURE,
        _ => 0,
    };
    let answers = if code == 0 { u8::try_from(found.len()).unwrap() } else { 0 };
    // A response, with recursion.
    let head = [query[0], query[1], 0x85, 0x80 | code, 0, 1, 0, answers, 0, 0, 0, 0];
    let mut message = [&head[..], question].concat();
    for record in found.iter().take(usize::from(answers)) {
        let data = data(kind, &record.2);
        // The name in the question, the type, class IN, a minute.
        message.extend([0xc0, 12, 0, question[question.len() - 3], 0, 1, 0, 0, 0, 60]);
        message.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        message.extend(data);
    }
    message
}

fn data(kind: &str, text: &str) -> Vec<u8> {
    match kind {
        "A" => text.parse::<Ipv4Addr>().unwrap().octets().into(),
        "AAAA" => text.parse::<Ipv6Addr>().unwrap().octets().into(),
        "PTR" => host(text),
        "MX" => {
            let (preference, exchange) = text.split_once(' ').unwrap();
            [&preference.parse::<u16>().unwrap().to_be_bytes()[..], &host(exchange)].concat()
        }
        _ => {
            let pieces = text.as_bytes().chunks(255);
            pieces.flat_map(|piece| [&[u8::try_from(piece.len()).unwrap()][..], piece].concat()).collect()
        }
    }
}

fn host(name: &str) -> Vec<u8> {
    let labels = name.trim_end_matches('.').split('.').filter(|label| !label.is_empty());
    let mut bytes: Vec<u8> = labels
        .flat_map(|label| [&[u8::try_from(label.len()).unwrap()][..], label.as_bytes()].concat())
        .collect();
    bytes.push(0);
    bytes
}

//! Returned mail: what each message is read as, and how many are read in a second.

use std::{
    env,
    error::Error,
    fs,
    hint::black_box,
    io::{self, BufRead, Write},
    time::{Duration, Instant},
};

use chrono::DateTime;
use invitation_service::{
    domain::{
        bounce_address::BounceAddress,
        enhanced_status::Blame,
        ids::LetterId,
        mail_fault::MailFault,
        returned_mail::{FoundBy, ReturnedMail, ReturnedMailReader},
    },
    mail::MimeReader,
};
use sha2::{Digest, Sha256};

/// The tag of every right return address.
const TAG: &str = "qk3v0x8h1t5m7c2d";
/// The day after the messages, in seconds after 1970.
const NOW: i64 = 1_795_608_000;
/// A message in each of the forms that are met most.
const MESSAGES: [&str; 6] = [
    include_str!("../../tests/cases/returned-mail/postfix-unknown-user.eml"),
    include_str!("../../tests/cases/returned-mail/exim-remote-refusal.eml"),
    include_str!("../../tests/cases/returned-mail/exchange-online.eml"),
    include_str!("../../tests/cases/returned-mail/gmail-blocked.eml"),
    include_str!("../../tests/cases/returned-mail/qmail-full-mailbox.eml"),
    include_str!("../../tests/cases/returned-mail/vacation.eml"),
];
/// The letters in these messages are short; ours have 7,600 bytes.
const LETTER_LINE: &str = "The link is valid for 24 hours.\n";
const LINES_MORE: usize = 220;

fn check(address: &str) -> BounceAddress {
    let lower = address.to_ascii_lowercase();
    let tagged = lower.split_once('@').and_then(|(local, _)| local.split_once('+')?.1.split_once('.'));
    match tagged.map(|(id, tag)| (id.parse::<LetterId>(), tag)) {
        Some((Ok(letter), TAG)) => BounceAddress::Letter(letter),
        Some((Ok(_), _)) => BounceAddress::Forged,
        _ => BounceAddress::None,
    }
}

fn read(message: &[u8]) -> ReturnedMail {
    let now = env::var("NOW").ok().and_then(|now| now.parse().ok()).unwrap_or(NOW);
    MimeReader::new(Box::new(check)).read(message, None, DateTime::from_timestamp(now, 0).unwrap_or_default())
}

/// Reads the names of files, a line each, and prints for each file: name, verdict, letter, what named it,
/// code, blame, fault, whether it denies the mailbox, and the reason, with tabs between them.
pub fn verdicts() -> Result<(), Box<dyn Error>> {
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let name = line?;
        let mail = read(&fs::read(&name)?);
        let columns = [
            name,
            mail.verdict.as_str().to_owned(),
            mail.letter.map(|letter| letter.to_string()).unwrap_or_default(),
            mail.found_by.map(FoundBy::as_str).unwrap_or_default().to_owned(),
            mail.status.map(|status| status.to_string()).unwrap_or_default(),
            mail.blame.map(blame).unwrap_or_default().to_owned(),
            mail.fault.map(MailFault::as_str).unwrap_or_default().to_owned(),
            if mail.no_such_mailbox { "no_such_mailbox".to_owned() } else { String::new() },
            mail.reason.unwrap_or_default(),
        ];
        writeln!(out, "{}", columns.join("\t"))?;
    }
    Ok(())
}

fn blame(blame: Blame) -> &'static str {
    match blame {
        Blame::Address => "address",
        Blame::Mailbox => "mailbox",
        Blame::Content => "content",
        Blame::Us(_) => "us",
        Blame::Network => "network",
    }
}

/// Prints how many messages are read in a second by one thread, and the highest resident memory in megabytes.
pub fn rate(seconds: f64) -> Result<(), Box<dyn Error>> {
    let reader = MimeReader::new(Box::new(check));
    let now = DateTime::from_timestamp(NOW, 0).unwrap_or_default();
    let rate = per_second(seconds, |message| {
        black_box(reader.read(message, None, now));
    });
    println!("{rate:.0} {:.0}", highest_memory()?);
    Ok(())
}

/// Prints how many of the same messages are hashed in a second.
pub fn digest_rate(seconds: f64) {
    let rate = per_second(seconds, |message| {
        black_box(Sha256::digest(message));
    });
    println!("{rate:.0}");
}

fn per_second(seconds: f64, read: impl Fn(&[u8])) -> f64 {
    let longer = LETTER_LINE.repeat(LINES_MORE);
    let messages = MESSAGES.map(|message| message.replace(LETTER_LINE, &longer));
    let (began, time) = (Instant::now(), Duration::from_secs_f64(seconds));
    let mut number = 0_u32;
    while began.elapsed() < time {
        for message in &messages {
            read(message.as_bytes());
            number += 1;
        }
    }
    f64::from(number) / began.elapsed().as_secs_f64()
}

/// `VmHWM`, which Linux counts in kilobytes.
fn highest_memory() -> Result<f64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim_end_matches("kB").trim().parse::<f64>()? / 1024.0)
}

//! The messages in `tests/cases/returned-mail`, and what the tests of this folder share.

mod agreement;
mod causes;
mod hostile;
mod limits;
mod masking;
mod messages;

use std::{fs, path::PathBuf};

use chrono::{DateTime, Utc};

use super::MimeReader;
use crate::domain::{
    bounce_address::BounceAddress,
    ids::LetterId,
    returned_mail::{ReturnedMail, ReturnedMailReader},
};

/// The letter that the messages are about.
const LETTER: &str = "ltr_01m86vxvh0e3pt0yekqqme4qcm";
/// The tag that its return address has.
const TAG: &str = "qk3v0x8h1t5m7c2d";
/// The token of its link.
const TOKEN: &str =
    "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKywtLi8wMTIzNDU2Nzg5Ojs8PT4_QEFCQ0RF";

/// Stands for the service's own check: one tag is right.
fn check(address: &str) -> BounceAddress {
    let lower = address.to_ascii_lowercase();
    let tagged = lower.split_once('@').and_then(|(local, _)| local.split_once('+')?.1.split_once('.'));
    match tagged.map(|(id, tag)| (id.parse::<LetterId>(), tag)) {
        Some((Ok(letter), TAG)) => BounceAddress::Letter(letter),
        Some((Ok(_), _)) => BounceAddress::Forged,
        _ => BounceAddress::None,
    }
}

fn reader() -> MimeReader {
    MimeReader::new(Box::new(check))
}

fn letter() -> LetterId {
    LETTER.parse().unwrap()
}

/// Wednesday 25 November 2026, noon.
fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_608_000, 0).unwrap()
}

fn read(message: impl AsRef<[u8]>) -> ReturnedMail {
    reader().read(message.as_ref(), None, now())
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases/returned-mail")
}

/// A message of the folder.
fn message(name: &str) -> String {
    fs::read_to_string(folder().join(format!("{name}.eml"))).unwrap()
}

/// The names of all messages.
fn names() -> Vec<String> {
    let files = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let messages = files.filter(|file| file.extension().is_some_and(|extension| extension == "eml"));
    let mut names: Vec<String> =
        messages.map(|file| file.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

fn with_crlf(message: &str) -> String {
    message.replace('\n', "\r\n")
}

//! Addresses of people, each once. All are at domains that are kept for examples (RFC 2606 §2, §3), so that
//! no letter to them reaches anybody.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
};

use invitation_service::domain::email::Email;

use super::{
    chance::Chance,
    names::{Name, Word},
};

/// The domains of mailboxes that anybody may have, the commonest first.
const PUBLIC: [&str; 13] = [
    "example.com",
    "mail.example",
    "example.org",
    "post.example",
    "inbox.test",
    "webmail.example",
    "freemail.example.com",
    "courriel.example",
    "poczta.example",
    "postafiók.example",
    "почта.example",
    "邮箱.example",
    "ταχυδρομείο.test",
];
/// What is behind the label of a company's domain, the commonest first.
const PARENTS: [&str; 5] = ["example", "test", "example.com", "example.org", "mail.example"];
/// Of a hundred companies, how many have a domain in their own script, where its rules allow.
const IDN: u32 = 6;

/// The addresses that are taken, by their digests.
#[derive(Default)]
pub struct Addresses(HashSet<u64>);

impl Addresses {
    /// Marks an address as taken.
    pub fn take(&mut self, key: &str) {
        self.0.insert(digest(key));
    }

    /// An address for a person, at `domain` or at one of the public ones. A number is added to one that is
    /// taken.
    pub fn of(&mut self, chance: &mut Chance, name: &Name, domain: Option<&str>) -> Email {
        let domain = domain.unwrap_or_else(|| *chance.pick_skewed(&PUBLIC));
        let local = local_part(chance, name);
        let mut tried = format!("{local}@{domain}");
        loop {
            if let Ok(email) = Email::parse(&tried)
                && self.0.insert(digest(email.key()))
            {
                return email;
            }
            tried = format!("{local}{}@{domain}", chance.below(1_000_000));
        }
    }
}

fn digest(key: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

/// At most 64 characters, since no name has more than 20.
fn local_part(chance: &mut Chance, Name { given, family }: &Name) -> String {
    let (given, family) = (&given.ascii, &family.ascii);
    match chance.below(20) {
        0..8 => format!("{given}.{family}"),
        8..11 => format!("{}.{family}", &given[..1]),
        11..13 => format!("{family}.{given}"),
        13..15 => format!("{given}_{family}"),
        15 => format!("{given}.{family}+laden"),
        16 => format!("{}.{}", capital(given), capital(family)),
        17 => format!("{given}{}", 1950 + chance.below(60)),
        18 => format!("{family}-{given}"),
        _ => format!("{given}{family}"),
    }
}

fn capital(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    first.to_ascii_uppercase() + rest
}

/// The domain of a company.
pub fn company_domain(chance: &mut Chance, Word { text, ascii }: &Word) -> String {
    let parent = chance.pick_skewed(&PARENTS);
    let own = text.split(' ').next().unwrap_or_default();
    let idn = format!("{own}.{parent}");
    if chance.percent(IDN) && !own.is_ascii() && Email::parse(&format!("info@{idn}")).is_ok() {
        return idn;
    }
    match chance.below(4) {
        0 => format!("{ascii}-{}.{parent}", chance.pick(&["energy", "group", "taxi", "fleet", "bau"])),
        1 => format!("{ascii}{}.{parent}", chance.below(1000)),
        _ => format!("{ascii}.{parent}"),
    }
}

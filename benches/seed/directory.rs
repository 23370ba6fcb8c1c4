//! Who may invite, and which accounts one may be invited to.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use invitation_service::domain::{
    actor::{ActorKind, ActorRef},
    client_address::ClientAddress,
    ids::{AccountId, Id, Named, UserId},
    origin::Origin,
};

use super::chance::Chance;

/// How often an account is drawn before it is concluded that there is none.
const TRIES: usize = 8;
const BROWSERS: [&str; 4] = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/141.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 Version/18.6 Safari/604.1",
    "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
    "Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 Chrome/141.0.0.0 Mobile Safari/537.36",
];

/// The ids of requests, which the service makes for itself.
#[derive(Clone, Copy)]
struct RequestKind;

impl Named for RequestKind {
    const PREFIX: &'static str = "req";
}

/// A person who has activated.
#[derive(Debug, Clone)]
pub struct Party {
    /// The user.
    pub id: UserId,
    /// The whole name.
    pub name: String,
    /// When they activated.
    pub since: DateTime<Utc>,
}

impl Party {
    /// The person, who makes a request at `at`.
    pub fn at(&self, chance: &mut Chance, at: DateTime<Utc>) -> ActorRef {
        let origin = Some(origin(chance, at));
        ActorRef { kind: ActorKind::User, id: self.id.to_string(), name: self.name.clone(), origin }
    }
}

/// An active business account.
#[derive(Debug)]
pub struct Business {
    /// The account.
    pub id: AccountId,
    /// The account above it.
    pub parent: Option<AccountId>,
    /// Its name.
    pub name: String,
    /// Where its people have their mailboxes.
    pub domain: Option<String>,
    /// Its first owner.
    pub owner: Party,
}

/// Those who have activated so far.
#[derive(Default)]
pub struct Directory {
    /// System users who may invite everyone.
    pub admins: Vec<Party>,
    /// System users who may invite customers.
    pub staff: Vec<Party>,
    /// Accounts that may have sub-accounts and further owners.
    pub businesses: Vec<Arc<Business>>,
}

impl Directory {
    /// A business that was active at `at`; a few are drawn much more often than the others.
    pub fn business(
        &self,
        chance: &mut Chance,
        at: DateTime<Utc>,
        suits: impl Fn(&Business) -> bool,
    ) -> Option<Arc<Business>> {
        let all = self.businesses.as_slice();
        let mut draws = (0..TRIES).filter(|_| !all.is_empty()).map(|_| chance.pick_skewed(all));
        draws.find(|one| one.owner.since < at && suits(one)).cloned()
    }

    /// One of these, who was active at `at`; the command line if none was.
    pub fn inviter(chance: &mut Chance, all: &[Party], at: DateTime<Utc>) -> ActorRef {
        let drawn = if all.is_empty() { None } else { Some(chance.pick_skewed(all)) };
        drawn.filter(|one| one.since < at).map_or_else(command_line, |one| one.at(chance, at))
    }
}

fn command_line() -> ActorRef {
    let (id, name) = ("operations".to_owned(), "Operations".to_owned());
    ActorRef { kind: ActorKind::Cli, id, name, origin: None }
}

/// Where a request came from: networks that are kept for documentation (RFC 5737).
pub fn origin(chance: &mut Chance, at: DateTime<Utc>) -> Origin {
    let network = *chance.pick(&[[192, 0, 2], [198, 51, 100], [203, 0, 113]]);
    let host = u8::try_from(1 + chance.below(254)).unwrap_or(1);
    let address = ClientAddress::new([network[0], network[1], network[2], host].into());
    let id: Id<RequestKind> = chance.id(at);
    Origin::new(id.to_string(), address, Some(browser(chance)))
}

/// The `User-Agent` of a person's program.
pub fn browser(chance: &mut Chance) -> &'static str {
    let chosen: &&'static str = chance.pick_skewed(&BROWSERS);
    chosen
}

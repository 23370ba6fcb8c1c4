//! The overview of deliveries in an answer.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{
    counts::Tally,
    delivery_overview::{
        DeliveryOverview, HeldRelay, LetterStatus, Named, Period, PeriodOverview, ReasonGroup, WaitingLetter,
    },
    ids::InvitationId,
};
use crate::http::{
    openapi::sample_data,
    response::{counts::LettersByState, views::Timestamp},
};

/// What became of the letters of the last hour, day and week.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeliveryOverview)]
pub struct DeliveryOverviewView {
    /// The moment that the numbers are of.
    pub generated_at: Timestamp,
    /// The last hour, day and week, in this order. Letters of the last hour are counted in all three.
    #[schema(min_items = 3, max_items = 3)]
    pub periods: Vec<DeliveryPeriod>,
    /// The letter that has waited longest to be sent; null when none waits.
    pub oldest_waiting: Option<OldestWaiting>,
    /// The relays and providers to which no letter is sent for now, by name.
    pub held: Vec<HeldRelayView>,
}

/// The letters that were put into the outbox in a period.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryPeriod {
    /// The period.
    pub period: Period,
    /// When it began.
    pub since: Timestamp,
    /// All letters.
    pub letters: LetterCounts,
    /// Why letters wait, were given up or came back: the groups that have letters, the largest first. A
    /// letter is in one of them at most.
    pub reasons: Vec<DeliveryReason>,
    /// By the domain of the recipient, the one with most letters first: up to 20 domains, of which up to ten
    /// are those with most letters in `bounced`, `complained` and `failed`.
    #[schema(max_items = 20)]
    pub domains: Vec<DeliveryDomain>,
    /// By the relay or provider that they were handed to last, the one with most letters first. Letters that
    /// were handed to none yet are in none.
    #[schema(max_items = 20)]
    pub relays: Vec<DeliveryRelay>,
}

/// Numbers of letters.
#[derive(Debug, Serialize, ToSchema)]
pub struct LetterCounts {
    /// All of them.
    pub total: u64,
    /// Adds up to `total`.
    pub by_state: LettersByState,
}

/// A reason, and how many letters have it.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryReason {
    /// Who or what is at fault.
    pub group: ReasonGroup,
    /// The number of letters.
    pub count: u64,
    /// What to do about it.
    pub advice: &'static str,
}

/// Letters to a domain.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryDomain {
    /// The domain, in Unicode.
    pub domain: String,
    /// The numbers.
    pub letters: LetterCounts,
}

/// Letters that a relay or a provider was handed last.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryRelay {
    /// The relay, as the service's log has it.
    pub name: String,
    /// The numbers.
    pub letters: LetterCounts,
}

/// The letter that has waited longest.
#[derive(Debug, Serialize, ToSchema)]
pub struct OldestWaiting {
    /// Its invitation.
    pub invitation_id: InvitationId,
    /// When it was put into the outbox.
    pub since: Timestamp,
    /// How many attempts were made to send it.
    #[schema(minimum = 0)]
    pub attempts: i32,
    /// When it is tried next; of a letter that is being sent, when it is tried again if its courier has died.
    pub next_attempt_at: Timestamp,
}

/// A relay to which no letter is sent for now: it asked for a pause, or the rate of letters that the operator
/// has set for it is used up.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HeldRelay)]
pub struct HeldRelayView {
    /// The relay, as the service's log has it.
    pub relay: String,
    /// Until when.
    pub until: Timestamp,
}

impl From<&Tally<LetterStatus>> for LetterCounts {
    fn from(letters: &Tally<LetterStatus>) -> Self {
        Self { total: letters.total(), by_state: letters.into() }
    }
}

impl From<&PeriodOverview> for DeliveryPeriod {
    fn from(one: &PeriodOverview) -> Self {
        let mut reasons: Vec<DeliveryReason> = ReasonGroup::ALL
            .map(|group| DeliveryReason { group, count: one.reasons.of(group), advice: group.advice() })
            .into_iter()
            .filter(|reason| reason.count > 0)
            .collect();
        reasons.sort_by_key(|reason| std::cmp::Reverse(reason.count));
        let domain = |Named { name, letters }: &Named| DeliveryDomain {
            domain: name.clone(),
            letters: letters.into(),
        };
        let relay =
            |Named { name, letters }: &Named| DeliveryRelay { name: name.clone(), letters: letters.into() };
        Self {
            period: one.period,
            since: Timestamp(one.since),
            letters: (&one.letters).into(),
            reasons,
            domains: one.domains.iter().map(domain).collect(),
            relays: one.relays.iter().map(relay).collect(),
        }
    }
}

impl From<&DeliveryOverview> for DeliveryOverviewView {
    fn from(overview: &DeliveryOverview) -> Self {
        let waiting = |one: &WaitingLetter| OldestWaiting {
            invitation_id: one.invitation,
            since: Timestamp(one.since),
            attempts: one.attempts,
            next_attempt_at: Timestamp(one.next_attempt_at),
        };
        let held = |one: &HeldRelay| HeldRelayView { relay: one.relay.clone(), until: Timestamp(one.until) };
        Self {
            generated_at: Timestamp(overview.generated_at),
            periods: overview.periods.iter().map(DeliveryPeriod::from).collect(),
            oldest_waiting: overview.oldest_waiting.as_ref().map(waiting),
            held: overview.held.iter().map(held).collect(),
        }
    }
}

/// The relay of the example.
const RELAY: &str = "smtp://mail.example.com:587";

impl DeliveryOverviewView {
    /// An example: of 60 letters of a week one came back, and one waits for a relay that is held.
    pub fn example() -> Self {
        let now = sample_data::at(600);
        Self::from(&DeliveryOverview {
            generated_at: now.0,
            periods: Period::ALL.map(|period| example_period(period, now)).to_vec(),
            oldest_waiting: Some(WaitingLetter {
                invitation: sample_data::invitation_id(),
                since: sample_data::at(0).0,
                attempts: 3,
                next_attempt_at: sample_data::at(900).0,
            }),
            held: vec![HeldRelay { relay: RELAY.to_owned(), until: sample_data::at(900).0 }],
        })
    }
}

fn example_period(period: Period, now: Timestamp) -> PeriodOverview {
    let (mut all, mut reasons) = (vec![(LetterStatus::Queued, 1)], Tally::default());
    reasons.add(ReasonGroup::Network, 1);
    let mut acme = vec![(LetterStatus::Queued, 1)];
    if period != Period::Hour {
        all.extend([(LetterStatus::Sent, 58), (LetterStatus::Bounced, 1)]);
        acme.extend([(LetterStatus::Sent, 20), (LetterStatus::Bounced, 1)]);
        reasons.add(ReasonGroup::Address, 1);
    }
    PeriodOverview {
        period,
        since: now.0 - period.length(),
        letters: tally(&all),
        reasons,
        domains: vec![Named { name: "acme.example".to_owned(), letters: tally(&acme) }],
        relays: vec![Named { name: RELAY.to_owned(), letters: tally(&all) }],
    }
}

fn tally(numbers: &[(LetterStatus, i64)]) -> Tally<LetterStatus> {
    let mut tally = Tally::default();
    for (status, n) in numbers {
        tally.add(*status, *n);
    }
    tally
}

//! Letters are counted where they are asked for, in the transaction that puts them into the outbox: what is
//! past a quota is refused before anything is written for it.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};

use crate::{
    db::{DbFault, Tx, accounts, letters::quota},
    domain::{
        actor::{Actor, ActorRef},
        email::Email,
        ids::AccountId,
        invitation::{Invitation, InvitationKind},
        letter_quota::{LetterLimits, LetterLog, LettersSpent, LimitScope, Standing, mailbox, seconds},
        permission::Permission,
    },
};

/// On whose account a letter goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payer {
    /// That of the tree of accounts that this one stands in: an owner asks for it.
    Account(AccountId),
    /// That of the caller: staff, a partner, the command line.
    Caller(String),
    /// On nobody's: a reminder, or a person's own wish for a fresh link.
    Nobody,
}

impl Payer {
    /// Whoever asks for a letter of this invitation.
    #[must_use]
    pub fn of(actor: &Actor, invitation: &Invitation) -> Self {
        let by_permission = match invitation.kind {
            InvitationKind::SystemUser => true,
            InvitationKind::AccountOwner | InvitationKind::SubAccount => {
                actor.may(Permission::CustomersInvite)
            }
        };
        match tree(invitation) {
            Some(account) if !by_permission => Self::Account(account),
            _ => Self::caller(&actor.who),
        }
    }

    /// Whoever is accountable for the letter that the holder of a link asks for in place of it. A link that
    /// was mailed proves somebody who reads that mail; one that was handed over may be in the inviter's own
    /// hands, who would send letters uncounted.
    #[must_use]
    pub fn of_renewal(invitation: &Invitation, was_handed_over: bool) -> Self {
        match tree(invitation) {
            _ if !was_handed_over => Self::Nobody,
            Some(account) => Self::Account(account),
            None => Self::caller(&invitation.invited_by),
        }
    }

    fn caller(who: &ActorRef) -> Self {
        Self::Caller(format!("{}:{}", who.kind.as_str(), who.id))
    }
}

/// An account in the tree that the invitation leads into; none for a system user, and for a new top-level
/// account, which has no owner yet.
fn tree(invitation: &Invitation) -> Option<AccountId> {
    let target = invitation.account.as_ref()?;
    if target.is_new { target.parent_account_id } else { Some(target.id) }
}

/// A letter that is asked for: where it goes, and on whose account.
#[derive(Debug, Clone)]
pub struct Charge {
    mailbox: String,
    payer: Payer,
}

impl Charge {
    /// A letter to this address.
    #[must_use]
    pub fn new(email: &Email, payer: Payer) -> Self {
        Self { mailbox: mailbox(email), payer }
    }
}

/// The counts that some letters fall under, locked until the transaction ends.
#[derive(Debug, Default)]
pub struct Counts {
    limits: LetterLimits,
    now: DateTime<Utc>,
    /// The root of each account that letters go on.
    roots: HashMap<AccountId, AccountId>,
    logs: HashMap<String, LetterLog>,
    /// What is written already, of those subjects that had no row.
    entered: BTreeMap<String, LetterLog>,
    changed: Vec<String>,
}

impl Counts {
    /// Locks the counts that these letters fall under. Whoever locks people has done so.
    ///
    /// # Errors
    /// Only when the database fails.
    pub fn lock(
        tx: &mut Tx<'_>,
        limits: &LetterLimits,
        charges: &[Charge],
        now: DateTime<Utc>,
    ) -> Result<Self, DbFault> {
        let mut counts = Self::of(tx, limits, charges, now)?;
        let mut expected: BTreeMap<String, u32> = BTreeMap::new();
        for charge in charges {
            for (_, subject, _) in counts.subjects(charge) {
                *expected.entry(subject).or_default() += 1;
            }
        }
        // Most mailboxes are new: what will be true of them in all likelihood is written at once.
        counts.entered =
            expected.into_iter().map(|(subject, letters)| (subject, LetterLog::of(letters, now))).collect();
        counts.logs = quota::insert_missing(tx, &counts.entered, now)?;
        let known = &counts.logs;
        counts.entered.retain(|subject, _| !known.contains_key(subject));
        Ok(counts)
    }

    /// The same for a dry run, which changes nothing.
    ///
    /// # Errors
    /// Only when the database fails.
    pub fn look(
        tx: &mut Tx<'_>,
        limits: &LetterLimits,
        charges: &[Charge],
        now: DateTime<Utc>,
    ) -> Result<Self, DbFault> {
        let mut counts = Self::of(tx, limits, charges, now)?;
        let subjects: Vec<String> = charges
            .iter()
            .flat_map(|charge| counts.subjects(charge))
            .map(|(_, subject, _)| subject)
            .collect();
        let subjects: Vec<&str> = subjects.iter().map(String::as_str).collect();
        counts.logs = quota::read(tx.reading(), &subjects, now)?;
        Ok(counts)
    }

    fn of(
        tx: &mut Tx<'_>,
        limits: &LetterLimits,
        charges: &[Charge],
        now: DateTime<Utc>,
    ) -> Result<Self, DbFault> {
        let mut accounts: Vec<AccountId> = charges
            .iter()
            .filter_map(|charge| match charge.payer {
                Payer::Account(account) if limits.account.is_some() => Some(account),
                _ => None,
            })
            .collect();
        accounts.sort_unstable();
        accounts.dedup();
        let roots =
            if accounts.is_empty() { HashMap::new() } else { accounts::roots(tx.reading(), &accounts)? };
        Ok(Self { limits: *limits, now, roots, ..Self::default() })
    }

    /// What a letter falls under: scope, subject and quota.
    fn subjects(&self, charge: &Charge) -> Vec<(LimitScope, String, u32)> {
        let subject = |scope: LimitScope| match (scope, &charge.payer) {
            (LimitScope::Mailbox, _) => Some(charge.mailbox.clone()),
            (LimitScope::Account, Payer::Account(account)) => {
                Some(self.roots.get(account).unwrap_or(account).to_string())
            }
            (LimitScope::Caller, Payer::Caller(caller)) => Some(caller.clone()),
            _ => None,
        };
        let named = |scope: LimitScope| {
            Some((scope, format!("{}:{}", scope.as_str(), subject(scope)?), self.limits.quota(scope)?))
        };
        LimitScope::ALL.into_iter().filter_map(named).collect()
    }

    /// Counts a letter, and tells what is left of each quota afterwards.
    ///
    /// # Errors
    /// [`LettersSpent`], and then nothing is counted.
    pub fn take(&mut self, charge: &Charge) -> Result<Vec<Standing>, LettersSpent> {
        let (now, subjects) = (self.now, self.subjects(charge));
        let waits =
            subjects.iter().filter_map(|(_, subject, quota)| self.logs.get(subject)?.wait(now, *quota));
        if let Some(longest) = waits.max() {
            let standings = subjects.iter().map(|(scope, subject, quota)| {
                self.logs.get(subject).cloned().unwrap_or_default().standing(*scope, *quota, now)
            });
            return Err(LettersSpent {
                retry_after: seconds(longest).max(1),
                standings: standings.collect(),
            });
        }
        let take = |(scope, subject, quota): (LimitScope, String, u32)| {
            let log = self.logs.entry(subject.clone()).or_default();
            log.add(now, quota);
            let standing = log.standing(scope, quota, now);
            self.changed.push(subject);
            standing
        };
        let standings = subjects.into_iter().map(take);
        // How often others have written to a mailbox is not an account owner's to know, as long as it keeps
        // nothing from them.
        let is_told =
            |one: &Standing| one.scope != LimitScope::Mailbox || !matches!(charge.payer, Payer::Account(_));
        Ok(standings.filter(|one| is_told(one) || one.remaining == 0).collect())
    }

    /// Writes what was counted.
    ///
    /// # Errors
    /// Only when the database fails.
    pub fn write(self, tx: &mut Tx<'_>) -> Result<(), DbFault> {
        let none = LetterLog::default();
        let mut changed = self.changed;
        // What was entered and then refused goes again.
        changed.extend(self.entered.keys().cloned());
        changed.sort_unstable();
        changed.dedup();
        let logs = changed.iter().map(|subject| (subject.as_str(), self.logs.get(subject).unwrap_or(&none)));
        let unwritten =
            logs.filter(|(subject, log)| self.entered.get(*subject) != Some(log)).collect::<Vec<_>>();
        quota::write(tx, &unwritten, self.now)
    }
}

/// Of what is left after many letters, the least of each quota that is not a mailbox's: what the caller of a
/// batch is told.
#[must_use]
pub fn least<'a>(standings: impl Iterator<Item = &'a Standing>) -> Vec<Standing> {
    let mut least: BTreeMap<LimitScope, Standing> = BTreeMap::new();
    for standing in standings.filter(|one| one.scope != LimitScope::Mailbox) {
        let known = least.entry(standing.scope).or_insert(*standing);
        if standing.remaining < known.remaining {
            *known = *standing;
        }
    }
    least.into_values().collect()
}

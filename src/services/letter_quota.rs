//! Counts letters in the transaction that puts them into the outbox: a letter above a quota is refused before
//! anything is written for it.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};

use crate::{
    db::{DbFault, Tx, accounts, letters::quota},
    domain::{
        actor::{Actor, ActorRef},
        client_address::ClientAddress,
        email::Email,
        ids::AccountId,
        invitation::{Invitation, InvitationKind},
        letter_quota::{LetterLimits, LetterLog, LettersSpent, LimitScope, QuotaStatus, mailbox, seconds},
        permission::Permission,
        token::DerivedKey,
    },
};

/// Who is charged for a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payer {
    /// The tree of accounts to which this one belongs: an owner requests it.
    Account(AccountId),
    /// The caller: staff, a partner, the command line.
    Caller(String),
    /// No one: a reminder, or a new link that the recipient requests.
    None,
}

impl Payer {
    /// The payer for a letter that `actor` requests for this invitation.
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

    /// The payer for a new letter that the holder of a link requests. A mailed link proves that the holder
    /// reads the mail; one that was returned may still be with the inviter, who could otherwise send letters
    /// uncounted.
    #[must_use]
    pub fn of_renewal(invitation: &Invitation, was_handed_over: bool) -> Self {
        match tree(invitation) {
            _ if !was_handed_over => Self::None,
            Some(account) => Self::Account(account),
            None => Self::caller(&invitation.invited_by),
        }
    }

    /// The payer for a letter that a caller with a permission requests, and that is about no invitation.
    #[must_use]
    pub fn of_caller(actor: &Actor) -> Self {
        Self::caller(&actor.who)
    }

    fn caller(who: &ActorRef) -> Self {
        Self::Caller(format!("{}:{}", who.kind.as_str(), who.id))
    }
}

/// An account in the tree of the invitation; `None` for a system user, and for a new top-level account, which
/// has no owner yet.
fn tree(invitation: &Invitation) -> Option<AccountId> {
    let target = invitation.account.as_ref()?;
    if target.is_new { target.parent_account_id } else { Some(target.id) }
}

/// A requested letter: its mailbox and its payer.
#[derive(Debug, Clone)]
pub struct Charge {
    mailbox: String,
    payer: Payer,
    /// How many parts the quota of the mailbox is divided into; this charge has one.
    parts: u32,
}

impl Charge {
    /// A letter to this address.
    #[must_use]
    pub fn new(email: &Email, payer: Payer) -> Self {
        Self { mailbox: mailbox(email), payer, parts: 1 }
    }

    /// A letter that tells of a change of a password: counted apart, so that it takes no place of another.
    #[must_use]
    pub fn of_notice(email: &Email) -> Self {
        Self { mailbox: format!("notice:{}", mailbox(email)), payer: Payer::None, parts: 1 }
    }

    /// A letter to reset a password, which anybody may request for any address: they are counted apart, by
    /// the same quota, so that strangers cannot use up the letters that the operator sends to a mailbox.
    #[must_use]
    pub fn of_reset(email: &Email) -> Self {
        Self { mailbox: format!("reset:{}", mailbox(email)), payer: Payer::None, parts: 1 }
    }

    /// The same, for one client: it has half of what the mailbox has, so that a stranger cannot use up all
    /// that the mailbox's owner may request. Its name is a MAC: the database has no address of the client.
    #[must_use]
    pub fn of_reset_by(key: &DerivedKey, email: &Email, client: ClientAddress) -> Self {
        let name = key.tag(&format!("reset {} {}", client.host(), mailbox(email)));
        Self { mailbox: format!("reset:{name}"), payer: Payer::None, parts: 2 }
    }
}

/// The counts for some letters, locked until the transaction ends.
#[derive(Debug, Default)]
pub struct Counts {
    limits: LetterLimits,
    now: DateTime<Utc>,
    /// The top-level account of each payer.
    roots: HashMap<AccountId, AccountId>,
    logs: HashMap<String, LetterLog>,
    /// The logs that were inserted for subjects without a row.
    entered: BTreeMap<String, LetterLog>,
    changed: Vec<String>,
}

impl Counts {
    /// Locks the counts for these letters. Users must be locked before.
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
        // Most mailboxes are new, so their rows are inserted with the expected logs, to save a statement.
        counts.entered =
            expected.into_iter().map(|(subject, letters)| (subject, LetterLog::of(letters, now))).collect();
        counts.logs = quota::insert_missing(tx, &counts.entered, now)?;
        let known = &counts.logs;
        counts.entered.retain(|subject, _| !known.contains_key(subject));
        Ok(counts)
    }

    /// The same without locks, for a dry run.
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

    /// The scopes of a letter, each with subject and quota.
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
            let quota = self.limits.quota(scope)?;
            let quota = if scope == LimitScope::Mailbox { quota.div_ceil(charge.parts) } else { quota };
            Some((scope, format!("{}:{}", scope.as_str(), subject(scope)?), quota))
        };
        LimitScope::ALL.into_iter().filter_map(named).collect()
    }

    /// Counts a letter, and returns the state of each quota.
    ///
    /// # Errors
    /// [`LettersSpent`], and then nothing is counted.
    pub fn take(&mut self, charge: &Charge) -> Result<Vec<QuotaStatus>, LettersSpent> {
        let (now, subjects) = (self.now, self.subjects(charge));
        let waits =
            subjects.iter().filter_map(|(_, subject, quota)| self.logs.get(subject)?.wait(now, *quota));
        if let Some(longest) = waits.max() {
            let quota_statuses = subjects.iter().map(|(scope, subject, quota)| {
                self.logs.get(subject).cloned().unwrap_or_default().quota_status(*scope, *quota, now)
            });
            return Err(LettersSpent {
                retry_after: seconds(longest).max(1),
                quota_statuses: quota_statuses.collect(),
            });
        }
        let take = |(scope, subject, quota): (LimitScope, String, u32)| {
            let log = self.logs.entry(subject.clone()).or_default();
            log.add(now, quota);
            let quota_status = log.quota_status(scope, quota, now);
            self.changed.push(subject);
            quota_status
        };
        let quota_statuses = subjects.into_iter().map(take);
        // An account owner must not see how often others have written to a mailbox, unless its quota refuses
        // the letter.
        let is_visible = |one: &QuotaStatus| {
            one.scope != LimitScope::Mailbox || !matches!(charge.payer, Payer::Account(_))
        };
        Ok(quota_statuses.filter(|one| is_visible(one) || one.remaining == 0).collect())
    }

    /// Writes the changed counts.
    ///
    /// # Errors
    /// Only when the database fails.
    pub fn write(self, tx: &mut Tx<'_>) -> Result<(), DbFault> {
        let none = LetterLog::default();
        let mut changed = self.changed;
        // Rows that were inserted for refused letters are deleted.
        changed.extend(self.entered.keys().cloned());
        changed.sort_unstable();
        changed.dedup();
        let logs = changed.iter().map(|subject| (subject.as_str(), self.logs.get(subject).unwrap_or(&none)));
        let unwritten =
            logs.filter(|(subject, log)| self.entered.get(*subject) != Some(log)).collect::<Vec<_>>();
        quota::write(tx, &unwritten, self.now)
    }
}

/// The lowest remaining value of each quota except those of mailboxes, over many letters: the result for a
/// batch.
#[must_use]
pub fn least<'a>(quota_statuses: impl Iterator<Item = &'a QuotaStatus>) -> Vec<QuotaStatus> {
    let mut least: BTreeMap<LimitScope, QuotaStatus> = BTreeMap::new();
    for quota_status in quota_statuses.filter(|one| one.scope != LimitScope::Mailbox) {
        let known = least.entry(quota_status.scope).or_insert(*quota_status);
        if quota_status.remaining < known.remaining {
            *known = *quota_status;
        }
    }
    least.into_values().collect()
}

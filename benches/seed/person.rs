//! A person with their invitations, and what they have by them.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use invitation_service::domain::{
    email::Email,
    ids::{AccountId, Id, InvitationKind, UserId},
    permission::Permission,
    role::Role,
    user::UserStatus,
};

use super::{
    addresses::Addresses,
    batch::Batch,
    cell::Cell,
    chance::Chance,
    company::Companies,
    course::{Course, End, LetterOutcome, Sendings},
    directory::{Business, Directory, Party},
    names::{self, Name},
    place::Target,
    planned_invitation::{InvitationDates, PlannedInvitation},
    rows::{self, Life},
    tables::{MembershipRow, UserRoleRow, UserRow},
    timeline::{Timeline, blocked},
};

/// Those who were there before, and what new people are made of.
pub struct World {
    /// Draws everything.
    pub chance: Chance,
    /// The addresses that are taken.
    pub addresses: Addresses,
    /// Who may invite, and into which accounts.
    pub directory: Directory,
    /// Makes companies.
    pub companies: Companies,
    /// The present.
    pub now: DateTime<Utc>,
}

/// A person, and what they are invited to.
struct Person {
    id: UserId,
    name: Name,
    full_name: String,
    email: Email,
    target: Target,
    at: DateTime<Utc>,
}

/// An invitation as it turned out.
struct Invited {
    account: Option<AccountId>,
    course: Course,
    dates: InvitationDates,
}

impl World {
    /// Adds the person of this number, who was invited at `at`.
    pub fn person(&mut self, batch: &mut Batch, (number, at, course): (u32, DateTime<Utc>, Course)) {
        let name = names::person(&mut self.chance);
        let target = Target::draw(&mut self.chance, &self.directory, &name, (number, at));
        let domain = target.domain(&mut self.chance);
        let email = self.addresses.of(&mut self.chance, &name, domain);
        let id = self.chance.id(at);
        let person = Person { id, full_name: name.full(), name, email, target, at };
        let mut last = self.invite(batch, &person, at, course);
        if course.end == End::Replaced {
            let again = self.again(&last);
            self.account(batch, &person, &last, (at, Life::Removed(again)));
            let end = if self.chance.percent(70) { End::Activated } else { End::Open };
            let course = Course { outcome: LetterOutcome::Delivered, end, sendings: Sendings::One };
            last = self.invite(batch, &person, again, course);
            self.finish(batch, &person, &last, again);
        } else {
            self.finish(batch, &person, &last, at);
        }
    }

    /// When an expired invitation is replaced by another one.
    fn again(&mut self, expired: &Invited) -> DateTime<Utc> {
        let most = TimeDelta::days(20).min((self.now - expired.dates.expires_at) / 2);
        expired.dates.expires_at + self.chance.between(TimeDelta::minutes(5), most)
    }

    fn invite(&mut self, batch: &mut Batch, person: &Person, at: DateTime<Utc>, course: Course) -> Invited {
        let by = person.target.inviter(&mut self.chance, &self.directory, at);
        let account = match &person.target {
            Target::Staff(_) => None,
            Target::New(..) => Some(self.chance.id(at)),
            Target::Further(business) => Some(business.id),
        };
        let id: Id<InvitationKind> = self.chance.id(at);
        let Person { id: user, full_name: name, email, target, .. } = person;
        let planned = PlannedInvitation {
            id,
            user: *user,
            name,
            email,
            target,
            account,
            by,
            at,
            course,
            now: self.now,
        };
        let dates = planned.add_to(&mut Timeline { chance: &mut self.chance, batch, invitation: id });
        Invited { account, course, dates }
    }

    /// Adds the person, the account that was made for them, and what they have.
    fn finish(&mut self, batch: &mut Batch, person: &Person, last: &Invited, invited_at: DateTime<Utc>) {
        let life = match (last.course.end, last.dates.ended_at) {
            (End::Activated | End::Blocked, Some(at)) => Life::Active(at),
            (End::Revoked, Some(at)) => Life::Removed(at),
            _ => Life::Invited,
        };
        let mut row = rows::user((person.id, &person.email, person.at), &person.name, life);
        if last.course.outcome == LetterOutcome::HandedOver {
            row.address_proven_at = Cell::Null;
        }
        mark(&mut row, person, last, life);
        if let Life::Active(at) = life {
            grant(batch, person, last, at);
            match last.course.end {
                End::Blocked => self.block(batch, person, &mut row, at),
                _ => self.enter(person, last, at),
            }
        }
        batch.push(row);
        self.account(batch, person, last, (invited_at, life));
    }

    fn account(
        &mut self,
        batch: &mut Batch,
        person: &Person,
        invited: &Invited,
        (at, life): (DateTime<Utc>, Life),
    ) {
        if let (Target::New(account, _), Some(id)) = (&person.target, invited.account) {
            rows::account((&mut self.chance, batch), &self.companies, account, (id, at, life));
        }
    }

    fn block(&mut self, batch: &mut Batch, person: &Person, row: &mut UserRow, activated_at: DateTime<Utc>) {
        let most = TimeDelta::days(90).min((self.now - activated_at) / 2);
        let at = activated_at + self.chance.between(TimeDelta::minutes(10), most);
        row.status = UserStatus::Blocked.as_str().into();
        row.tokens_valid_from = at.into();
        let by = Directory::inviter(&mut self.chance, &self.directory.admins, at);
        blocked(&mut self.chance, batch, person.id, &by, at);
    }

    /// From now on the person may invite, and others into their account.
    fn enter(&mut self, person: &Person, invited: &Invited, since: DateTime<Utc>) {
        let party = Party { id: person.id, name: person.full_name.clone(), since };
        match &person.target {
            Target::Staff(roles) => {
                if roles.permissions().contains(&Permission::CustomersInvite) {
                    self.directory.staff.push(party.clone());
                }
                if roles.iter().any(|role| role == Role::Admin) {
                    self.directory.admins.push(party);
                }
            }
            Target::New(account, _) if account.may_have_others() => {
                let Some(id) = invited.account else { return };
                let parent = account.parent.as_ref().map(|parent| parent.id);
                let (name, domain) = (account.name.clone(), account.domain.clone());
                self.directory.businesses.push(Arc::new(Business { id, parent, name, domain, owner: party }));
            }
            Target::New(..) | Target::Further(_) => {}
        }
    }
}

/// What triggers of the database note of a user.
fn mark(row: &mut UserRow, person: &Person, invited: &Invited, life: Life) {
    let is_staff = matches!(person.target, Target::Staff(_));
    let (is_active, is_invited) = (matches!(life, Life::Active(_)), matches!(life, Life::Invited));
    row.has_role = (is_active && is_staff).into();
    row.has_membership = (is_active && invited.account.is_some()).into();
    row.invited_as_staff = (is_invited && is_staff).into();
    row.invited_as_customer = (is_invited && !is_staff).into();
}

fn grant(batch: &mut Batch, person: &Person, invited: &Invited, at: DateTime<Utc>) {
    if let Target::Staff(roles) = &person.target {
        for role in roles.iter() {
            batch.push(UserRoleRow { user_id: person.id.into(), role: role.as_str().into() });
        }
    }
    if let Some(account) = invited.account {
        batch.push(MembershipRow {
            user_id: person.id.into(),
            account_id: account.into(),
            role: person.target.member_role().into(),
            created_at: at.into(),
        });
    }
}

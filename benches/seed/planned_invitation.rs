//! An invitation from its creation to its end.

use chrono::{DateTime, TimeDelta, Utc};
use invitation_service::{
    domain::{
        actor::{ActorKind, ActorRef},
        email::Email,
        event::EventType,
        ids::{AccountId, InvitationId, UserId},
        invitation::InvitationState,
        locale::Locale,
        role::Roles,
        search_text::of_email,
    },
    services::cleanup::LAPSED_AFTER,
};
use serde_json::json;

use super::{
    course::{Course, End, LetterOutcome, Sendings},
    directory::{browser, origin},
    letters::{self, Sending},
    place::Target,
    tables::InvitationRow,
    timeline::Timeline,
};

/// How long a link lives.
pub const LINK_LIFETIME: TimeDelta = TimeDelta::hours(24);
/// How long ago invitations were made of which no link is valid.
pub const OLD: TimeDelta = TimeDelta::hours(26);

/// What an invitation is made of.
pub struct PlannedInvitation<'a> {
    /// Its id.
    pub id: InvitationId,
    /// The invited user.
    pub user: UserId,
    /// Their name, which they give at activation.
    pub name: &'a str,
    /// The recipient.
    pub email: &'a Email,
    /// What they are invited to.
    pub target: &'a Target,
    /// The account, unless it is the staff.
    pub account: Option<AccountId>,
    /// Who invites.
    pub by: ActorRef,
    /// When.
    pub at: DateTime<Utc>,
    /// What becomes of it.
    pub course: Course,
    /// The present: nothing is later.
    pub now: DateTime<Utc>,
}

/// When an invitation was sent last, and when it ended.
pub struct InvitationDates {
    /// When the link expires.
    pub expires_at: DateTime<Utc>,
    /// When it was activated or revoked, if it was.
    pub ended_at: Option<DateTime<Utc>>,
}

impl PlannedInvitation<'_> {
    /// Adds the invitation with its letters and its timeline.
    pub fn add_to(&self, timeline: &mut Timeline<'_>) -> InvitationDates {
        let sent_at = self.send(timeline);
        let (state, ended_at) = match self.course.end {
            End::Open => (InvitationState::Pending, None),
            End::Replaced => (InvitationState::Replaced, None),
            End::Activated | End::Blocked => {
                (InvitationState::Activated, Some(self.activate(timeline, sent_at)))
            }
            End::Revoked => (InvitationState::Revoked, Some(self.revoke(timeline))),
        };
        let dates = InvitationDates { expires_at: sent_at + LINK_LIFETIME, ended_at };
        self.write_row(timeline, state, sent_at, &dates);
        dates
    }

    /// Sends it once or twice, and returns when the newest link was sent.
    fn send(&self, timeline: &mut Timeline<'_>) -> DateTime<Utc> {
        let details = match (self.target, self.account) {
            (Target::Staff(roles), _) => json!({ "roles": roles.names() }),
            (target, account) => json!({ "account_id": account, "roles": [target.member_role()] }),
        };
        timeline.add(EventType::Created, self.at, &self.by, details);
        let first = Sending { generation: 1, at: self.at, by: &self.by, to: self.email };
        if self.course.sendings == Sendings::One {
            return letters::add(timeline, &first, self.course.outcome);
        }
        let before = *timeline.chance.pick_skewed(&[
            LetterOutcome::Sent,
            LetterOutcome::Delivered,
            LetterOutcome::Failed,
        ]);
        letters::add(timeline, &first, before);
        // Links of before yesterday must have expired by now, those of the last day may not have.
        let past = self.now - self.at;
        let most = if past > OLD { past - TimeDelta::hours(25) } else { TimeDelta::minutes(8) };
        let wait = timeline.chance.between(TimeDelta::minutes(2), most.min(TimeDelta::days(3)));
        let again = Sending { generation: 2, at: self.at + wait, ..first };
        timeline.add(EventType::Resent, again.at, &self.by, json!({ "send_count": 2 }));
        letters::add(timeline, &again, self.course.outcome)
    }

    fn activate(&self, timeline: &mut Timeline<'_>, sent_at: DateTime<Utc>) -> DateTime<Utc> {
        let most = TimeDelta::hours(18).min((self.now - sent_at) / 2);
        let opened_at = sent_at + timeline.chance.between(TimeDelta::minutes(2), most);
        let details = json!({ "user_agent": browser(timeline.chance) });
        timeline.add(EventType::Opened, opened_at, &ActorRef::link(None), details);
        let typing = timeline.chance.between(TimeDelta::seconds(20), TimeDelta::minutes(40));
        let at = opened_at + typing.min((self.now - opened_at) / 2);
        let origin = Some(origin(timeline.chance, at));
        // Who types in a link that was handed over has proven nothing.
        let who = if self.course.outcome == LetterOutcome::HandedOver {
            ActorRef::link(origin)
        } else {
            let (kind, id, name) = (ActorKind::User, self.user.to_string(), self.name.to_owned());
            ActorRef { kind, id, name, origin }
        };
        timeline.add(EventType::Activated, at, &who, json!({}));
        at
    }

    fn revoke(&self, timeline: &mut Timeline<'_>) -> DateTime<Utc> {
        let is_early = self.course.outcome == LetterOutcome::Withdrawn;
        let most = if is_early { TimeDelta::minutes(20) } else { TimeDelta::days(10) };
        let most = most.min((self.now - self.at) / 2);
        let at = self.at + timeline.chance.between(TimeDelta::minutes(1), most);
        let mut details = json!({ "user_removed": true });
        if matches!(self.target, Target::New(..)) {
            details["account_removed"] = true.into();
        }
        timeline.add(EventType::Revoked, at, &self.by, details);
        at
    }

    fn write_row(
        &self,
        timeline: &mut Timeline<'_>,
        state: InvitationState,
        last_sent_at: DateTime<Utc>,
        dates: &InvitationDates,
    ) {
        let count = if self.course.sendings == Sendings::One { 1 } else { 2 };
        let when = |wanted| dates.ended_at.filter(|_| state == wanted);
        let locale = timeline.chance.percent(50).then(|| timeline.chance.pick(&Locale::ALL).as_str());
        let roles = if let Target::Staff(roles) = self.target { roles } else { &Roles::default() };
        timeline.batch.push(InvitationRow {
            id: self.id.into(),
            kind: self.target.kind().as_str().into(),
            user_id: self.user.into(),
            email: self.email.as_str().to_owned().into(),
            email_key: self.email.key().to_owned().into(),
            search_text: of_email(self.email).into(),
            roles: roles.to_string().into(),
            locale: locale.into(),
            inviter_kind: self.by.kind.as_str().into(),
            inviter_id: self.by.id.clone().into(),
            inviter_name: self.by.name.clone().into(),
            state: state.as_str().into(),
            generation: count.into(),
            send_count: count.into(),
            created_at: self.at.into(),
            last_sent_at: last_sent_at.into(),
            expires_at: dates.expires_at.into(),
            activated_at: when(InvitationState::Activated).into(),
            revoked_at: when(InvitationState::Revoked).into(),
            account_id: self.account.into(),
            member_role: self.target.member_role().into(),
            scope: self.target.scope().into(),
            lapsed: (state == InvitationState::Pending && dates.expires_at < self.now - LAPSED_AFTER).into(),
        });
    }
}

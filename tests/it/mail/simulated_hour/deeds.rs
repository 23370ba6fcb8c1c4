//! What couriers do with what is due, and how they die of it.

use std::collections::{BTreeSet, HashSet};

use invitation_service::{
    courier::Step,
    db::{
        Db, DbFault, Guarded,
        letters::{
            mark_sent,
            outbox::{self, ClaimScope, Claimed, Outcome},
        },
    },
    domain::{
        letter::{LetterPurpose, LetterSubject, Receipt},
        refusal_cause::RefusalCause,
    },
};

use super::{
    LEASE,
    couriers::{courier, drain, in_order, polled, that_dies_recording},
    hour::{Deed, Moment, of_hash},
    world::World,
};
use crate::support::relay::Behaviour;

impl World {
    /// Couriers that were thought dead wake, and say what they think became of letters that others have
    /// claimed since.
    pub(super) async fn the_dead_speak(&mut self) {
        let late =
            |claim: &Claimed| self.truths[&claim.subject.to_string()].attempts > i64::from(claim.attempt);
        let (late, stale): (Vec<_>, Vec<_>) = self.stale.drain(..).partition(late);
        self.stale = stale;
        let now = self.app.now();
        for (claim, id) in late.into_iter().map(|claim| (claim.clone(), claim.subject.to_string())) {
            let open = self.truths[&id].sent_at.is_none();
            *self.met.entry("late words of open letters").or_default() += usize::from(open);
            for outcome in [
                Outcome::Failed {
                    at: now,
                    error: "too late".to_owned(),
                    cause: RefusalCause::default(),
                    held_until: None,
                },
                Outcome::Sent { at: now, receipt: Receipt::default() },
                Outcome::Retry {
                    at: now,
                    error: "too late".to_owned(),
                    cause: RefusalCause::default(),
                    held_until: None,
                },
                Outcome::Untried { at: now },
            ] {
                let said = [(claim.clone(), outcome)];
                let answered =
                    self.db().write::<_, DbFault>(move |tx| mark_sent::record(tx, &said)).await.unwrap();
                assert_eq!(answered, [Guarded::Stale]);
            }
            self.db().write::<_, DbFault>(move |tx| outbox::renew(tx, &claim, now)).await.unwrap();
        }
    }

    pub(super) fn db(&self) -> &Db {
        &self.couriers[0].db
    }

    pub(super) async fn work(&mut self, due: &BTreeSet<String>, how_many: usize) {
        let [one, other] = &self.couriers;
        let next_due = if how_many == 1 {
            let (worked, next_due) = drain(one).await;
            assert_eq!(worked, due.len());
            next_due
        } else {
            let (one, other) = tokio::join!(drain(one), drain(other));
            assert_eq!(one.0 + other.0, due.len());
            // Whoever is idle first sees leases of the other.
            drain(&self.couriers[0]).await.1
        };
        self.done(due);
        let waiting = self.truths.values().filter(|truth| truth.sent_at.is_none());
        assert_eq!(next_due, waiting.map(|truth| truth.due).min());
    }

    /// A courier works until it dies of `death`, and maybe another one beside it that does not.
    pub(super) async fn die(&mut self, due: &BTreeSet<String>, death: Deed) {
        let dying = in_order(courier(&self.app, &self.relay));
        let (db, records) = (dying.db.clone(), dying.records.clone());
        let other = async |beside: bool| {
            if beside {
                drain(&self.couriers[0]).await;
            }
        };
        let beside_other = matches!(death, Deed::DieRecordingBesideOther | Deed::DieAnywhereBesideOther(_));
        match death {
            Deed::DieAnywhere(polls) | Deed::DieAnywhereBesideOther(polls) => {
                let dies = async { polled(dying.step(), polls).await };
                tokio::join!(dies, other(beside_other));
            }
            Deed::DieRecording | Deed::DieRecordingBesideOther => {
                let (dying, asked) = that_dies_recording(dying);
                let dies = async {
                    let mut step = Box::pin(dying.step());
                    tokio::select! {
                        done = &mut step => assert!(matches!(done, Ok(Step::Idle { .. })), "{done:?}"),
                        () = asked.notified() => {
                            if !beside_other {
                                let due = due.iter().map(|id| self.truths[id].to.clone()).collect();
                                self.are_under_way(&due).await;
                            }
                        }
                    }
                };
                tokio::join!(dies, other(beside_other));
            }
            _ => {
                let (weather, holds) = (self.weather, self.relay.holds());
                let held = |recipient: &str| of_hash(7, recipient, 2) == 0;
                self.relay.is_to(
                    move |recipient| if held(recipient) { Behaviour::Holds } else { weather.to(recipient) },
                );
                let mut step = Box::pin(dying.step());
                let finished = tokio::select! {
                    done = &mut step => { done.unwrap(); true }
                    () = holds.notified() => false,
                };
                if !finished {
                    // Not those that it hung up on: of these the courier may know by now.
                    let held =
                        self.look().1.into_iter().filter(|recipient| held(recipient)).collect::<HashSet<_>>();
                    assert!(!held.is_empty());
                    self.are_under_way(&held).await;
                }
                drop(step);
                self.relay.is_to(move |recipient| weather.to(recipient));
            }
        }
        // What it had given the database to do is done first: a claim, and records, behind which one of no
        // letter waits.
        db.write::<_, DbFault>(|_| Ok(())).await.unwrap();
        if let Some(id) = due.first() {
            let (id, subject, purpose) =
                (self.app.clock.id(), LetterSubject::parse(id).unwrap(), LetterPurpose::Invitation);
            let none = Claimed {
                id,
                subject,
                generation: 1,
                purpose,
                attempt: 1,
                first_tried_at: self.app.now(),
                lease_ends: self.app.now(),
                relay: None,
                trace_parent: None,
            };
            records.run((none, Outcome::Withdrawn)).await.unwrap();
        }
        self.died(due, beside_other).await;
    }

    pub(super) async fn moment(&mut self, moment: Moment) {
        self.seen = Default::default();
        self.app.advance(moment.after);
        for _ in 0..moment.invites {
            self.invite().await;
        }
        self.check().await;
        self.becomes(moment.weather, moment.a_session).await;
        let due = self.due();
        let name = match moment.deed {
            Deed::Nothing => "nothing",
            Deed::Work => "one courier",
            Deed::WorkTogether => "two couriers",
            Deed::DieClaiming => "died claiming",
            Deed::DieSending => "died sending",
            Deed::DieRecording | Deed::DieRecordingBesideOther => "died recording",
            Deed::DieAnywhere(_) | Deed::DieAnywhereBesideOther(_) => "died anywhere",
        };
        *self.met.entry(name).or_default() += due.len();
        match moment.deed {
            Deed::Nothing => {}
            Deed::Work => self.work(&due, 1).await,
            Deed::WorkTogether => self.work(&due, 2).await,
            Deed::DieClaiming => {
                let now = self.app.now();
                let claimed = self
                    .db()
                    .write::<_, DbFault>(move |tx| {
                        outbox::claim(tx, ClaimScope::Due, 256, (now, now + LEASE))
                    })
                    .await
                    .unwrap();
                let ids: BTreeSet<String> = claimed.iter().map(|claim| claim.subject.to_string()).collect();
                assert_eq!((&ids, claimed.len()), (&due, due.len()));
                self.stale.extend(claimed);
                for id in &due {
                    let claimed = self.truths[id].claimed(now);
                    self.truths.insert(id.clone(), claimed);
                }
            }
            death => self.die(&due, death).await,
        }
        self.the_dead_speak().await;
        self.check().await;
        self.check_timelines(&due).await;
    }
}

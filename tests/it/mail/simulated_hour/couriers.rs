//! Couriers as other processes have them, those that live and those that die.

use std::{pin::pin, sync::Arc, task::Poll};

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::try_join_all;
use invitation_service::{
    courier::{Courier, LastReminderScan, Outage, SendSlots, Step, record_queue},
    db::{
        DbFault,
        letters::outbox::{Claimed, Outcome},
        pool::group_commit::GroupCommit,
    },
    domain::{link_lifetime::LinkLifetime, time_zone::TimeZone},
    mail::{MailUrl, Mailer, Sender},
};
use tokio::{runtime::Handle, sync::Notify};

use crate::support::{Relay, TestApp};

/// A courier as another process has it: with connections and records of its own.
pub(super) fn courier(app: &TestApp, relay: &Relay) -> Courier {
    let sender = Sender::new("Invitations <no-reply@localhost>", None, TimeZone::utc()).unwrap();
    let mailer = Arc::new(Mailer::new(&MailUrl::parse(&relay.url()).unwrap(), sender).unwrap());
    let db = app.parts.courier.db.with_own_pool(1);
    let records = record_queue(&db, &app.clock, relay.url(), LinkLifetime(TimeDelta::hours(24))).unwrap();
    Courier {
        db,
        records,
        mailer,
        last_reminder_scan: LastReminderScan::default(),
        slots: SendSlots::default(),
        outage: Outage::default(),
        ..app.parts.courier.clone()
    }
}

/// Works until nothing is due, and says how much was, and when something will be.
pub(super) async fn drain(courier: &Courier) -> (usize, Option<DateTime<Utc>>) {
    let mut worked = 0;
    loop {
        match courier.step().await.unwrap() {
            Step::Worked(letters) => worked += letters,
            Step::Idle { next_due } => return (worked, next_due),
        }
    }
}

/// Drops a future at the poll that follows so many.
pub(super) async fn polled<F: Future>(future: F, mut times: usize) -> Option<F::Output> {
    let mut future = pin!(future);
    std::future::poll_fn(|context| {
        let Some(left) = times.checked_sub(1) else { return Poll::Ready(None) };
        times = left;
        future.as_mut().poll(context).map(Some)
    })
    .await
}

/// A courier whose records go to the database in their order, so that they can be waited for. They do whether
/// or not it lives.
pub(super) fn in_order(courier: Courier) -> Courier {
    let (inner, runtime) = (courier.records.clone(), Handle::current());
    let records = GroupCommit::reading(&courier.db, "records", 64, move |_, items: &[(Claimed, Outcome)]| {
        runtime.block_on(try_join_all(items.iter().map(|item| inner.run(item.clone()))))
    });
    Courier { records: records.unwrap(), ..courier }
}

/// A courier that never records anything, and what is rung when it would.
pub(super) fn that_dies_recording(courier: Courier) -> (Courier, Arc<Notify>) {
    let asked = Arc::<Notify>::default();
    let outbox_wakeup = asked.clone();
    let records = GroupCommit::writing(&courier.db, "nobody", 64, move |_, _: &[(Claimed, Outcome)]| {
        outbox_wakeup.notify_one();
        Err::<Vec<()>, _>(DbFault::Other("it is dead".to_owned()))
    });
    (Courier { records: records.unwrap(), ..courier }, asked)
}

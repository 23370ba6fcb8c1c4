//! Gauges: what holds at the moment when metrics are read.

use std::sync::atomic::AtomicU64;

use prometheus_client::{
    metrics::{family::Family, gauge::Gauge},
    registry::{Registry, Unit},
};

/// One label: its name and its value.
type Label = [(&'static str, &'static str); 1];

/// All gauges. Cheap to clone; clones share them.
///
/// Those of the database are the same for all processes that use it, so that a sum over processes counts
/// twice: take the maximum.
#[derive(Clone, Default)]
pub struct Gauges {
    queued: Gauge,
    oldest: Gauge<f64, AtomicU64>,
    relay_hold: Gauge<f64, AtomicU64>,
    invitations: Family<Label, Gauge>,
    deliveries: Family<Label, Gauge>,
    webhooks_waiting: Gauge,
    webhook_endpoints: Family<Label, Gauge>,
    readable: Gauge,
    writable: Gauge,
    free_disk: Family<Label, Gauge>,
    courier: Family<Label, Gauge>,
    started: Gauge,
}

impl Gauges {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("outbox_queued", "Letters that are to be sent", self.queued.clone());
        registry.register_with_unit(
            "outbox_oldest",
            "Age of the oldest letter to be sent",
            Unit::Seconds,
            self.oldest.clone(),
        );
        registry.register_with_unit(
            "relay_hold",
            "Time until letters go to each relay again, of the relay with the longest one",
            Unit::Seconds,
            self.relay_hold.clone(),
        );
        registry.register("invitations", "Invitations by status", self.invitations.clone());
        let deliveries = "Invitations by what became of their newest letter";
        registry.register("deliveries", deliveries, self.deliveries.clone());
        let waiting = "Webhooks that are to be sent to active endpoints, counted up to 10,000";
        registry.register("webhooks_waiting", waiting, self.webhooks_waiting.clone());
        let endpoints = "Webhook endpoints by status";
        registry.register("webhook_endpoints", endpoints, self.webhook_endpoints.clone());
        registry.register("database_readable", "1 if the database answers, else 0", self.readable.clone());
        registry.register("database_writable", "1 if a write is committed, else 0", self.writable.clone());
        registry.register_with_unit(
            "database_disk_free",
            "Free space of the file system that has the SQLite file",
            Unit::Bytes,
            self.free_disk.clone(),
        );
        registry.register("courier", "1 for the condition of this process's courier", self.courier.clone());
        registry.register_with_unit(
            "start_time",
            "When the process started, in Unix time",
            Unit::Seconds,
            self.started.clone(),
        );
    }

    /// Sets the number of letters to be sent, and the age of the oldest one.
    pub fn outbox(&self, queued: i64, oldest_seconds: f64) {
        self.queued.set(queued);
        self.oldest.set(oldest_seconds);
    }

    /// Sets the time until letters go to each relay again; 0 when none is held.
    pub fn relay_hold(&self, seconds: f64) {
        self.relay_hold.set(seconds);
    }

    /// Sets the numbers of invitations by status.
    pub fn invitations(&self, numbers: impl IntoIterator<Item = (&'static str, u64)>) {
        set_all(&self.invitations, "status", numbers);
    }

    /// Sets the numbers of invitations by the state of their newest letter.
    pub fn deliveries(&self, numbers: impl IntoIterator<Item = (&'static str, u64)>) {
        set_all(&self.deliveries, "state", numbers);
    }

    /// Sets the number of webhooks that are to be sent to active endpoints, counted up to 10,000.
    pub fn webhooks(&self, waiting: u64) {
        self.webhooks_waiting.set(i64::try_from(waiting).unwrap_or(i64::MAX));
    }

    /// Sets the numbers of webhook endpoints by status.
    pub fn webhook_endpoints(&self, numbers: impl IntoIterator<Item = (&'static str, u64)>) {
        set_all(&self.webhook_endpoints, "status", numbers);
    }

    /// Sets whether the database answers, and whether a write is committed.
    pub fn database(&self, readable: bool, writable: bool) {
        self.readable.set(readable.into());
        self.writable.set(writable.into());
    }

    /// Sets the free space of the file system that has the SQLite file. Without such a file there is no
    /// series.
    pub fn free_disk(&self, bytes: u64) {
        set_all(&self.free_disk, "database", [("sqlite", bytes)]);
    }

    /// Sets the condition of the courier: 1 for the one that holds, 0 for each other one.
    pub fn courier(&self, conditions: impl IntoIterator<Item = (&'static str, bool)>) {
        let numbers = conditions.into_iter().map(|(condition, holds)| (condition, u64::from(holds)));
        set_all(&self.courier, "condition", numbers);
    }

    /// Sets the time of the start, in seconds of Unix time.
    pub fn started(&self, at: i64) {
        self.started.set(at);
    }
}

fn set_all(
    family: &Family<Label, Gauge>,
    name: &'static str,
    numbers: impl IntoIterator<Item = (&'static str, u64)>,
) {
    for (value, number) in numbers {
        family.get_or_create(&[(name, value)]).set(i64::try_from(number).unwrap_or(i64::MAX));
    }
}

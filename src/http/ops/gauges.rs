//! Gauges: read when somebody asks for metrics, and before they are exported.

use super::{
    courier_watch::{CourierCondition, CourierWatch},
    health::{COMMIT_TIMEOUT, DATABASE_TIMEOUT},
};
use crate::{
    domain::invitation::{DeliveryState, InvitationStatus},
    metrics::Metrics,
    services::{Services, totals::Totals},
};

/// Reads what holds now. The database is read by any process: the courier may be busy, or run in another one.
/// Where it does not answer, its numbers stay as they were.
pub async fn read_gauges(services: &Services, metrics: &Metrics, courier: &CourierWatch) {
    let gauges = &metrics.gauges;
    let disk = services.db.within(DATABASE_TIMEOUT);
    let (backlog, totals, webhooks, committed, free_disk) = tokio::join!(
        services.backlog(DATABASE_TIMEOUT),
        services.totals(DATABASE_TIMEOUT),
        services.webhook_totals(DATABASE_TIMEOUT),
        services.db.can_commit(COMMIT_TIMEOUT),
        disk.free_disk(),
    );
    gauges.database(backlog.is_ok(), committed.is_ok());
    if let Ok(backlog) = backlog {
        gauges.outbox(backlog.queued, backlog.oldest_seconds());
    }
    if let Ok(Totals { invitations, relay_hold }) = totals {
        let (by_status, by_delivery) = (&invitations.by_status, &invitations.by_delivery);
        gauges.invitations(InvitationStatus::ALL.map(|one| (one.as_str(), by_status.of(one))));
        gauges.deliveries(DeliveryState::ALL.map(|one| (one.as_str(), by_delivery.of(one))));
        gauges.relay_hold(relay_hold.as_seconds_f64());
    }
    if let Ok(webhooks) = webhooks {
        gauges.webhooks(webhooks.waiting);
        gauges.webhook_endpoints(webhooks.endpoints.map(|(status, number)| (status.as_str(), number)));
    }
    if let Some(bytes) = free_disk {
        gauges.free_disk(bytes);
    }
    let condition = courier.condition();
    gauges.courier(CourierCondition::ALL.map(|one| (one.as_str(), one == condition)));
}

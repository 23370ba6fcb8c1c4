//! Builds the courier and the services from the configuration.

use std::{io, sync::Arc, time::Duration};

use chrono::TimeDelta;
use tokio::sync::Notify;

use super::keys::Keys;
use crate::{
    clock::Clock,
    config::Config,
    courier::{self, Courier, LastReminderScan, Outage, SendSlots, SenderFaultWarning},
    db::{
        Db,
        invitations::lookup::{Lookups, lookups},
    },
    dispatcher::{Dispatcher, LastExpiryScan, Sender},
    mail::Mailer,
    metrics::Metrics,
    otel::Tracer,
    services::{
        Services, activate, audit, delivery_overview::overviews::Overviews, guess_guard::GuessGuard,
        idempotency, invite, password_hasher::Hasher, preview, provider_tokens::ProviderTokens,
        revocations::Revocations,
    },
};

/// How long a lookup waits for the database: it ends before the courier renews the lease of the letter.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(15);

/// What the courier and the services have in common.
pub(super) struct Shared {
    db: Db,
    lookups: Lookups,
    pub(super) clock: Clock,
    mailer: Arc<Mailer>,
    outbox_wakeup: Arc<Notify>,
}

impl Shared {
    /// # Errors
    /// When the system gives no thread.
    pub fn new(db: Db, clock: Clock, mailer: Mailer) -> io::Result<Self> {
        let lookups = lookups(&db.within(LOOKUP_TIMEOUT))?;
        Ok(Self { db, lookups, clock, mailer: Arc::new(mailer), outbox_wakeup: Arc::new(Notify::new()) })
    }

    /// The courier, not yet running.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn courier(
        &self,
        config: &Config,
        keys: &Keys,
        (metrics, tracer): (&Metrics, &Tracer),
    ) -> io::Result<Courier> {
        let Self { db, lookups, clock, mailer, outbox_wakeup } = self;
        Ok(Courier {
            db: db.with_own_pool(1),
            lookups: lookups.clone(),
            records: courier::record_queue(db, clock, mailer.describe(), config.link_lifetime())?,
            clock: clock.clone(),
            links: keys.links.clone(),
            mailer: mailer.clone(),
            activation_url: config.activation_url.clone(),
            resets: keys.resets.clone(),
            password_reset_url: config.password_reset_url.clone(),
            email_changes: keys.email_changes.clone(),
            email_change_url: config.email_change_url.clone(),
            api_url: config.public_url.as_str().trim_end_matches('/').to_owned(),
            staff_passwords: config.staff_passwords,
            organisation: config.operator_name.clone(),
            locale: config.locale,
            link_lifetime: config.link_lifetime(),
            remind_before: config.reminder_before.and_then(|before| TimeDelta::from_std(before).ok()),
            last_reminder_scan: LastReminderScan::default(),
            mailbox_limit: config.letter_limits().mailbox,
            pace: config.mail_rate_limit,
            slots: SendSlots::default(),
            outage: Outage::default(),
            sender_faults: SenderFaultWarning::default(),
            renew_every: courier::RENEW_EVERY,
            outbox_wakeup: outbox_wakeup.clone(),
            metrics: metrics.clone(),
            tracer: tracer.clone(),
        })
    }

    /// The dispatcher, not yet running.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn dispatcher(
        &self,
        config: &Config,
        keys: &Keys,
        (metrics, tracer): (&Metrics, &Tracer),
    ) -> Result<Dispatcher, String> {
        Ok(Dispatcher {
            db: self.db.with_own_pool(2),
            clock: self.clock.clone(),
            keys: keys.webhook_secrets.clone(),
            sender: Sender::new(config.webhook_networks())?,
            last_expiry_scan: LastExpiryScan::default(),
            metrics: metrics.clone(),
            tracer: tracer.clone(),
        })
    }

    /// The services.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn services(self, config: &Config, keys: Keys, tokens: ProviderTokens) -> io::Result<Services> {
        let queues = Queues::start(config, &self, &keys)?;
        Ok(Services {
            keys: queues.keys,
            invites: queues.invites,
            activations: queues.activations,
            openings: queues.openings,
            audit: queues.audit,
            links: keys.links,
            refresh_keys: keys.refresh,
            reset_keys: keys.resets,
            email_change_keys: keys.email_changes,
            client_secret_keys: keys.client_secrets,
            webhook_secret_keys: keys.webhook_secrets,
            suppression_keys: keys.suppressions,
            access_tokens: keys.access_tokens,
            revocations: Revocations::new(self.clock.clone()),
            provider_tokens: tokens,
            guess_key: keys.guesses,
            guesses: Arc::new(GuessGuard::new(config.rate_limits, &self.clock)),
            hasher: Hasher::new(),
            rules: config.rules(),
            overviews: Overviews::default(),
            db: self.db,
            lookups: self.lookups,
            clock: self.clock,
            letter_status: self.mailer,
            outbox_wakeup: self.outbox_wakeup,
        })
    }
}

/// The queues of requests that share commits.
struct Queues {
    keys: idempotency::Queue,
    invites: invite::Queue,
    activations: activate::Queue,
    openings: preview::Queue,
    audit: audit::Queue,
}

impl Queues {
    fn start(config: &Config, Shared { db, clock, .. }: &Shared, keys: &Keys) -> io::Result<Self> {
        let most = config.write_batch;
        Ok(Self {
            keys: idempotency::queue(db, most)?,
            invites: invite::queue(db, clock, (config.letter_limits(), &keys.suppressions), most)?,
            activations: activate::queue(db, clock, most)?,
            openings: preview::queue(db, most)?,
            audit: audit::queue(db, most)?,
        })
    }
}

//! The deliveries under way, one task each, and how many there may be.

use std::{collections::HashMap, panic};

use tokio::task::{JoinError, JoinSet};

use super::Dispatcher;
use crate::{
    db::{DbFault, webhooks::Claimed},
    domain::ids::WebhookEndpointId,
};

/// How many deliveries go together at most: each is a connection.
pub(super) const MAX_TOTAL: usize = 64;
/// How many of them to one endpoint: one that is slow leaves room for the others.
pub(super) const MAX_PER_ENDPOINT: usize = 8;

/// The deliveries under way.
#[derive(Default)]
pub(super) struct InFlight {
    tasks: JoinSet<(WebhookEndpointId, Result<(), DbFault>)>,
    busy: HashMap<WebhookEndpointId, usize>,
    fault: Option<DbFault>,
}

impl InFlight {
    /// How many may be added.
    pub(super) fn room(&self) -> usize {
        MAX_TOTAL.saturating_sub(self.tasks.len())
    }

    /// How many may be added to one endpoint.
    pub(super) fn room_of(&self, endpoint: WebhookEndpointId) -> usize {
        let busy = self.busy.get(&endpoint).copied().unwrap_or_default();
        MAX_PER_ENDPOINT.saturating_sub(busy).min(self.room())
    }

    /// Starts the attempts.
    pub(super) fn start(&mut self, dispatcher: &Dispatcher, claimed: Vec<Claimed>) {
        for one in claimed {
            *self.busy.entry(one.endpoint).or_default() += 1;
            let dispatcher = dispatcher.clone();
            self.tasks.spawn(async move { (one.endpoint, dispatcher.deliver(&one).await) });
        }
    }

    /// Waits until one has ended; for ever where none is under way.
    pub(super) async fn ended(&mut self) {
        match self.tasks.join_next().await {
            Some(ended) => self.take(ended),
            None => std::future::pending().await,
        }
    }

    /// Waits until all have ended, also where one of them failed.
    pub(super) async fn finish(&mut self) -> Result<(), DbFault> {
        while let Some(ended) = self.tasks.join_next().await {
            self.take(ended);
        }
        self.fault.take().map_or(Ok(()), Err)
    }

    fn take(&mut self, ended: Result<(WebhookEndpointId, Result<(), DbFault>), JoinError>) {
        match ended.map_err(JoinError::try_into_panic) {
            Ok((endpoint, outcome)) => {
                if let Some(busy) = self.busy.get_mut(&endpoint) {
                    *busy -= 1;
                }
                self.busy.retain(|_, busy| *busy > 0);
                if let Err(fault) = outcome {
                    tracing::warn!(error = %fault, "the outcome of a webhook was not recorded");
                    self.fault = Some(fault);
                }
            }
            // None of them is cancelled while this one lives.
            Err(Err(_)) => {}
            // A defect ends the dispatcher, and with it the process, whose supervisor starts it again.
            Err(Ok(panic)) => panic::resume_unwind(panic),
        }
    }
}

//! The deliveries under way, one task each, and whose turn it is.

use std::{collections::HashMap, panic};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::task::{JoinError, JoinSet};

use super::{Dispatcher, slots::Slots};
use crate::{
    db::{
        DbFault,
        webhooks::{Claimed, DueEndpoint, Search},
    },
    domain::ids::WebhookEndpointId,
};

/// How many endpoints are looked at together.
const MAX_ENDPOINTS: usize = 100;
/// For how long an endpoint is left alone whose deliveries cannot be claimed.
const SET_ASIDE: TimeDelta = TimeDelta::minutes(1);

/// The deliveries under way.
#[derive(Default)]
pub(super) struct InFlight {
    tasks: JoinSet<(DueEndpoint, Result<(), DbFault>)>,
    slots: Slots,
    /// Whose turn it was last.
    last: Option<WebhookEndpointId>,
    /// Endpoints that are left alone, each until then.
    set_aside: HashMap<WebhookEndpointId, DateTime<Utc>>,
    fault: Option<DbFault>,
}

impl InFlight {
    /// Which endpoints may get something at `now`: those behind the one whose turn it was last. `None` where
    /// there is no room.
    pub(super) fn search(&mut self, now: DateTime<Utc>) -> Option<Search> {
        self.take_ended();
        self.set_aside.retain(|_, until| now < *until);
        (self.slots.room() > 0).then(|| Search {
            after: self.last,
            except: self.slots.full_endpoints().chain(self.set_aside.keys().copied()).collect(),
            except_clients: self.slots.full_clients().collect(),
            except_failing: self.slots.has_no_room_for_failing(),
            limit: MAX_ENDPOINTS,
        })
    }

    /// How many each of so many endpoints may get, at least one.
    pub(super) fn share(&self, endpoints: usize) -> usize {
        (self.slots.room() / endpoints.max(1)).max(1)
    }

    /// How many may be added to one endpoint.
    pub(super) fn room_of(&self, endpoint: &DueEndpoint) -> usize {
        self.slots.room_of(endpoint)
    }

    /// Starts the attempts to an endpoint, whose turn it was.
    pub(super) fn start(&mut self, dispatcher: &Dispatcher, endpoint: DueEndpoint, claimed: Vec<Claimed>) {
        self.last = Some(endpoint.id);
        for one in claimed {
            self.slots.take(&endpoint);
            let dispatcher = dispatcher.clone();
            self.tasks.spawn(async move { (endpoint, dispatcher.deliver(&one).await) });
        }
    }

    /// Leaves an endpoint alone for a time from `now` on, whose turn it was.
    pub(super) fn set_aside(&mut self, endpoint: WebhookEndpointId, now: DateTime<Utc>) {
        self.last = Some(endpoint);
        self.set_aside.insert(endpoint, now + SET_ASIDE);
    }

    /// Takes what has ended by now.
    fn take_ended(&mut self) {
        while let Some(ended) = self.tasks.try_join_next() {
            self.take(ended);
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

    fn take(&mut self, ended: Result<(DueEndpoint, Result<(), DbFault>), JoinError>) {
        match ended.map_err(JoinError::try_into_panic) {
            Ok((endpoint, outcome)) => {
                self.slots.give_back(&endpoint);
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

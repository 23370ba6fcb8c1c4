//! How many deliveries go together: each is a connection, and endpoints that are slow do not take those that
//! the others need.

use std::collections::HashMap;

use crate::{
    db::webhooks::DueEndpoint,
    domain::ids::{ClientId, WebhookEndpointId},
};

/// How many deliveries go together at most.
const MAX_TOTAL: usize = 64;
/// How many of them to the endpoints of one client.
const MAX_PER_CLIENT: usize = 16;
/// How many of them to one endpoint.
const MAX_PER_ENDPOINT: usize = 8;
/// How many of them to endpoints that fail, one to each: such a delivery mostly takes as long as it may.
const MAX_FAILING: usize = 16;
/// How many are left for clients to which none is under way, one to each.
const RESERVED: usize = 16;

const _: () = assert!(MAX_PER_ENDPOINT <= MAX_PER_CLIENT && MAX_FAILING + RESERVED < MAX_TOTAL);

/// The deliveries under way to one endpoint.
#[derive(Debug, Default, Clone, Copy)]
struct Busy {
    number: usize,
    is_failing: bool,
}

impl Busy {
    /// Whether the endpoint may get no more.
    fn is_full(self) -> bool {
        self.is_failing || self.number >= MAX_PER_ENDPOINT
    }
}

/// The deliveries under way, by endpoint and client.
#[derive(Debug, Default)]
pub(super) struct Slots {
    total: usize,
    failing: usize,
    endpoints: HashMap<WebhookEndpointId, Busy>,
    clients: HashMap<ClientId, usize>,
}

impl Slots {
    /// How many may be added.
    pub(super) fn room(&self) -> usize {
        MAX_TOTAL.saturating_sub(self.total)
    }

    /// How many may be added to one endpoint.
    pub(super) fn room_of(&self, endpoint: &DueEndpoint) -> usize {
        let busy = self.endpoints.get(&endpoint.id).copied().unwrap_or_default();
        let of_client = self.clients.get(&endpoint.client).copied().unwrap_or_default();
        let left = self.room().saturating_sub(RESERVED);
        let left = if of_client == 0 { left.max(self.room().min(1)) } else { left };
        let room = left.min(MAX_PER_CLIENT.saturating_sub(of_client));
        if endpoint.is_failing || busy.is_failing {
            room.min(1_usize.saturating_sub(busy.number)).min(MAX_FAILING.saturating_sub(self.failing))
        } else {
            room.min(MAX_PER_ENDPOINT.saturating_sub(busy.number))
        }
    }

    /// Takes one.
    pub(super) fn take(&mut self, endpoint: &DueEndpoint) {
        self.total += 1;
        self.failing += usize::from(endpoint.is_failing);
        let busy = self.endpoints.entry(endpoint.id).or_default();
        *busy = Busy { number: busy.number + 1, is_failing: busy.is_failing || endpoint.is_failing };
        *self.clients.entry(endpoint.client).or_default() += 1;
    }

    /// Gives one back that was taken.
    pub(super) fn give_back(&mut self, endpoint: &DueEndpoint) {
        self.total = self.total.saturating_sub(1);
        self.failing = self.failing.saturating_sub(usize::from(endpoint.is_failing));
        if let Some(busy) = self.endpoints.get_mut(&endpoint.id) {
            busy.number = busy.number.saturating_sub(1);
        }
        self.endpoints.retain(|_, busy| busy.number > 0);
        if let Some(of_client) = self.clients.get_mut(&endpoint.client) {
            *of_client = of_client.saturating_sub(1);
        }
        self.clients.retain(|_, of_client| *of_client > 0);
    }

    /// Whether no endpoint that fails may get one.
    pub(super) fn has_no_room_for_failing(&self) -> bool {
        self.failing >= MAX_FAILING
    }

    /// The endpoints that may get none.
    pub(super) fn full_endpoints(&self) -> impl Iterator<Item = WebhookEndpointId> {
        self.endpoints.iter().filter(|(_, busy)| busy.is_full()).map(|(id, _)| *id)
    }

    /// The clients whose endpoints may get none.
    pub(super) fn full_clients(&self) -> impl Iterator<Item = ClientId> {
        let most = if self.room() > RESERVED { MAX_PER_CLIENT } else { 1 };
        self.clients.iter().filter(move |(_, number)| **number >= most).map(|(id, _)| *id)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn endpoint(client: u128, number: u128, is_failing: bool) -> DueEndpoint {
        let id = WebhookEndpointId::from_uuid(Uuid::from_u128(client * 1000 + number));
        DueEndpoint { id, client: ClientId::from_uuid(Uuid::from_u128(client)), is_failing }
    }

    /// Takes as many as there may be, and returns their number.
    fn fill(slots: &mut Slots, endpoint: &DueEndpoint) -> usize {
        let room = slots.room_of(endpoint);
        (0..room).for_each(|_| slots.take(endpoint));
        room
    }

    #[test]
    fn a_client_gets_a_quarter_and_the_last_ones_are_for_those_who_have_none() {
        let mut slots = Slots::default();
        for client in 1..=3 {
            let taken = [1, 2, 3].map(|number| fill(&mut slots, &endpoint(client, number, false)));
            assert_eq!(taken, [8, 8, 0], "{client}");
        }
        assert_eq!((slots.room(), slots.full_clients().count(), slots.full_endpoints().count()), (16, 3, 6));
        for client in 4..=19 {
            let taken = [1, 2].map(|number| fill(&mut slots, &endpoint(client, number, false)));
            assert_eq!(taken, [1, 0], "{client}");
        }
        assert_eq!((slots.room(), fill(&mut slots, &endpoint(20, 1, false))), (0, 0));
        slots.give_back(&endpoint(1, 1, false));
        assert_eq!(slots.room_of(&endpoint(1, 1, false)), 0);
        assert_eq!(slots.room_of(&endpoint(20, 1, false)), 1);
    }

    #[test]
    fn endpoints_that_fail_get_one_each_and_a_quarter_together() {
        let mut slots = Slots::default();
        let taken: Vec<usize> = (1..=17).map(|client| fill(&mut slots, &endpoint(client, 1, true))).collect();
        assert_eq!(taken, [[1; 16].as_slice(), &[0]].concat());
        assert!(slots.has_no_room_for_failing());
        assert_eq!(slots.room_of(&endpoint(18, 1, false)), 8);
        // It has succeeded meanwhile, and the delivery is still under way.
        assert_eq!(slots.room_of(&endpoint(1, 1, false)), 0);
        (1..=16).for_each(|client| slots.give_back(&endpoint(client, 1, true)));
        assert!(!slots.has_no_room_for_failing());
        assert_eq!((slots.room(), slots.room_of(&endpoint(1, 1, false))), (MAX_TOTAL, 8));
        assert_eq!((slots.full_clients().count(), slots.full_endpoints().count()), (0, 0));
    }
}

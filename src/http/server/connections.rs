//! The open connections by client. A client at its limit gets a new connection in exchange for its oldest
//! waiting one; among all clients, idle connections are closed in favour of clients that send requests.

use std::{
    cmp::Reverse,
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use actix_web::HttpRequest;
use futures_util::task::AtomicWaker;
use ipnet::IpNet;

use super::limits::ConnectionLimits;
use crate::domain::client_address::ClientAddress;

/// How often it is said that connections are closed or refused.
const WARN_INTERVAL: Duration = Duration::from_mins(1);

/// How many requests that one connection has sent ahead are worked on in one turn.
const REQUESTS_PER_TURN: usize = 8;

/// What a connection is at. The order is that in which connections are closed to make room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// The head of its first request has not come.
    New,
    /// It was answered, and the head of its next request has not come.
    Idle,
    /// An answer is stuck on its way, whatever else there is to do: the client takes nothing.
    Unread,
    /// The body of a request is on its way.
    Receiving,
    /// A request is worked on, or its answer is on its way.
    Serving,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    since: Instant,
    /// Since when an answer is stuck on its way.
    stuck: Option<Instant>,
    is_evicted: bool,
    /// Whether reading, or the next request, waits for the answer that is stuck.
    is_held: bool,
    /// How many requests have begun since everything that had come was read.
    pipelined: usize,
}

impl State {
    /// What it is at, and since when, in the order in which connections are closed; `None` while a request is
    /// worked on.
    fn eviction_rank(&self) -> Option<(Phase, Instant)> {
        match (self.stuck, self.phase) {
            (Some(since), _) => Some((Phase::Unread, since)),
            (None, Phase::Serving) => None,
            (None, phase) => Some((phase, self.since)),
        }
    }
}

/// One connection, as the stream, the requests on it, and the registry share it.
pub struct Connection {
    id: u64,
    blocks: Option<(IpNet, IpNet)>,
    registry: Weak<Connections>,
    state: Mutex<State>,
    /// Wakes the task that serves the connection, when it is to be closed.
    pub(super) waker: AtomicWaker,
}

impl Connection {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, phase: Phase) {
        let mut state = self.state();
        (state.phase, state.since) = (phase, Instant::now());
    }

    /// Whether it was closed to make room for another.
    pub(super) fn is_evicted(&self) -> bool {
        self.state().is_evicted
    }

    /// Since when the connection waits for the head of a request; `None` while it is busy.
    pub(super) fn waits_since(&self) -> Option<Instant> {
        let state = self.state();
        (matches!(state.phase, Phase::New | Phase::Idle) && state.stuck.is_none()).then_some(state.since)
    }

    /// Sets whether an answer cannot be written yet. When it was, the time for the next head begins.
    pub(super) fn set_writing(&self, is_writing: bool) {
        let mut state = self.state();
        if is_writing {
            state.stuck.get_or_insert_with(Instant::now);
        } else if state.stuck.take().is_some() {
            state.since = Instant::now();
        }
    }

    /// Whether an answer cannot be written yet. The caller then waits, and [`Connection::released`] reports
    /// that it may continue.
    pub(super) fn holds_back(&self) -> bool {
        let mut state = self.state();
        let is_stuck = state.stuck.is_some();
        state.is_held |= is_stuck;
        is_stuck
    }

    /// Whether a request is being processed, and its body, if any, has arrived.
    pub(super) fn is_working(&self) -> bool {
        self.state().phase == Phase::Serving
    }

    /// Everything was written. Whether a caller has waited for that.
    pub(super) fn released(&self) -> bool {
        std::mem::take(&mut self.state().is_held)
    }

    /// Everything received so far was read: the next request is not a pipelined one.
    pub(super) fn caught_up(&self) {
        self.state().pipelined = 0;
    }

    /// Counts a request. Whether other connections are served before it.
    pub(super) fn should_yield(&self) -> bool {
        let mut state = self.state();
        state.pipelined += 1;
        state.pipelined.is_multiple_of(REQUESTS_PER_TURN)
    }

    /// A request has arrived: until the guard is dropped, the connection is not idle.
    pub(super) fn serving(self: &Arc<Self>) -> Serving {
        self.enter(Phase::Serving);
        Serving { connection: self.clone(), then: Phase::Idle }
    }

    /// The body of a request is waited for, until the guard is dropped.
    pub fn receiving(self: &Arc<Self>) -> Serving {
        self.enter(Phase::Receiving);
        Serving { connection: self.clone(), then: Phase::Serving }
    }

    fn evict(&self) {
        self.state().is_evicted = true;
        self.waker.wake();
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(registry) = self.registry.upgrade() {
            registry.table().remove(self.id, self.blocks);
        }
    }
}

/// Holds a connection in a phase.
pub struct Serving {
    connection: Arc<Connection>,
    then: Phase,
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.connection.enter(self.then);
    }
}

#[derive(Default)]
struct Table {
    all: HashMap<u64, Weak<Connection>>,
    by_block: HashMap<IpNet, usize>,
    warned: Option<Instant>,
}

impl Table {
    fn remove(&mut self, id: u64, blocks: Option<(IpNet, IpNet)>) {
        if self.all.remove(&id).is_none() {
            return;
        }
        for block in blocks.into_iter().flat_map(|(host, network)| [host, network]) {
            if let Some(count) = self.by_block.get_mut(&block) {
                *count -= 1;
                if *count == 0 {
                    self.by_block.remove(&block);
                }
            }
        }
    }

    fn count(&self, block: IpNet) -> usize {
        self.by_block.get(&block).copied().unwrap_or_default()
    }

    /// By how many connections the network of this one has more than a fair share. Trusted proxies have as
    /// many as they need.
    fn excess(&self, connection: &Connection, fair_share: usize) -> usize {
        connection.blocks.map_or(0, |(_, network)| self.count(network).saturating_sub(fair_share))
    }

    /// The connection that can best be done without, of this block or of all. Of all, one of the network that
    /// is furthest beyond its fair share; then by phase, and the oldest.
    fn eviction_candidate(&self, block: Option<IpNet>, fair_share: usize) -> Option<Arc<Connection>> {
        let among = |connection: &Connection| {
            block.is_none_or(|block| {
                connection.blocks.is_some_and(|(host, network)| host == block || network == block)
            })
        };
        let all = self.all.values().filter_map(Weak::upgrade).filter(|connection| among(connection));
        let ranked = all.filter_map(|connection| {
            let eviction_rank = connection.state().eviction_rank()?;
            let excess = if block.is_none() { self.excess(&connection, fair_share) } else { 0 };
            Some(((Reverse(excess), eviction_rank), connection))
        });
        ranked.min_by_key(|(rank, _)| *rank).map(|(_, connection)| connection)
    }
}

/// The connections of a process.
pub struct Connections {
    limits: ConnectionLimits,
    trusted: Vec<IpNet>,
    next: AtomicU64,
    table: Mutex<Table>,
}

impl Connections {
    /// None so far. Of trusted proxies there may be any number: behind each are many clients.
    #[must_use]
    pub fn new(limits: ConnectionLimits, trusted: Vec<IpNet>) -> Arc<Self> {
        Arc::new(Self { limits, trusted, next: AtomicU64::new(0), table: Mutex::default() })
    }

    pub(super) fn limits(&self) -> ConnectionLimits {
        self.limits
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a new connection, and closes another one where its client, its network or all clients together
    /// have too many. `None` when there is none that can be done without: it is to be refused.
    pub fn admit(self: &Arc<Self>, peer: IpAddr) -> Option<Arc<Connection>> {
        let client = ClientAddress::new(peer);
        let is_trusted = self.trusted.iter().any(|network| network.contains(&client.address()));
        let blocks = (!is_trusted).then(|| (client.host(), client.network()));
        let mut table = self.table();
        // Dropped after the lock on the table is released, since their drop takes that lock.
        let evicted = self.make_room(&mut table, client, blocks)?;
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let state = State {
            phase: Phase::New,
            since: Instant::now(),
            stuck: None,
            is_evicted: false,
            is_held: false,
            pipelined: 0,
        };
        let (state, waker, registry) = (Mutex::new(state), AtomicWaker::new(), Arc::downgrade(self));
        let connection = Arc::new(Connection { id, blocks, registry, state, waker });
        table.all.insert(id, Arc::downgrade(&connection));
        for block in blocks.into_iter().flat_map(|(host, network)| [host, network]) {
            *table.by_block.entry(block).or_default() += 1;
        }
        drop(table);
        drop(evicted);
        Some(connection)
    }

    /// Closes connections until there is room for another one in each of its limits; `None` when there is
    /// none to close.
    fn make_room(
        &self,
        table: &mut Table,
        client: ClientAddress,
        blocks: Option<(IpNet, IpNet)>,
    ) -> Option<Vec<Arc<Connection>>> {
        let limits = self.limits;
        let bounds =
            blocks.into_iter().flat_map(|(host, network)| [(host, limits.host), (network, limits.network)]);
        let bounds = bounds.map(|(block, most)| (Some(block), most)).chain([(None, limits.total)]);
        let mut evicted = Vec::new();
        for (block, most) in bounds {
            let count = block.map_or(table.all.len(), |block| table.count(block));
            if count < most {
                continue;
            }
            let eviction_candidate = table.eviction_candidate(block, limits.fair_share());
            if table.warned.is_none_or(|warned| warned.elapsed() >= WARN_INTERVAL) {
                table.warned = Some(Instant::now());
                warn_of_too_many(block.map(|_| client), most, eviction_candidate.is_none());
            }
            let eviction_candidate = eviction_candidate?;
            table.remove(eviction_candidate.id, eviction_candidate.blocks);
            eviction_candidate.evict();
            evicted.push(eviction_candidate);
        }
        Some(evicted)
    }
}

/// `client` is `None` where all clients together have too many.
fn warn_of_too_many(client: Option<ClientAddress>, most: usize, refused: bool) {
    let of = client.map_or_else(|| "all clients".to_owned(), |client| client.to_string());
    tracing::warn!(of, most, refused, "too many connections: the oldest idle or unread one is closed");
}

/// The connection of a request.
pub(in crate::http) fn connection(request: &HttpRequest) -> Option<Arc<Connection>> {
    request.conn_data::<Arc<Connection>>().cloned()
}

#[cfg(test)]
mod tests;

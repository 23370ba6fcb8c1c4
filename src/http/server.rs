//! The listening side: how many connections there are, of whom, and how long each may take over a request's head and an answer.
//!
//! actix limits the time for the first head of a connection alone (`client_request_timeout`), and counts connections without
//! asking whose they are. Here the accepted stream is guarded, so that both hold for every request and for everybody.

mod connections;
mod limits;
mod stream;
mod unreadable;

use std::{
    future::poll_fn,
    io,
    net::TcpListener,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use actix_http::{HttpService, error::DispatchError};
use actix_server::Server;
use actix_service::{IntoServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::{
    Error, HttpRequest,
    body::{BodySize, BoxBody, MessageBody},
    dev::{AppConfig, ServiceRequest, ServiceResponse},
    middleware::Next,
    rt::net::TcpStream,
    web::Bytes,
};

use self::{connections::Serving, stream::GuardedStream, unreadable::ProblemStream};
pub use self::{
    connections::{Connection, Connections},
    limits::ConnectionLimits,
};
use super::State;

/// How long an idle connection is kept.
const KEEP_ALIVE: Duration = Duration::from_secs(5);
/// How long the head of a request may be on its way.
const REQUEST_HEAD: Duration = Duration::from_secs(5);
/// How long a connection that is being closed is given to read what it was sent.
const DISCONNECT: Duration = Duration::from_secs(1);
/// How long requests in hand are given when the service stops, in seconds.
const SHUTDOWN: u64 = 10;

/// Serves at `listener` until the server is stopped.
///
/// # Errors
/// When the system gives no worker.
pub fn serve(listener: TcpListener, state: Arc<State>, connections: Arc<Connections>) -> io::Result<Server> {
    let workers = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let builder = Server::build().workers(workers).shutdown_timeout(SHUTDOWN).disable_signals();
    let builder = builder.max_concurrent_connections(connections.limits().of_worker(workers));
    let stopping = builder.graceful_shutdown_signal();
    let builder = builder.listen("api", listener, move || {
        let (state, connections, stopping) = (state.clone(), connections.clone(), stopping.clone());
        let refusal = unreadable::refusal(state.clone());
        let guard = fn_service(move |stream: TcpStream| {
            let peer = stream.peer_addr().ok();
            // A refused one is dropped here, and so closed.
            let admitted = peer.and_then(|peer| connections.admit(peer.ip()));
            let guarded =
                admitted.map(|connection| (ProblemStream::new(GuardedStream::new(stream, connection), refusal.clone()), peer));
            std::future::ready(guarded.ok_or(DispatchError::DisconnectTimeout))
        });
        let app = super::app(state).into_factory().map_err(|error: Error| error.error_response());
        let http = HttpService::build()
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .keep_alive(KEEP_ALIVE)
            .client_request_timeout(REQUEST_HEAD)
            .client_disconnect_timeout(DISCONNECT)
            .on_connect_ext(|stream: &ProblemStream<GuardedStream>, data| {
                data.insert(stream.inner().connection().clone());
            })
            .h1_allow_half_closed(true)
            .h1(map_config(app, |()| AppConfig::default()));
        guard.and_then(http)
    });
    Ok(builder?.run())
}

/// Marks the connection of a request as busy until its answer's body is made, whatever becomes of the request.
pub(super) async fn middleware(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let connection = connection(request.request());
    let serving = connection.as_ref().map(Connection::serving);
    if let Some(connection) = &connection {
        // Requests that were sent ahead are not worked on while an answer is stuck: the HTTP library would hold theirs too, however
        // many. It polls this itself, in the task that the stream wakes once everything was taken.
        poll_fn(|_| if connection.holds_back() { Poll::Pending } else { Poll::Ready(()) }).await;
    }
    if connection.is_some_and(|connection| connection.is_turn_over()) {
        // Requests that were sent ahead are answered without waiting for anything, and other connections would wait for all of them.
        tokio::task::yield_now().await;
    }
    let answer = next.call(request).await?;
    Ok(answer.map_body(|_, body| Served { body: body.boxed(), left: Bytes::new(), _serving: serving }))
}

/// The connection that a request came by.
pub(super) fn connection(request: &HttpRequest) -> Option<Arc<Connection>> {
    request.conn_data::<Arc<Connection>>().cloned()
}

/// How much of an answer is handed on at once. The HTTP library copies it, and holds the copy for as long as the client takes nothing.
const PIECE: usize = 16 * 1024;

/// An answer's body; its end is the request's.
struct Served {
    body: BoxBody,
    /// What is left of the piece that was made last.
    left: Bytes,
    _serving: Option<Serving>,
}

impl MessageBody for Served {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        if self.left.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_next(cx)) {
                Some(Ok(made)) => self.left = made,
                end => return Poll::Ready(end),
            }
        }
        let piece = self.left.len().min(PIECE);
        Poll::Ready(Some(Ok(self.left.split_to(piece))))
    }
}

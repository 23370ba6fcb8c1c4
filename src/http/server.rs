//! The listening side: how many connections there are, of whom, and how long each may take over a request's
//! head and an answer.
//!
//! actix limits the time for the first head of a connection alone (`client_request_timeout`), and counts
//! connections without asking whose they are. Here the accepted stream is guarded, so that both hold for
//! every request and for all clients.

pub(super) mod connections;
mod head_requests;
mod limits;
pub(super) mod serving;
mod stream;
mod timeouts;
mod unreadable;

use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
};

use actix_http::{HttpService, error::DispatchError};
use actix_server::Server;
use actix_service::{IntoServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::{
    App, Error,
    body::MessageBody,
    dev::{AppConfig, ServiceFactory, ServiceRequest, ServiceResponse},
    rt::net::TcpStream,
};

pub use self::{connections::Connections, limits::ConnectionLimits};
use self::{
    head_requests::HeadRequestStream,
    stream::GuardedStream,
    timeouts::{DISCONNECT_TIMEOUT, KEEP_ALIVE_TIMEOUT, REQUEST_HEAD_TIMEOUT, SHUTDOWN_TIMEOUT_SECONDS},
    unreadable::{ProblemStream, Refusal},
};
use super::{router, state::State};

/// Serves the API at `listener` until the server is stopped.
///
/// # Errors
/// When the system gives no worker.
pub fn serve(listener: TcpListener, state: Arc<State>, connections: Arc<Connections>) -> io::Result<Server> {
    let workers = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    run(listener, workers, state, connections, router::app)
}

/// Serves `/metrics` alone at `listener` until the server is stopped. Its connections are not counted among
/// those of the API, so that clients of the API do not keep the monitoring out.
///
/// # Errors
/// When the system gives no worker.
pub fn serve_metrics(listener: TcpListener, state: Arc<State>) -> io::Result<Server> {
    let trusted = state.settings.trusted_proxies.clone();
    let connections = Connections::new(ConnectionLimits::of_metrics(), trusted);
    run(listener, 1, state, connections, router::metrics_app)
}

/// A connection with its guards, and its peer.
type Guarded = (ProblemStream<HeadRequestStream<GuardedStream>>, Option<SocketAddr>);

/// A refused connection is dropped here, and so closed.
fn guarded(stream: TcpStream, connections: &Arc<Connections>, refusal: &Refusal) -> Option<Guarded> {
    let peer = stream.peer_addr().ok();
    let connection = peer.and_then(|peer| connections.admit(peer.ip()))?;
    let guarded = GuardedStream::new(stream, connection.clone());
    Some((ProblemStream::new(HeadRequestStream::new(guarded, connection), refusal.clone()), peer))
}

/// Runs so many workers of an application.
fn run<T, B>(
    listener: TcpListener,
    workers: usize,
    state: Arc<State>,
    connections: Arc<Connections>,
    app: fn(Arc<State>) -> App<T>,
) -> io::Result<Server>
where
    T: ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<B>,
            Error = Error,
            InitError = (),
        > + 'static,
    B: MessageBody + 'static,
{
    let builder =
        Server::build().workers(workers).shutdown_timeout(SHUTDOWN_TIMEOUT_SECONDS).disable_signals();
    let builder = builder.max_concurrent_connections(connections.limits().of_worker(workers));
    let stopping = builder.graceful_shutdown_signal();
    let builder = builder.listen("api", listener, move || {
        let (state, connections, stopping) = (state.clone(), connections.clone(), stopping.clone());
        let refusal = unreadable::refusal(state.clone());
        let guard = fn_service(move |stream: TcpStream| {
            let guarded = guarded(stream, &connections, &refusal);
            std::future::ready(guarded.ok_or(DispatchError::DisconnectTimeout))
        });
        let app = app(state).into_factory().map_err(|error: Error| error.error_response());
        let http = HttpService::build()
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .keep_alive(KEEP_ALIVE_TIMEOUT)
            .client_request_timeout(REQUEST_HEAD_TIMEOUT)
            .client_disconnect_timeout(DISCONNECT_TIMEOUT)
            .on_connect_ext(|stream: &ProblemStream<HeadRequestStream<GuardedStream>>, data| {
                data.insert(stream.inner().inner().connection().clone());
            })
            .h1_allow_half_closed(true)
            .h1(map_config(app, |()| AppConfig::default()));
        guard.and_then(http)
    });
    Ok(builder?.run())
}

//! The composition root: puts the modules together from the configuration, starts and stops them.

mod commands;
mod construction;
mod keys;

use std::{
    io,
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use actix_web::dev::{Server, ServerHandle};
use futures_util::future::select;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

pub use self::commands::{migrate, revoke_token, unread_mail, withdraw_mail};
use self::{construction::Shared, keys::Keys};
pub use crate::db::letters::unread_mail::UnreadMail;
use crate::{
    clock::Clock,
    config::{self, Config, SecretError},
    courier::Courier,
    db::{Db, OpenError},
    dispatcher::Dispatcher,
    domain::{base_path::BasePath, bounce_address::BounceKeys},
    http::{
        CourierWatch, ReturnedMailEntry, Settings, State, read_gauges,
        server::{self, ConnectionLimits, Connections},
    },
    mail::{Mailer, MimeReader, WebhookHttp},
    metrics::Metrics,
    otel::{self, PendingExport, Reading, Tracer},
    services::{
        Services, access_token::AccessTokens, cleanup::sweep, provider_tokens::ProviderTokens, session_token,
    },
};

/// How often expired rows are deleted: what is kept for a day may stay an hour longer.
const SWEEP_INTERVAL: Duration = Duration::from_hours(1);

/// How often an unusable database is examined again.
const EXAMINE_INTERVAL: Duration = Duration::from_secs(5);

const _: () = assert!(session_token::LIFETIME.as_secs() <= config::SHORTEST_JWT_MAX_TTL.as_secs());

/// Why the service does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database.
    #[error("{0}")]
    Database(#[from] OpenError),
    /// The root key.
    #[error("{0}")]
    Secret(#[from] SecretError),
    /// The mail transport.
    #[error("MAIL_URL: {0}")]
    Mail(String),
    /// The address to listen at.
    #[error("cannot listen at {0}: {1}")]
    Listen(std::net::SocketAddr, #[source] io::Error),
    /// The identity providers.
    #[error("JWT_ISSUERS: {0}")]
    Issuers(String),
    /// A defect of ours.
    #[error("{0}")]
    Defect(String),
}

/// The parts, put together and not yet running.
#[derive(Clone)]
pub struct Parts {
    /// The operations.
    pub services: Services,
    /// Sends what the operations put into the outbox.
    pub courier: Courier,
    /// Sends the webhooks that the operations write.
    pub dispatcher: Dispatcher,
    /// Makes the spans of requests.
    pub tracer: Tracer,
    /// Sends spans and metrics, once it runs; none without a collector.
    pub export: PendingExport,
    /// What HTTP needs to know.
    pub settings: Settings,
}

/// The maker of access tokens, for whoever needs no more than the key. Makes none where there is none: a
/// folder that holds no service's key is the wrong one.
///
/// # Errors
/// [`SecretError`] when there is no key, or its file cannot be read.
pub fn access_tokens(config: &Config) -> Result<AccessTokens, SecretError> {
    Ok(Keys::derive(config, &config::root_key(config.secret_key.as_ref())?, Clock::system()).access_tokens)
}

/// What the configuration says about HTTP.
fn settings(config: &Config, bounces: BounceKeys) -> Settings {
    let returned_mail = config.returned_mail.clone().map(|secret| ReturnedMailEntry {
        secret,
        reader: Arc::new(MimeReader::new(Box::new(move |address| bounces.check(address)))),
    });
    let public_url = config.public_url.as_str().trim_end_matches('/').to_owned();
    Settings {
        https: config.public_url.scheme() == "https",
        public_url,
        origin: config.public_url.origin().ascii_serialization(),
        // The configuration refuses every other path.
        base_path: BasePath::parse(config.public_url.path()).unwrap_or_default(),
        locale: config.locale,
        time_zone: config.time_zone.clone(),
        webhooks: config.webhooks.clone().with_client(Arc::new(WebhookHttp::default())),
        returned_mail,
        rate_limits: config.rate_limits,
        cors_origins: config.cors_origins.clone(),
        metrics_apart: config.metrics_addr.is_some(),
        trusted_proxies: config.trusted_proxies.clone(),
    }
}

/// Looks at the database, and brings its schema up to date. `false`, and nothing is done, where a pooler
/// stands before it that cannot be worked through; the log says which setting it needs.
///
/// # Errors
/// [`StartError`] when the database cannot be used or a migration fails.
pub async fn prepare(db: &Db) -> Result<bool, StartError> {
    match db.examine().await {
        Ok(findings) => {
            if findings.pooled {
                tracing::info!("connected through a pooler: session settings are applied per transaction");
            }
            for caution in findings.cautions {
                tracing::warn!("{caution}");
            }
            db.migrate().await?;
            Ok(true)
        }
        Err(OpenError::Pooler(fault)) => {
            tracing::error!("not ready: {fault}");
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}

/// Examines a database that [`prepare`] found unusable until it is usable. Runs until `stop` is cancelled.
pub async fn run_preparation(db: Db, stop: CancellationToken) {
    let preparation = async {
        loop {
            sleep(EXAMINE_INTERVAL).await;
            match db.examine().await {
                Ok(_) => match db.migrate().await {
                    Ok(_) => break tracing::info!("the database is usable now"),
                    Err(error) => tracing::warn!(%error, "the schema could not be brought up to date"),
                },
                // It was logged at the start.
                Err(OpenError::Pooler(_)) => {}
                Err(error) => tracing::warn!(%error, "examining the database failed"),
            }
        }
        std::future::pending::<()>().await;
    };
    stop.run_until_cancelled(preparation).await;
}

/// Builds what [`Parts::new`] builds from the configuration alone, and keeps nothing of it: neither network,
/// database nor folder is touched. Called on a Tokio runtime.
///
/// # Errors
/// [`StartError`], as a start would have it.
pub fn check(config: &Config) -> Result<(), StartError> {
    Mailer::check(&config.mail_url, config.sender.clone()).map_err(StartError::Mail)
}

impl Parts {
    /// Puts the parts together. Makes the root key when there is none; opens the database, and leaves its
    /// schema alone.
    ///
    /// # Errors
    /// [`StartError`] says which part is missing.
    pub fn new(config: &Config, clock: Clock) -> Result<Self, StartError> {
        let root = config::root_key_or_new(config.secret_key.as_ref())?;
        let keys = Keys::derive(config, &root, clock.clone());
        let sender = config.sender.clone().with_bounce_keys(keys.bounces.clone());
        let mailer = Mailer::new(&config.mail_url, sender).map_err(StartError::Mail)?;
        let db = Db::open(&config.database_url)?;
        let no_thread = |error: io::Error| StartError::Defect(error.to_string());
        let shared = Shared::new(db, clock, mailer).map_err(no_thread)?;
        let metrics = Metrics::new();
        metrics.gauges.started(shared.clock.now().timestamp());
        let (tracer, export) = match config.otlp() {
            Some(settings) => {
                otel::start(settings, &metrics, shared.clock.now()).map_err(StartError::Defect)?
            }
            None => <(Tracer, PendingExport)>::default(),
        };
        let watched = (&metrics, &tracer);
        let courier = shared.courier(config, &keys, watched).map_err(no_thread)?;
        let dispatcher = shared.dispatcher(config, &keys, watched).map_err(StartError::Defect)?;
        let settings = settings(config, keys.bounces.clone());
        let provider_tokens =
            ProviderTokens::new(&config.jwt_issuers, &shared.clock).map_err(StartError::Issuers)?;
        let services = shared.services(config, keys, provider_tokens).map_err(no_thread)?;
        Ok(Self { services, courier, dispatcher, tracer, export, settings })
    }

    /// Starts the API at `listener`'s address. It runs until the handle stops it or a signal does.
    ///
    /// # Errors
    /// [`StartError`] when a worker cannot be started.
    pub fn serve(
        &self,
        listener: TcpListener,
        courier: CourierWatch,
    ) -> Result<(ServerHandle, impl Future<Output = io::Result<()>> + use<>), StartError> {
        self.serve_with_metrics(listener, None, courier)
    }

    /// The same with metrics at another listener's address, for as long as the API runs.
    ///
    /// # Errors
    /// [`StartError`] when a worker cannot be started.
    pub fn serve_with_metrics(
        &self,
        listener: TcpListener,
        metrics: Option<TcpListener>,
        courier: CourierWatch,
    ) -> Result<(ServerHandle, impl Future<Output = io::Result<()>> + use<>), StartError> {
        let state = self.state(courier)?;
        let address = listener.local_addr().map_err(|error| StartError::Defect(error.to_string()))?;
        let connections =
            Connections::new(ConnectionLimits::of_process(), self.settings.trusted_proxies.clone());
        let no_worker = |error| StartError::Listen(address, error);
        let metrics = metrics.map(|metrics| server::serve_metrics(metrics, state.clone())).transpose();
        let metrics = metrics.map_err(no_worker)?;
        let server = server::serve(listener, state, connections).map_err(no_worker)?;
        Ok((server.handle(), async {
            match metrics {
                None => server.await,
                Some(metrics) => select(server, metrics).await.factor_first().0,
            }
        }))
    }

    /// Serves metrics alone at `listener`'s address, for a process without the API. It runs until the handle
    /// stops it.
    ///
    /// # Errors
    /// [`StartError`] when a worker cannot be started.
    pub fn serve_metrics_alone(
        &self,
        listener: TcpListener,
        courier: CourierWatch,
    ) -> Result<(ServerHandle, Server), StartError> {
        let address = listener.local_addr().map_err(|error| StartError::Defect(error.to_string()))?;
        let server = server::serve_metrics(listener, self.state(courier)?);
        let server = server.map_err(|error| StartError::Listen(address, error))?;
        Ok((server.handle(), server))
    }

    fn state(&self, courier: CourierWatch) -> Result<Arc<State>, StartError> {
        let (services, metrics) = (self.services.clone(), self.courier.metrics.clone());
        State::new(services, courier, (metrics, self.tracer.clone()), self.settings.clone())
            .map_err(|error| StartError::Defect(error.to_string()))
    }
}

/// Runs the courier and says, while it does, that it is at work.
pub async fn run_courier(courier: Courier, at_work: Arc<AtomicBool>, stop: CancellationToken) {
    struct AtWork(Arc<AtomicBool>);
    impl Drop for AtWork {
        fn drop(&mut self) {
            self.0.store(false, Ordering::Relaxed);
        }
    }
    at_work.store(true, Ordering::Relaxed);
    let _sign = AtWork(at_work);
    stop.run_until_cancelled(courier.db.suitable()).await;
    courier.run(stop).await;
}

/// Sends webhooks until `stop` is cancelled.
pub async fn run_dispatcher(dispatcher: Dispatcher, stop: CancellationToken) {
    if stop.run_until_cancelled(dispatcher.db.suitable()).await.is_some() {
        dispatcher.run(stop).await;
    }
}

/// Exports spans and metrics until `stop` is cancelled, and then what is left. Where there is no collector it
/// returns at once. `courier` is what metrics say of the courier.
pub async fn run_export(parts: Parts, courier: CourierWatch, stop: CancellationToken) {
    let Some(export) = parts.export.take() else { return };
    let (services, metrics) = (parts.services, parts.courier.metrics);
    let read = || async {
        read_gauges(&services, &metrics, &courier).await;
        Reading { text: metrics.render(), at: services.clock.now() }
    };
    export.run(read, stop).await;
}

/// Keeps the keys of identity providers fresh until `stop` is cancelled.
pub async fn run_key_refresh(services: Services, stop: CancellationToken) {
    stop.run_until_cancelled(services.provider_tokens.run()).await;
}

/// Deletes expired rows, at once and then by the hour, until `stop` is cancelled.
pub async fn run_sweeper(services: Services, stop: CancellationToken) {
    if stop.run_until_cancelled(services.db.suitable()).await.is_none() {
        return;
    }
    loop {
        if let Err(error) = sweep(&services, &stop).await {
            tracing::warn!(%error, "deleting expired rows failed; the next attempt is in an hour");
        }
        if stop.run_until_cancelled(sleep(SWEEP_INTERVAL)).await.is_none() {
            return;
        }
    }
}

//! The subcommands `serve`, `courier`, `migrate`, and smaller ones.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::Path,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use chrono::{DateTime, SecondsFormat, Utc};
use tokio_util::sync::CancellationToken;

use super::{
    exporting::Exporting,
    output::{notice, print, print_line},
    running::{Part, Signals, run_until_signal},
    shared::{EXPOSED_DKIM_KEY, EXPOSED_KEY, Outcome, clock, runtime, start_logging},
};
use crate::{
    app::{self, Parts},
    config::{
        self, Config, Variable,
        variables::{JWT_AUDIENCE, JWT_ISSUER, SECRET_KEY, SECRET_KEY_FILE},
    },
    http::CourierWatch,
    mail::{DkimSigner, TransferEncoding, write_built_in, write_samples},
    services::withdraw::Withdrawn,
};

/// How this process treats letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Letters {
    /// Its courier sends them.
    Sent,
    /// They stay queued (`--hold-mail`).
    Held,
    /// Another process sends them.
    Elsewhere,
}

impl Letters {
    pub(super) fn here(hold: bool) -> Self {
        if hold { Self::Held } else { Self::Sent }
    }
}

/// Runs the API, and the courier unless another process sends the letters.
pub(super) fn serve(config: &Config, letters: Letters) -> Outcome {
    let with_courier = letters == Letters::Sent;
    start_logging(config);
    warn(config, with_courier);
    run_to_end(async {
        let listener = bind(config.listen_addr)?;
        let metrics = config.metrics_addr.map(bind).transpose()?;
        // Links must have the port that is really bound.
        let mut config = config.listening_at(listener.local_addr()?);
        config.metrics_addr = metrics.as_ref().map(TcpListener::local_addr).transpose()?;
        let config = &config;
        let parts = Parts::new(config, clock())?;
        let prepared = app::prepare(&parts.services.db).await?;
        let stop = CancellationToken::new();
        let at_work = Arc::new(AtomicBool::new(with_courier));
        let watch = courier_watch(letters, &at_work);
        // Before the listener serves, so that no signal can arrive unhandled after the service is reachable.
        let mut signals = Signals::listen()?;
        let exporting = Exporting::spawn(&parts, watch.clone());
        let (handle, server) = parts.serve_with_metrics(listener, metrics, watch)?;
        let mut running = vec![Part::spawn("the server", server)];
        running.extend(background_parts(&parts, prepared, &stop));
        if with_courier {
            running.push(courier_part(&parts, at_work, stop.clone()));
            running.push(dispatcher_part(&parts, stop.clone()));
        }
        greet(config, letters);
        let stop_server = async { handle.stop(true).await };
        let outcome = run_until_signal(async || signals.next().await, running, stop, stop_server).await;
        exporting.finish(&outcome, &mut signals).await;
        Ok(outcome?)
    })
}

fn bind(address: SocketAddr) -> Result<TcpListener, app::StartError> {
    TcpListener::bind(address).map_err(|error| app::StartError::Listen(address, error))
}

fn warn(config: &Config, with_courier: bool) {
    warn_of_exposed_key(config);
    warn_of_clear_links(config);
    if with_courier {
        warn_of_exposed_mail_secrets(config);
    }
}

fn courier_watch(letters: Letters, at_work: &Arc<AtomicBool>) -> CourierWatch {
    match letters {
        Letters::Sent => CourierWatch::here(at_work.clone()),
        Letters::Held => CourierWatch::held(),
        Letters::Elsewhere => CourierWatch::elsewhere(),
    }
}

/// What runs beside the server and the courier.
fn background_parts(parts: &Parts, prepared: bool, stop: &CancellationToken) -> Vec<Part> {
    let mut running = vec![sweeper_part(parts, stop.clone()), key_refresh_part(parts, stop.clone())];
    if !prepared {
        running.push(preparation_part(parts, stop.clone()));
    }
    running
}

/// Runs the courier alone, and serves its metrics where an address is given.
pub(super) fn courier(config: &Config, letters: Letters, metrics: Option<SocketAddr>) -> Outcome {
    start_logging(config);
    warn(config, true);
    run_to_end(async {
        let listener = metrics.map(bind).transpose()?;
        let metrics = listener.as_ref().map(TcpListener::local_addr).transpose()?;
        let parts = Parts::new(config, clock())?;
        let prepared = app::prepare(&parts.services.db).await?;
        let stop = CancellationToken::new();
        let at_work = Arc::new(AtomicBool::new(true));
        let mut signals = Signals::listen()?;
        let (mut running, watch) = match letters {
            Letters::Sent => {
                let watch = CourierWatch::here(at_work.clone());
                (
                    vec![courier_part(&parts, at_work, stop.clone()), dispatcher_part(&parts, stop.clone())],
                    watch,
                )
            }
            Letters::Held | Letters::Elsewhere => (vec![idle_part(stop.clone())], CourierWatch::held()),
        };
        if !prepared {
            running.push(preparation_part(&parts, stop.clone()));
        }
        let exporting = Exporting::spawn(&parts, watch.clone());
        let mut handle = None;
        if let Some(listener) = listener {
            let (stopping, server) = parts.serve_metrics_alone(listener, watch)?;
            running.push(Part::spawn("the listener for metrics", server));
            handle = Some(stopping);
        }
        greet_of_courier(config, letters, metrics);
        let stop_server = async {
            if let Some(handle) = handle {
                handle.stop(true).await;
            }
        };
        let outcome = run_until_signal(async || signals.next().await, running, stop, stop_server).await;
        exporting.finish(&outcome, &mut signals).await;
        Ok(outcome?)
    })
}

/// Says in one line what the courier does.
fn greet_of_courier(config: &Config, letters: Letters, metrics: Option<SocketAddr>) {
    let letters = match letters {
        Letters::Sent => format!("letters go to {}", config.mail_url.describe()),
        Letters::Held | Letters::Elsewhere => "letters wait (--hold-mail)".to_owned(),
    };
    let metrics = metrics.map(|at| format!("; metrics at http://{at}/metrics")).unwrap_or_default();
    notice(format_args!("invitation-service courier: {letters}{metrics}"));
}

fn courier_part(parts: &Parts, at_work: Arc<AtomicBool>, stop: CancellationToken) -> Part {
    let courier = parts.courier.clone();
    Part::spawn("the courier", async move {
        app::run_courier(courier, at_work, stop).await;
        Ok(())
    })
}

fn dispatcher_part(parts: &Parts, stop: CancellationToken) -> Part {
    let dispatcher = parts.dispatcher.clone();
    Part::spawn("the dispatcher", async move {
        app::run_dispatcher(dispatcher, stop).await;
        Ok(())
    })
}

/// A courier that sends nothing.
fn idle_part(stop: CancellationToken) -> Part {
    Part::spawn("the courier", async move {
        stop.cancelled().await;
        Ok(())
    })
}

fn preparation_part(parts: &Parts, stop: CancellationToken) -> Part {
    let db = parts.services.db.clone();
    Part::spawn("the preparation of the database", async move {
        app::run_preparation(db, stop).await;
        Ok(())
    })
}

fn key_refresh_part(parts: &Parts, stop: CancellationToken) -> Part {
    let services = parts.services.clone();
    Part::spawn("the refresh of identity providers' keys", async move {
        app::run_key_refresh(services, stop).await;
        Ok(())
    })
}

fn sweeper_part(parts: &Parts, stop: CancellationToken) -> Part {
    let services = parts.services.clone();
    Part::spawn("the sweeper", async move {
        app::run_sweeper(services, stop).await;
        Ok(())
    })
}

/// Runs `work`, and returns when it does, without waiting for other tasks.
fn run_to_end(work: impl Future<Output = Outcome>) -> Outcome {
    let runtime = runtime()?;
    let outcome = runtime.block_on(work);
    // All tasks to wait for have ended. A blocking database call, such as a COMMIT that waits for a standby,
    // may hang for ever.
    runtime.shutdown_background();
    outcome
}

/// Runs the migrations alone.
pub(super) fn migrate(config: &Config) -> Outcome {
    start_logging(config);
    let done = runtime()?.block_on(async { app::migrate(config).await })?;
    Ok(print_line(format_args!("{}: {done} migration(s) run", config.database_url.describe()))?)
}

/// Withdraws the letters that were queued at or before a time.
pub(super) fn mail_withdraw(config: &Config, before: DateTime<Utc>) -> Outcome {
    start_logging(config);
    let clock = clock();
    if before > clock.now() {
        return Err(format!(
            "--before {} is in the future",
            before.to_rfc3339_opts(SecondsFormat::Secs, true)
        )
        .into());
    }
    let Withdrawn { letters, reminders, in_hand } =
        runtime()?.block_on(async { app::withdraw_mail(config, &clock, before).await })?;
    let sent_again = if letters > 0 {
        "GET /v1/invitations?delivery=failed lists their invitations; POST /v1/invitations/batch/resend \
        with {\"filter\": {\"delivery\": \"failed\"}} sends them again.\n"
    } else {
        ""
    };
    let printed = print(format_args!(
        "{letters} letter(s) withdrawn; {reminders} due reminder(s) will not be sent.\n{sent_again}"
    ));
    if in_hand > 0 {
        return Err(format!(
            "{in_hand} letter(s) are leased by a courier, or were when the backup was made: run this again \
            in a minute"
        )
        .into());
    }
    Ok(printed?)
}

/// Writes every letter in every language, or the built-in templates.
pub(super) fn mail_preview(
    config: &Config,
    folder: &str,
    templates: Option<&str>,
    encoding: TransferEncoding,
) -> Outcome {
    let files = if let Some(templates) = templates {
        write_built_in(Path::new(templates))?
    } else {
        let (sender, operator) = (config.sender.clone(), &config.operator_name);
        write_samples(Path::new(folder), sender, operator, encoding, clock().now())?
    };
    for file in files {
        print_line(file.display())?;
    }
    Ok(())
}

/// Sends `GET /readyz`, so that a container needs no other program for it.
pub(super) fn healthcheck(config: &Config) -> Outcome {
    let mut address = config.listen_addr;
    if address.ip().is_unspecified() {
        address = SocketAddr::from((Ipv4Addr::LOCALHOST, address.port()));
    }
    let timeout = Duration::from_secs(2);
    let mut stream = TcpStream::connect_timeout(&address, timeout)?;
    stream.set_read_timeout(Some(timeout))?;
    stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    // A server that takes too long to answer counts as not ready.
    stream.take(16 * 1024).read_to_string(&mut answer).map_err(|error| format!("not ready: {error}"))?;
    if answer.starts_with("HTTP/1.1 200") { Ok(()) } else { Err("not ready".into()) }
}

fn warn_of_exposed_key(config: &Config) {
    if let Some(file) = config::exposed_key_file(config.secret_key.as_ref()) {
        tracing::warn!(?file, "{EXPOSED_KEY}");
    }
}

fn warn_of_clear_links(config: &Config) {
    for (name, caution) in config.clear_links() {
        tracing::warn!("{name}: {caution}");
    }
}

fn warn_of_exposed_mail_secrets(config: &Config) {
    if let Some(caution) = config.mail_url.caution() {
        tracing::warn!(relay = config.mail_url.describe(), "MAIL_URL: {caution}");
    }
    for file in config.sender.signers().iter().filter_map(DkimSigner::exposed_file) {
        tracing::warn!(?file, "{EXPOSED_DKIM_KEY}");
    }
}

/// Prints the addresses in use, and a command to try.
fn greet(config: &Config, letters: Letters) {
    let path = |path: std::io::Result<std::path::PathBuf>| path.map(|path| path.display().to_string()).ok();
    let program = path(std::env::current_exe()).unwrap_or_else(|| "invitation-service".to_owned());
    // Without SECRET_KEY the key is in this folder, and in another one the command would make another key.
    let folder = path(std::env::current_dir()).unwrap_or_else(|| ".".to_owned());
    let (url, mail) = (config.public_url.as_str().trim_end_matches('/'), config.mail_url.describe());
    let mail = match letters {
        Letters::Sent => format!("go to {mail}"),
        Letters::Held => "wait (--hold-mail)".to_owned(),
        Letters::Elsewhere => "are sent by another process".to_owned(),
    };
    notice(format_args!(
        "invitation-service {version}\n\
         \n  listens at   http://{listen}   (contract: {url}/docs)\
         {metrics}\
         \n  stores in    {database}\
         \n  letters      {mail}\n\
         \nSend an invitation:\n\
         \n  TOKEN=$(cd '{folder}' && '{program}' token --role admin)\
         \n  curl -sS {url}/v1/system-users/invitations -H \"Authorization: Bearer $TOKEN\" \
         -H 'Content-Type: application/json' -d \
         '{{\"email\":\"ada@example.com\",\"roles\":[\"viewer\"]}}'\n{needs}",
        needs = token_needs(config).map(|needs| format!("\n{needs}\n")).unwrap_or_default(),
        version = env!("CARGO_PKG_VERSION"),
        listen = config.listen_addr,
        metrics =
            config.metrics_addr.map(|at| format!("\n  metrics at   http://{at}/metrics")).unwrap_or_default(),
        database = config.database_url.describe(),
    ));
}

/// The variables that the `token` command needs in a shell without this process's environment.
fn token_needs(config: &Config) -> Option<String> {
    let own = |variable: Variable, value: &str| (value != variable.default).then_some(variable.name);
    let key = if config.secret_key_file.is_some() { SECRET_KEY_FILE } else { SECRET_KEY };
    let key = config.secret_key.is_some().then_some(key.name);
    let names: Vec<&str> =
        [key, own(JWT_ISSUER, &config.jwt_issuer), own(JWT_AUDIENCE, &config.jwt_audience)]
            .into_iter()
            .flatten()
            .collect();
    let alike = "in its environment as this process. Otherwise its tokens are refused.";
    (!names.is_empty()).then(|| format!("The token command needs the same {} {alike}", names.join(", ")))
}

//! `invitation-service import`: invites the people in a CSV file, through a running service.
//!
//! It is an ordinary client of the API. So it works while a server is running, on SQLite too, where one
//! process owns the database file; and authorization and validation stay in one place.

mod columns;
mod fault;
mod file;
mod outcome;
mod report;
mod row;
mod sending;
mod service;
mod spelling;
mod stop;
mod terminal;

use std::{collections::BTreeSet, error::Error, io::Read, path::PathBuf, process::ExitCode, time::Duration};

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use self::{
    fault::RowError,
    outcome::Outcome,
    report::Report,
    row::Row,
    sending::Run,
    service::Service,
    stop::{Reason, Stop},
    terminal::Screen,
};
use super::{
    output::UNWRITABLE,
    running::Signals,
    shared::{clock, runtime},
    token,
};
use crate::{
    app,
    config::Config,
    domain::{locale::Locale, permission::Permission},
    services::access_token::Grant,
};

/// The lifetime of a token made for one import: as long as the service keeps the rows' idempotency keys.
const TOKEN_LIFETIME: Duration = Duration::from_hours(24);
/// The exit code of a command that Ctrl-C ended: 128 plus the number of SIGINT, as shells report it.
const INTERRUPTED: u8 = 130;

const EXAMPLE: &str = "Columns, in any order, separated by , or ; or tabs, with the names in the first line:
{columns}An empty cell counts as absent, and cells may be missing at the end of a row. Columns that no row
needs may be left out. Names of columns, kinds and roles are read in any case, with blanks or hyphens too
(E-mail, Account name, SUB-ACCOUNT). A first line sep=; sets the separator. A rate above 2 EUR per kWh causes
a warning, and is sent.

Example:
  $ cat people.csv
  kind,email,roles,account_name,role,reimbursement_rate
  system_user,ada@example.com,viewer|finance,,,
  account_owner,olga@acme.example,,Acme B.V.,,
  sub_account,dave@globex.example,,Globex,driver,0.23

  $ invitation-service import people.csv --dry-run
  would be invited 3, already there 0, failed 0

  $ invitation-service import people.csv
  invited 3, already there 0, failed 0

Run it again after an interruption: no person is invited twice. A person whom an earlier run of the last 24
hours invited, and whose invitation was revoked or has expired since, is reported as no longer invited, and
is invited again with --anew. It exits with 0 when every row is invited or already there, with 130 when it
was interrupted, with 74 when its results cannot be written, and with 1 otherwise.";

fn example() -> String {
    EXAMPLE.replace("{columns}", &columns::help()).replace("{languages}", &Locale::known())
}

/// What to import, and the service to send it to.
#[derive(clap::Args)]
#[command(after_help = example())]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(super) struct Arguments {
    /// The CSV file (UTF-8, or UTF-16 with a byte order mark); - reads standard input
    file: PathBuf,
    /// Validate every row, here and at the service, and invite no one
    #[arg(long)]
    dry_run: bool,
    /// Send the valid rows although others are faulty
    #[arg(long)]
    skip_faulty: bool,
    /// Invite again those whom an earlier run invited, and whose invitation was revoked or has expired since
    #[arg(long)]
    anew: bool,
    /// Print one JSON object a row to standard output, and the summary to standard error
    #[arg(long)]
    json: bool,
    /// The URL of the service [default: PUBLIC_URL, or else LISTEN_ADDR]
    #[arg(long, value_parser = web_url)]
    url: Option<Url>,
    /// An access token; needed only where the service's key is not available. Prefer the variable: arguments
    /// are visible in the list of processes
    #[arg(long, env = "ACCESS_TOKEN", hide_env_values = true)]
    token: Option<SecretString>,
    /// The inviter's name in letters and timelines, when no token is given
    #[arg(long, default_value = "operations")]
    subject: String,
    /// How long to retry when the service does not answer
    #[arg(long, value_name = "DURATION", default_value = "2m", value_parser = humantime::parse_duration)]
    retry_for: Duration,
}

pub(super) fn web_url(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "is no URL")?;
    let good = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.query().is_none()
        && url.fragment().is_none();
    if good { Ok(url) } else { Err("is no base URL of a service, as https://invitations.example.com") }
}

/// Runs the import.
///
/// # Errors
/// When nothing could be sent: the file cannot be read, there is no token, or no service.
pub(super) fn run(config: &Config, arguments: &Arguments) -> Result<ExitCode, Box<dyn Error>> {
    let (name, bytes) = read(arguments)?;
    let records = match file::read(&bytes) {
        Ok(records) => records,
        Err(faults) => return Ok(unreadable(name, &faults, arguments)),
    };
    let total = records.len();
    let (rows, faulty) = row::read(records);
    let mut report = Report::new(name, total, arguments.dry_run, arguments.json);
    for row in &faulty {
        report.row(row, &Outcome::Failed(row.faults.clone()))?;
    }
    report.warnings(faulty.iter().chain(&rows));
    let held_back = !faulty.is_empty() && !arguments.skip_faulty && !arguments.dry_run;
    let stop = Stop::new();
    if held_back {
        stop.set_reason(Reason::Faulty);
        for row in &rows {
            report.row(row, &Outcome::NotSent)?;
        }
    } else if !rows.is_empty() {
        send(config, arguments, &rows, &mut report, &stop)?;
    }
    let reason = stop.reason().filter(|reason| *reason != Reason::Interrupted || !report.is_complete());
    report.end(reason.as_ref())?;
    Ok(exit_code(reason.as_ref(), &report))
}

/// Reports why the file cannot be split into rows.
fn unreadable(name: String, faults: &[(usize, RowError)], arguments: &Arguments) -> ExitCode {
    let report = Report::new(name, 0, arguments.dry_run, arguments.json);
    for (line, fault) in faults {
        report.fault(*line, fault);
    }
    ExitCode::FAILURE
}

fn exit_code(reason: Option<&Reason>, report: &Report) -> ExitCode {
    match reason {
        Some(Reason::Interrupted) => ExitCode::from(INTERRUPTED),
        Some(Reason::Unwritable(_)) => ExitCode::from(UNWRITABLE),
        None if report.is_good() && report.is_complete() => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

/// The file's display name and its content.
fn read(arguments: &Arguments) -> Result<(String, Vec<u8>), Box<dyn Error>> {
    if arguments.file.as_os_str() == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes)?;
        return Ok(("stdin".to_owned(), bytes));
    }
    let name = arguments.file.display().to_string();
    let bytes = std::fs::read(&arguments.file).map_err(|error| format!("cannot read {name}: {error}"))?;
    Ok((name, bytes))
}

/// Sends or validates the rows until all are done or a signal arrives. A second signal does not wait for
/// requests in flight.
fn send(
    config: &Config,
    arguments: &Arguments,
    rows: &[Row],
    report: &mut Report,
    stop: &Stop,
) -> Result<(), Box<dyn Error>> {
    let given = given_token(arguments)?;
    let own = given.is_none();
    let token = given.map_or_else(|| own_token(config, &arguments.subject, rows), Ok)?;
    let url = arguments.url.as_ref().unwrap_or(&config.public_url).as_str();
    let screen = report.screen.clone();
    let service = Service::new(url, token, arguments.retry_for, stop.clone(), screen.clone())?;
    let run = Run { id: clock().now().timestamp_millis().to_string(), anew: arguments.anew };
    runtime()?.block_on(async {
        let mut signals = Signals::listen()?;
        service.check(own).await?;
        report.begin();
        let work = async {
            if arguments.dry_run {
                sending::validate(&service, rows, report, stop).await;
            } else {
                sending::invite(&service, rows, &run, report, stop).await;
            }
        };
        tokio::select! {
            () = work => {}
            () = second_signal(&mut signals, &screen, stop) => {}
        }
        Ok(())
    })
}

/// Waits for two signals. After the first one, only the requests in flight are finished.
async fn second_signal(signals: &mut Signals, screen: &Screen, stop: &Stop) {
    signals.next().await;
    screen.say("Stopping after the requests in flight. Send the signal again to stop at once.");
    stop.set_reason(Reason::Interrupted);
    signals.next().await;
}

/// The token of `ACCESS_TOKEN` or `--token`. An empty variable counts as not set, as everywhere else.
fn given_token(arguments: &Arguments) -> Result<Option<SecretString>, &'static str> {
    let given =
        arguments.token.as_ref().map(|token| token.expose_secret().trim()).filter(|token| !token.is_empty());
    if given.is_some_and(|token| !token.bytes().all(|byte| byte.is_ascii_graphic())) {
        return Err("the access token contains characters that are not allowed in a token");
    }
    Ok(given.map(SecretString::from))
}

/// A token with the permissions to invite and to read invitations, and with the roles that the rows grant.
fn own_token(config: &Config, subject: &str, rows: &[Row]) -> Result<SecretString, Box<dyn Error>> {
    let holder = token::holder(subject)?;
    let tokens = app::access_tokens(config)
        .map_err(|error| format!("{error}. Or set an access token in ACCESS_TOKEN"))?;
    // The scope does not depend on the kinds of the rows: idempotency keys belong to the grant, and when rows
    // are added to a file, the next run must still find the keys of the earlier one.
    let scope = vec![
        Permission::SystemUsersInvite,
        Permission::SystemUsersRead,
        Permission::CustomersInvite,
        Permission::CustomersRead,
    ];
    let roles: BTreeSet<_> = rows.iter().flat_map(Row::granted).collect();
    let lifetime = TOKEN_LIFETIME.min(config.jwt_max_ttl);
    let grant = Grant { holder, roles: roles.into_iter().collect(), scope, accounts: Vec::new(), lifetime };
    Ok(tokens.issue(&grant, clock().now())?.into())
}

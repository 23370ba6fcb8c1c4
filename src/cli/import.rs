//! `invitation-service import`: invites everybody in a CSV file, through a running service.
//!
//! It is a client of the API, as a partner's program is: so it works beside a running server, on SQLite too,
//! where one process owns the file; and what it may do and what is refused is decided where it always is.

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
    outcome::Outcome,
    report::Report,
    row::Row,
    sending::Run,
    service::Service,
    stop::{Reason, Stop},
};
use super::{clock, running::Signals, runtime, token};
use crate::{
    app,
    config::Config,
    domain::{locale::Locale, permission::Permission},
    services::access_token::Grant,
};

/// How long a token lives that is made for one import: as long as the service remembers its rows.
const TOKEN_LIFETIME: Duration = Duration::from_hours(24);
/// What a shell reports of a command that Ctrl-C ended: 128 and the number of SIGINT.
const INTERRUPTED: u8 = 130;

const EXAMPLE: &str = "Columns, in any order, separated by , or ; or tabs, with the names in the first line:
  kind                 system_user, account_owner or sub_account
  email                who is invited
  roles                of a system user, separated by blanks or by , ; |
  account_id           the parent, or the account to become a further owner of
  account_name         the parent, or what a new account is called
  account_type         business or consumer
  role                 driver or account_owner
  reimbursement_rate   EUR per kWh, as 0.23; where ; or tabs separate also 0,23
  used_by              employee or subsidiary
  sub_account_name     what the new account below the parent is called
  locale               {languages}
An empty cell says nothing, and cells may be missing at the end of a row. Columns that no row needs may be left out. Names of columns,
kinds and roles are read in any case, with blanks or hyphens too (E-mail, Account name, SUB_ACCOUNT). A first line sep=; says what
separates. A rate above 2 EUR per kWh is warned of, and sent.

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

Run it again after an interruption: who was invited is not invited twice. Somebody whom an earlier run of this day invited, and whose
invitation was revoked or has expired since, is told as no longer invited, and invited once more with --anew. It ends with 0 when
every row is invited or already there, with 130 when it was interrupted, and with 1 otherwise.";

fn example() -> String {
    EXAMPLE.replace("{languages}", &Locale::known())
}

/// What to import, and where to.
#[derive(clap::Args)]
#[command(after_help = example())]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(super) struct Arguments {
    /// The CSV file (UTF-8, or UTF-16 with a byte order mark); - reads standard input
    file: PathBuf,
    /// Check every row, here and at the service, and invite nobody
    #[arg(long)]
    dry_run: bool,
    /// Send the good rows, although others are faulty
    #[arg(long)]
    skip_faulty: bool,
    /// Invite those once more whom an earlier run invited, and whose invitation was revoked or has expired
    /// since
    #[arg(long)]
    anew: bool,
    /// Print one JSON object a row to standard output, and the summary to standard error
    #[arg(long)]
    json: bool,
    /// Where the service is [default: PUBLIC_URL, or else LISTEN_ADDR]
    #[arg(long, value_parser = web_url)]
    url: Option<Url>,
    /// An access token, for whoever does not have the service's key; others leave it out. Better set by the
    /// variable, which nobody sees in a list of processes
    #[arg(long, env = "ACCESS_TOKEN", hide_env_values = true)]
    token: Option<SecretString>,
    /// Who invites, in letters and timelines, when no token is given
    #[arg(long, default_value = "operations")]
    subject: String,
    /// How long to try again when the service does not answer
    #[arg(long, value_name = "DURATION", default_value = "2m", value_parser = humantime::parse_duration)]
    retry_for: Duration,
}

fn web_url(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "is no URL")?;
    let good = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.query().is_none()
        && url.fragment().is_none();
    if good { Ok(url) } else { Err("is no address of a service, as https://invitations.example.com") }
}

/// Imports a file.
///
/// # Errors
/// When nothing could be sent: the file cannot be read, there is no token, or no service.
pub(super) fn run(config: &Config, arguments: &Arguments) -> Result<ExitCode, Box<dyn Error>> {
    let (name, bytes) = read(arguments)?;
    let records = match file::read(&bytes) {
        Ok(records) => records,
        Err(faults) => {
            let report = Report::new(name, 0, arguments.dry_run, arguments.json);
            for (line, fault) in &faults {
                report.fault(*line, fault);
            }
            return Ok(ExitCode::FAILURE);
        }
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
        stop.because(Reason::Faulty);
        for row in &rows {
            report.row(row, &Outcome::NotSent)?;
        }
    } else if !rows.is_empty() {
        send(config, arguments, &rows, &mut report, &stop)?;
    }
    let reason = stop.reason().filter(|reason| *reason != Reason::Interrupted || !report.is_complete());
    report.end(reason.as_ref())?;
    Ok(match reason {
        Some(Reason::Interrupted) => ExitCode::from(INTERRUPTED),
        None if report.is_good() && report.is_complete() => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

/// The file's name for people, and what it holds.
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

/// Sends the rows, or has them validated, until all are or a signal comes; a second signal does not wait for
/// those on their way.
fn send(
    config: &Config,
    arguments: &Arguments,
    rows: &[Row],
    report: &mut Report,
    stop: &Stop,
) -> Result<(), Box<dyn Error>> {
    // An empty variable says nothing, as with the others.
    let given =
        arguments.token.as_ref().map(|token| token.expose_secret().trim()).filter(|token| !token.is_empty());
    let own = given.is_none();
    if given.is_some_and(|token| !token.bytes().all(|byte| byte.is_ascii_graphic())) {
        return Err("the access token holds characters that no token has".into());
    }
    let token =
        given.map_or_else(|| own_token(config, &arguments.subject, rows), |given| Ok(given.into()))?;
    let url = arguments.url.as_ref().unwrap_or(&config.public_url).as_str();
    let screen = report.screen.clone();
    let service = Service::new(url, token, arguments.retry_for, stop.clone(), screen.clone())?;
    let run = Run { id: clock().now().timestamp_millis().to_string(), anew: arguments.anew };
    runtime()?.block_on(async {
        let mut signals = Signals::listen()?;
        service.look(own).await?;
        report.begin();
        let work = async {
            if arguments.dry_run {
                sending::validate(&service, rows, report, stop).await;
            } else {
                sending::invite(&service, rows, &run, report, stop).await;
            }
        };
        let signalled = async {
            signals.next().await;
            screen.say("Stopping: rows on their way are waited for. A second signal ends it at once.");
            stop.because(Reason::Interrupted);
            signals.next().await;
        };
        tokio::select! {
            () = work => {}
            () = signalled => {}
        }
        Ok(())
    })
}

/// A token that allows to invite, to see what has become of invitations, and what the roles allow that the
/// rows grant.
fn own_token(config: &Config, subject: &str, rows: &[Row]) -> Result<SecretString, Box<dyn Error>> {
    let holder = token::holder(subject)?;
    let tokens = app::access_tokens(config)
        .map_err(|error| format!("{error}. Or give an access token in ACCESS_TOKEN"))?;
    // Whatever the kinds of the rows: rows' keys belong to the grant, and a file to which some were added is
    // to find those of before.
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

//! The command line: what each subcommand does and how it ends.

mod import;
mod running;
mod serve;
mod token;

use std::{process::ExitCode, time::Duration};

use chrono::{DateTime, FixedOffset};
use clap::{Parser, Subcommand};

use self::serve::Letters;
use crate::{
    app,
    clock::Clock,
    config::{self, Config, ConfigFault, SecretError},
    domain::password,
    http, telemetry,
};

/// Invites people onto an EV-charging operator's platform: one e-mailed link, valid 24 hours, usable once.
#[derive(Parser)]
#[command(name = "invitation-service", version, after_help = config::help(), subcommand_required = false)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Run the API, the courier and the migrations in one process (also with no subcommand)
    Serve {
        /// Leave the letters to a process of their own
        #[arg(long)]
        no_courier: bool,
        /// Send no letters: they wait, as after a start from a backup, until a start without this
        #[arg(long)]
        hold_mail: bool,
    },
    /// Run the courier alone, beside any number of `serve --no-courier` (PostgreSQL)
    Courier {
        /// Send no letters
        #[arg(long)]
        hold_mail: bool,
    },
    /// Withdraw the letters that have waited since a time, as after a start from a backup that was made then
    MailWithdraw {
        /// That time, as 2026-11-28T03:00:00Z
        #[arg(long, value_name = "TIME")]
        before: DateTime<FixedOffset>,
    },
    /// Bring the database's schema up to date
    Migrate,
    /// Make an access token and print it; reads only the key, so it works beside a running server
    Token(token::Arguments),
    /// Invite everybody in a CSV file, through a running service
    Import(import::Arguments),
    /// Print the contract (OpenAPI)
    Openapi,
    /// Check the configuration, and say what it leads to
    CheckConfig,
    /// Write every letter in every language to .eml files
    MailPreview {
        /// The folder to write to
        #[arg(default_value = "data/mail-preview")]
        folder: String,
        /// Write the built-in templates and words to this folder instead, to begin your own with
        /// (MAIL_TEMPLATES)
        #[arg(long, value_name = "FOLDER")]
        templates: Option<String>,
    },
    /// Ask a running server whether it is ready; for containers
    Healthcheck,
}

/// Runs what the command line says.
#[must_use]
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let command = arguments.command.unwrap_or(Command::Serve { no_courier: false, hold_mail: false });
    if matches!(command, Command::Openapi) {
        return openapi();
    }
    let config = match Config::read(|name| std::env::var(name).ok()) {
        Ok(config) => config,
        Err(faults) => return misconfigured(&faults),
    };
    let outcome = match command {
        Command::Serve { no_courier: true, .. } => serve::serve(&config, Letters::Elsewhere),
        Command::Serve { hold_mail, .. } => serve::serve(&config, Letters::here(hold_mail)),
        Command::Courier { hold_mail } => serve::courier(&config, Letters::here(hold_mail)),
        Command::MailWithdraw { before } => serve::mail_withdraw(&config, before.to_utc()),
        Command::Migrate => serve::migrate(&config),
        Command::Token(arguments) => token::print(&config, &arguments),
        Command::Import(arguments) => match import::run(&config, &arguments) {
            Ok(code) => return code,
            Err(error) => Err(error),
        },
        Command::CheckConfig => check(&config),
        Command::MailPreview { folder, templates } => {
            serve::mail_preview(&config, &folder, templates.as_deref())
        }
        Command::Healthcheck => serve::healthcheck(&config),
        Command::Openapi => return openapi(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("invitation-service: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What is wrong with a key file that others may read.
const EXPOSED_KEY: &str = "others than its owner may read the key: chmod 600, and rotate it if they may have";

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn misconfigured(faults: &[ConfigFault]) -> ExitCode {
    eprintln!("invitation-service: the configuration has {} fault(s):", faults.len());
    for ConfigFault(fault) in faults {
        eprintln!("  {fault}");
    }
    eprintln!("Every variable is explained by: invitation-service --help");
    // EX_CONFIG of sysexits.h.
    ExitCode::from(78)
}

fn openapi() -> ExitCode {
    match http::document().to_pretty_json() {
        Ok(document) => {
            println!("{document}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("invitation-service: {error}");
            ExitCode::FAILURE
        }
    }
}

fn check(config: &Config) -> Outcome {
    let key = match config::root_key(config.secret_key.as_ref()) {
        Ok(_) if config.secret_key_file.is_some() => Ok("from the file that SECRET_KEY_FILE names"),
        Ok(_) if config.secret_key.is_some() => Ok("from SECRET_KEY"),
        Ok(_) => Ok("in data/secret.key"),
        Err(SecretError::Missing(_)) => Ok("made in data/secret.key at the first start"),
        Err(error) => Err(app::StartError::from(error)),
    };
    let started = runtime()?.block_on(async { app::check(config) });
    let key = match (key, started) {
        (Ok(key), Ok(())) => key,
        (Err(fault), Ok(())) | (Ok(_), Err(fault)) => return Err(fault.into()),
        (Err(fault), Err(other)) => return Err(format!("{fault}\n{other}").into()),
    };
    println!("database    {}", config.database_url.describe());
    println!("listens at  {}", config.listen_addr);
    println!("links open  {}", config.activation_url);
    println!("mail goes   {}", config.mail_url.describe_way());
    println!("root key    {key}");
    println!("passwords   have at least {} characters", password::asked_length(config.password_min_length));
    println!("links live  {}", humantime::format_duration(config.invitation_ttl));
    let reminded = config
        .reminder_before
        .map(|before| format!("{} before their link dies", humantime::format_duration(before)));
    println!("reminded    {}", reminded.as_deref().unwrap_or("nobody"));
    let pace = config.mail_rate_limit.map(|pace| format!("{pace} at most, by all processes together"));
    println!("mail pace   {}", pace.as_deref().unwrap_or("no limit"));
    let templates = config.mail_templates.as_ref().map(|folder| format!("from folder {}", folder.display()));
    println!("mail words  {}", templates.as_deref().unwrap_or("built in"));
    let reporting: Vec<&str> = config.webhooks.configured().map(|provider| provider.title).collect();
    println!("reports by  {}", if reporting.is_empty() { "nobody".to_owned() } else { reporting.join(", ") });
    if let Some(caution) = config.database_url.caution() {
        println!("take care   DATABASE_URL: {caution}");
    }
    for caution in config.cautions() {
        println!("take care   {caution}");
    }
    for (name, caution) in config.clear_links() {
        println!("take care   {name}: {caution}");
    }
    if let Some(file) = config::exposed_key_file(config.secret_key.as_ref()) {
        println!("take care   {}: {EXPOSED_KEY}", file.display());
    }
    println!("The configuration is good.");
    Ok(())
}

/// A runtime for what runs beside the API's own workers.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .thread_keep_alive(Duration::from_secs(10))
        .build()
}

fn start_logging(config: &Config) {
    telemetry::start(&config.log, config.log_format);
}

fn clock() -> Clock {
    Clock::system()
}

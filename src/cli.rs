//! The command line: the subcommands and their exit codes.

mod bounce;
mod check_config;
mod check_mail;
mod exporting;
mod import;
mod manual;
mod output;
mod running;
mod serve;
mod shared;
mod token;

use std::{
    io::{self, Write},
    net::SocketAddr,
    path::PathBuf,
    process::ExitCode,
};

use chrono::{DateTime, FixedOffset};
use clap::{CommandFactory, Parser, Subcommand};

use self::{
    output::{Unwritable, complain, failure, print},
    serve::Letters,
    shared::Outcome,
};
use crate::{
    config::{self, Config, ConfigFault},
    http,
    mail::TransferEncoding,
};

/// The exit code of a faulty command line, as clap has it.
const USAGE: u8 = 2;

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
        /// Leave the letters to a `courier` process
        #[arg(long)]
        no_courier: bool,
        /// Send no letters: they stay queued until a start without this flag (for starts from a backup)
        #[arg(long)]
        hold_mail: bool,
    },
    /// Run the courier alone, beside any number of `serve --no-courier` (PostgreSQL)
    Courier {
        /// Send no letters
        #[arg(long)]
        hold_mail: bool,
        /// Serve /metrics of this process at this address, as 127.0.0.1:9091
        #[arg(long, value_name = "ADDRESS")]
        metrics_addr: Option<SocketAddr>,
    },
    /// Withdraw the letters that were queued at or before a time (for starts from a backup made at that time)
    MailWithdraw {
        /// End of the range, as 2026-11-28T03:00:00Z
        #[arg(long, value_name = "TIME")]
        before: DateTime<FixedOffset>,
    },
    /// Bring the database's schema up to date
    Migrate,
    /// Make an access token and print it, or revoke one; making reads only the key
    Token(token::Arguments),
    /// Invite the people in a CSV file, through a running service
    Import(import::Arguments),
    /// Pass returned mail from standard input to a running service; for mail servers
    Bounce(bounce::Arguments),
    /// Print the contract (OpenAPI)
    Openapi,
    /// Check the configuration, and print its effect
    CheckConfig,
    /// Look up what receivers will find about the sender of letters, ask the relay what it offers, and print
    /// what to change; --to sends a test letter
    CheckMail(check_mail::Arguments),
    /// Write every letter in every language to .eml files
    MailPreview {
        /// The folder to write to
        #[arg(default_value = "data/mail-preview")]
        folder: String,
        /// Write the built-in templates and texts to this folder instead, to start your own from
        /// (MAIL_TEMPLATES)
        #[arg(long, value_name = "FOLDER")]
        templates: Option<String>,
        /// Write the letters in ASCII, as a relay without 8BITMIME gets them
        #[arg(long)]
        ascii: bool,
    },
    /// Write the manual pages, and completions for bash, zsh and fish, to a folder; for packages
    WriteManual {
        /// The folder to write to
        folder: PathBuf,
    },
    /// Ask a running server whether it is ready; for containers
    Healthcheck,
}

/// Parses the command line and runs the subcommand.
#[must_use]
pub fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return without_arguments(&error),
    };
    let command = arguments.command.unwrap_or(Command::Serve { no_courier: false, hold_mail: false });
    match &command {
        Command::Openapi => return ended(openapi()),
        Command::WriteManual { folder } => return ended(manual::write(folder, &Arguments::command())),
        _ => {}
    }
    match Config::read(|name| std::env::var(name).ok()) {
        Ok(config) => execute(command, &config),
        Err(faults) => {
            let code = misconfigured(&faults);
            // A mail server would return the message after any other code.
            if matches!(command, Command::Bounce(_)) { ExitCode::from(bounce::LATER) } else { code }
        }
    }
}

fn execute(command: Command, config: &Config) -> ExitCode {
    let outcome = match command {
        Command::Serve { no_courier: true, .. } => serve::serve(config, Letters::Elsewhere),
        Command::Serve { hold_mail, .. } => serve::serve(config, Letters::here(hold_mail)),
        Command::Courier { hold_mail, metrics_addr } => {
            serve::courier(config, Letters::here(hold_mail), metrics_addr)
        }
        Command::MailWithdraw { before } => serve::mail_withdraw(config, before.to_utc()),
        Command::Migrate => serve::migrate(config),
        Command::Token(arguments) => token::run(config, &arguments),
        Command::Import(arguments) => {
            return import::run(config, &arguments).unwrap_or_else(|error| failure(&*error));
        }
        Command::Bounce(arguments) => return bounce::run(config, &arguments),
        Command::CheckConfig => check_config::run(config),
        Command::CheckMail(arguments) => {
            return check_mail::run(config, &arguments).unwrap_or_else(|error| failure(&*error));
        }
        Command::MailPreview { folder, templates, ascii } => {
            let encoding = if ascii { TransferEncoding::Ascii } else { TransferEncoding::EightBit };
            serve::mail_preview(config, &folder, templates.as_deref(), encoding)
        }
        Command::Healthcheck => serve::healthcheck(config),
        Command::Openapi => openapi(),
        Command::WriteManual { folder } => manual::write(&folder, &Arguments::command()),
    };
    ended(outcome)
}

fn ended(outcome: Outcome) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failure(&*error),
    }
}

/// Prints the help or the version, or what is wrong with the command line.
fn without_arguments(error: &clap::Error) -> ExitCode {
    let printed = error.print().and_then(|()| io::stdout().flush());
    match (error.use_stderr(), printed) {
        // A mail server would return the message after any other code.
        (true, _) if std::env::args_os().nth(1).is_some_and(|name| name == "bounce") => {
            ExitCode::from(bounce::LATER)
        }
        (true, _) => ExitCode::from(USAGE),
        (false, Ok(())) => ExitCode::SUCCESS,
        (false, Err(error)) => failure(&Unwritable::from(error)),
    }
}

fn misconfigured(faults: &[ConfigFault]) -> ExitCode {
    complain(format_args!("invitation-service: the configuration has {} fault(s):", faults.len()));
    for ConfigFault(fault) in faults {
        complain(format_args!("  {fault}"));
    }
    complain("For a description of every variable, run: invitation-service --help");
    // EX_CONFIG of sysexits.h.
    ExitCode::from(78)
}

fn openapi() -> Outcome {
    Ok(print(http::contract())?)
}

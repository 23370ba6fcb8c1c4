//! `invitation-service bounce`: passes returned mail from a mail server to a running service.
//!
//! A mail server keeps a message for later when the command exits with 75 (EX_TEMPFAIL of sysexits.h), and
//! returns or drops it after other codes: whatever is not stored ends with 75.

mod submission;
mod unread;

use std::{
    io::{self, Read},
    path::PathBuf,
    process::ExitCode,
};

use url::Url;

use self::submission::Submission;
use super::{
    import::web_url,
    output::{complain, failure, notice},
    shared::{Outcome, runtime},
};
use crate::{config::Config, domain::shared_secret::SharedSecret};

/// The longest recipient that is passed on, in characters: what the service reads of one. A longer URL could
/// be refused for good, and the message would wait for ever.
const MAX_RECIPIENT: usize = 320;
/// EX_TEMPFAIL of sysexits.h.
pub(super) const LATER: u8 = 75;
/// The part of a message that is passed on, in bytes: what the service takes. The rest of a longer one quotes
/// what was sent.
const MAX_MESSAGE: u64 = 1024 * 1024;

const EXAMPLE: &str = "Exit codes: 0, the message is stored; 75, it is not, and the mail server should try \
again.

Postfix, in master.cf, and in main.cf transport_maps = inline:{ bounces@invite.example.com = invitations: }
with recipient_delimiter = +
  invitations unix - n n - 4 pipe user=invitations
    argv=/usr/bin/invitation-service bounce --recipient ${original_recipient}
      --secret-file /etc/invitations/dsn";

/// The message, and the service to pass it to.
#[derive(clap::Args)]
#[command(after_help = EXAMPLE)]
pub(super) struct Arguments {
    /// The address that the message came to, where the mail server says it
    #[arg(long, value_name = "ADDRESS")]
    recipient: Option<String>,
    /// The URL of the service [default: PUBLIC_URL, or else LISTEN_ADDR]
    #[arg(long, value_parser = web_url)]
    url: Option<Url>,
    /// A file that contains the secret [default: the variable MAIL_EVENTS_DSN]
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// Print the messages of the last 14 days that could not be read, newest first, from DATABASE_URL
    #[arg(long, conflicts_with_all = ["recipient", "url", "secret_file"])]
    unread: bool,
}

/// Passes the message from standard input on, or prints those that could not be read.
pub(super) fn run(config: &Config, arguments: &Arguments) -> ExitCode {
    let outcome = if arguments.unread { unread::print(config) } else { pass_on(config, arguments) };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if arguments.unread => failure(&*error),
        Err(error) => {
            complain(format_args!("invitation-service: {error}"));
            ExitCode::from(LATER)
        }
    }
}

fn pass_on(config: &Config, arguments: &Arguments) -> Outcome {
    let mut message = Vec::new();
    let mut input = io::stdin().lock();
    input.by_ref().take(MAX_MESSAGE).read_to_end(&mut message)?;
    // Read to its end: a mail server takes a closed pipe for a failure.
    io::copy(&mut input, &mut io::sink())?;
    if message.is_empty() {
        complain("invitation-service: there is no message on standard input");
        return Ok(());
    }
    let submission = Submission {
        url: arguments.url.clone().unwrap_or_else(|| config.public_url.clone()),
        secret: secret(config, arguments)?,
        recipient: arguments.recipient.as_ref().map(|address| address.chars().take(MAX_RECIPIENT).collect()),
    };
    let outcome = runtime()?.block_on(submission.send(message))?;
    // The message is stored, whether or not that can be printed.
    notice(outcome);
    Ok(())
}

fn secret(config: &Config, arguments: &Arguments) -> Result<SharedSecret, Box<dyn std::error::Error>> {
    let Some(file) = &arguments.secret_file else {
        let missing =
            "the secret is missing: set MAIL_EVENTS_DSN as the service has it, or give --secret-file";
        return config.returned_mail.clone().ok_or_else(|| missing.into());
    };
    let text = std::fs::read_to_string(file).map_err(|error| format!("--secret-file: {error}"))?;
    Ok(SharedSecret::parse(text.trim_end()).map_err(|error| format!("--secret-file: the secret {error}"))?)
}

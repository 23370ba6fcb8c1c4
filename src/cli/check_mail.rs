//! `invitation-service check-mail`: prints before the first letter is sent what receivers will find, and what
//! to change.

use std::{net::SocketAddr, process::ExitCode};

use chrono::TimeDelta;

use super::{
    output::print,
    shared::{clock, runtime},
};
use crate::{
    clock::Clock,
    config::{
        Config,
        variables::{ACTIVATION_URL, EMAIL_CHANGE_URL, PASSWORD_RESET_URL},
    },
    domain::{
        email::Email,
        invitation::InvitationKind,
        letter::{Letter, LetterPurpose, SendError},
        role::Role,
    },
    mail::{Inquiry, Mailer, Report, TestLetter, Verdict, check_deliverability},
};

/// Nothing has to change; something could not be found out. 2 is what a faulty command line ends with.
const UNKNOWN: u8 = 3;
/// In place of a token: the page says that the link is not valid.
const NO_TOKEN: &str = "test-letter-without-a-token";

/// Whom to write to, and where to look names up.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Send a test letter to this address: an invitation by "Test letter", whose link leads nowhere
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    to: Option<Email>,
    /// The selector of the key with which the relay or provider signs (may repeat; default: the usual ones)
    #[arg(long, value_name = "NAME", value_parser = selector)]
    selector: Vec<String>,
    /// Ask this name server, as 192.0.2.53:53 (may repeat; default: the system's)
    #[arg(long, value_name = "ADDRESS:PORT")]
    resolver: Vec<SocketAddr>,
}

fn address(text: &str) -> Result<Email, String> {
    Email::parse(text).map_err(|error| error.to_string())
}

/// One or more labels of a DNS name (RFC 6376 §3.1).
fn selector(text: &str) -> Result<String, String> {
    let is_label = |label: &str| {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        (1..=63).contains(&label.len()) && label.chars().all(is_plain)
    };
    let is_name = text.len() <= 200 && text.split('.').all(is_label);
    if is_name { Ok(text.to_owned()) } else { Err("it is no selector, as `s1` or `mail.2026`".to_owned()) }
}

/// Prints the table. The exit code is 0 when nothing has to change, 1 when something has, and 3 when
/// something could not be found out.
///
/// # Errors
/// What prevented the check, before anything was looked up; or the output that cannot be written.
pub(super) fn run(config: &Config, arguments: &Arguments) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let clock = clock();
    let report = runtime()?.block_on(async { check(config, arguments, &clock).await });
    print(&report)?;
    Ok(match report.verdict() {
        Verdict::Ok => ExitCode::SUCCESS,
        Verdict::Change => ExitCode::FAILURE,
        Verdict::Unknown => ExitCode::from(UNKNOWN),
    })
}

async fn check(config: &Config, arguments: &Arguments, clock: &Clock) -> Report {
    let links = vec![
        (ACTIVATION_URL.name, config.activation_url.page().clone()),
        (PASSWORD_RESET_URL.name, config.password_reset_url.page().clone()),
        (EMAIL_CHANGE_URL.name, config.email_change_url.page().clone()),
    ];
    let inquiry = Inquiry {
        url: &config.mail_url,
        sender: &config.sender,
        links,
        selectors: &arguments.selector,
        resolvers: &arguments.resolver,
        now: clock.now(),
    };
    let mut report = check_deliverability(&inquiry).await;
    if let Some(to) = &arguments.to {
        report.add_test_letter(to.as_str(), send(config, to, clock).await);
    }
    report
}

/// Sends the test letter, once; says by whom it was accepted, or why not.
async fn send(config: &Config, to: &Email, clock: &Clock) -> TestLetter {
    let mailer = match Mailer::new(&config.mail_url, config.sender.clone()) {
        Ok(mailer) => mailer,
        Err(fault) => return TestLetter::Refused(fault),
    };
    let letter = test_letter(config, to.clone(), clock);
    match mailer.send(&letter).await {
        Ok(_) => TestLetter::Accepted(format!("accepted by {}", mailer.describe())),
        Err(SendError::Temporary { text, cause, .. }) if cause.operator_fault().is_none() => {
            TestLetter::Undecided(text)
        }
        Err(SendError::Permanent { text, .. } | SendError::Temporary { text, .. }) => {
            TestLetter::Refused(text)
        }
    }
}

fn test_letter(config: &Config, to: Email, clock: &Clock) -> Letter {
    let now = clock.now();
    Letter {
        id: clock.id(),
        purpose: LetterPurpose::Invitation,
        to,
        locale: config.locale,
        kind: Some(InvitationKind::SystemUser),
        inviter: "Test letter".to_owned(),
        organisation: config.operator_name.clone(),
        roles: vec![Role::Viewer.as_str()],
        account: None,
        endpoints: Vec::new(),
        api_url: config.public_url.as_str().trim_end_matches('/').to_owned(),
        // Filters judge a letter by its links, too.
        link: config.activation_url.with_token(NO_TOKEN),
        now,
        expires_at: now + TimeDelta::hours(24),
    }
}

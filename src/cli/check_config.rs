//! `check-config`: checks the configuration, and prints what it leads to.

use std::error::Error;

use super::{
    output::{Unwritable, print_line},
    shared::{EXPOSED_DKIM_KEY, EXPOSED_KEY, Outcome, runtime},
};
use crate::{
    app,
    config::{self, Config, SecretError},
    domain::password,
    mail::DkimSigner,
};

/// Checks the configuration, and prints its effect and its cautions.
pub(super) fn run(config: &Config) -> Outcome {
    let key = check(config)?;
    print_places(config)?;
    print_line(format_args!("root key    {key}"))?;
    print_rules(config)?;
    print_reports(config)?;
    print_warnings(config)?;
    print_line("The configuration is valid.")?;
    Ok(())
}

/// Where the root key is, if the service would start.
fn check(config: &Config) -> Result<&'static str, Box<dyn Error>> {
    let key = match config::root_key(config.secret_key.as_ref()) {
        Ok(_) if config.secret_key_file.is_some() => Ok("from the file that SECRET_KEY_FILE names"),
        Ok(_) if config.secret_key.is_some() => Ok("from SECRET_KEY"),
        Ok(_) => Ok("in data/secret.key"),
        Err(SecretError::Missing(_)) => Ok("created in data/secret.key at the first start"),
        Err(error) => Err(app::StartError::from(error)),
    };
    let started = runtime()?.block_on(async { app::check(config) });
    match (key, started) {
        (Ok(key), Ok(())) => Ok(key),
        (Err(fault), Ok(())) | (Ok(_), Err(fault)) => Err(fault.into()),
        (Err(fault), Err(other)) => Err(format!("{fault}\n{other}").into()),
    }
}

/// The database, the addresses, and how letters leave.
fn print_places(config: &Config) -> Result<(), Unwritable> {
    print_line(format_args!("database    {}", config.database_url.describe()))?;
    print_line(format_args!("listens at  {}", config.listen_addr))?;
    if let Some(address) = config.metrics_addr {
        print_line(format_args!("metrics at  {address}, and not with the API"))?;
    }
    if let Some(endpoint) = &config.otlp_endpoint {
        print_line(format_args!("traces to   {endpoint}, and metrics, as {}", config.otel_service_name))?;
    }
    print_line(format_args!("reached at  {}", config.public_url.as_str().trim_end_matches('/')))?;
    print_line(format_args!("links open  {}", config.activation_url.page()))?;
    if !config.cors_origins.is_empty() {
        print_line(format_args!("pages at    {} may call the API", config.cors_origins.join(", ")))?;
    }
    print_line(format_args!("mail        {}", config.mail_url.describe_way()))?;
    for signer in config.sender.signers() {
        print_line(format_args!(
            "signed      {} of {}, {}",
            signer.selector(),
            signer.domain(),
            signer.algorithm()
        ))?;
    }
    Ok(())
}

/// Passwords, links, and how and when letters are written.
fn print_rules(config: &Config) -> Result<(), Unwritable> {
    print_line(format_args!(
        "passwords   have at least {} characters",
        password::asked_length(config.password_min_length)
    ))?;
    print_line(format_args!("links valid {}", humantime::format_duration(config.invitation_ttl)))?;
    let reminder = config
        .reminder_before
        .map(|before| format!("{} before the link expires", humantime::format_duration(before)));
    print_line(format_args!("reminders   {}", reminder.as_deref().unwrap_or("off")))?;
    let pace = config.mail_rate_limit.map(|pace| format!("{pace} at most, summed over all processes"));
    print_line(format_args!("mail rate   {}", pace.as_deref().unwrap_or("no limit")))?;
    let templates = config.mail_templates.as_ref().map(|folder| format!("from folder {}", folder.display()));
    print_line(format_args!("templates   {}", templates.as_deref().unwrap_or("built in")))
}

/// What reports of letters are taken.
fn print_reports(config: &Config) -> Result<(), Unwritable> {
    let reporting: Vec<&str> = config.webhooks.configured().map(|provider| provider.title).collect();
    print_line(format_args!(
        "webhooks    {}",
        if reporting.is_empty() { "none".to_owned() } else { reporting.join(", ") }
    ))?;
    let returned = if config.returned_mail.is_some() { "taken" } else { "not taken (MAIL_EVENTS_DSN)" };
    print_line(format_args!("returned    mail is {returned}"))
}

fn print_warnings(config: &Config) -> Result<(), Unwritable> {
    if let Some(caution) = config.database_url.caution() {
        print_line(format_args!("warning     DATABASE_URL: {caution}"))?;
    }
    for caution in config.cautions() {
        print_line(format_args!("warning     {caution}"))?;
    }
    for (name, caution) in config.clear_links() {
        print_line(format_args!("warning     {name}: {caution}"))?;
    }
    if let Some(file) = config::exposed_key_file(config.secret_key.as_ref()) {
        print_line(format_args!("warning     {}: {EXPOSED_KEY}", file.display()))?;
    }
    for file in config.sender.signers().iter().filter_map(DkimSigner::exposed_file) {
        print_line(format_args!("warning     {}: {EXPOSED_DKIM_KEY}", file.display()))?;
    }
    Ok(())
}

//! Reads one value from the text of a variable. Error messages follow the variable's name and a colon.

use std::{net::SocketAddr, ops::RangeInclusive, time::Duration};

use ipnet::IpNet;

use crate::{
    db::DatabaseUrl,
    domain::{company::CompanyVat, invisible::is_blank, locale::Locale, networks::Networks},
    otel::TraceSampler,
};

pub(super) fn database_url(text: &str) -> Result<DatabaseUrl, String> {
    DatabaseUrl::parse(text).map_err(|error| error.to_string())
}

pub(super) fn listen_address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse().map_err(|_| "is no address with a port, as 127.0.0.1:8080")
}

/// An address that can be bound beside that of the API: another port, or another address with that port. Of
/// port 0, which the system chooses, there are any number.
pub(super) fn metrics_address(text: &str, api: Option<SocketAddr>) -> Result<SocketAddr, &'static str> {
    let address = listen_address(text)?;
    let is_taken = |api: SocketAddr| {
        let is_same_ip =
            api.ip() == address.ip() || api.ip().is_unspecified() || address.ip().is_unspecified();
        api.port() == address.port() && api.port() != 0 && is_same_ip
    };
    if api.is_some_and(is_taken) {
        return Err("is LISTEN_ADDR: metrics need a port of their own");
    }
    Ok(address)
}

pub(super) fn one_line(text: &str) -> Result<String, &'static str> {
    let good =
        (1..=100).contains(&text.chars().count()) && !text.chars().any(char::is_control) && !is_blank(text);
    if good {
        Ok(text.to_owned())
    } else {
        Err("must have 1 to 100 characters on one line, at least one of them visible")
    }
}

pub(super) fn locale(text: &str) -> Result<Locale, String> {
    Locale::parse(text).map_err(|_| format!("is not one of: {}", Locale::known()))
}

/// The longest duration. To humantime `1y` is 365.25 days and `12months` 365.28 days.
const YEAR: Duration = Duration::from_secs(31_560_192);

/// From `shortest` to a year.
pub(super) fn duration(text: &str, shortest: Duration) -> Result<Duration, String> {
    let duration =
        humantime::parse_duration(text).map_err(|_| "is no duration, as 2s, 90m or 24h".to_owned())?;
    if (shortest..=YEAR).contains(&duration) {
        return Ok(duration);
    }
    Err(format!("must be from {} to a year", humantime::format_duration(shortest)))
}

/// How long before the expiry of the link people are reminded. An invalid lifetime is reported by its own
/// variable.
pub(super) fn reminder(text: &str, lifetime: Option<Duration>) -> Result<Option<Duration>, String> {
    if text == "off" {
        return Ok(None);
    }
    let before = duration(text, Duration::from_secs(1)).map_err(|error| format!("{error}, or off"))?;
    if lifetime.is_some_and(|lifetime| before >= lifetime) {
        return Err("is not shorter than INVITATION_TTL".to_owned());
    }
    Ok(Some(before))
}

/// The shortest and the longest retention.
const RETENTIONS: RangeInclusive<Duration> =
    Duration::from_hours(30 * 24)..=Duration::from_hours(100 * 366 * 24);

/// How long ended invitations are kept; `None` is for ever.
pub(super) fn retention(text: &str) -> Result<Option<Duration>, &'static str> {
    if text == "off" {
        return Ok(None);
    }
    let duration = humantime::parse_duration(text).map_err(|_| "is neither off nor a duration, as 730d")?;
    let known = RETENTIONS.contains(&duration).then_some(duration);
    known.map(Some).ok_or("must be from 30d to 36600d, or off")
}

pub(super) fn number(text: &str, range: RangeInclusive<usize>) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| format!("is no number from {} to {}", range.start(), range.end()))
}

pub(super) fn switch(text: &str) -> Result<bool, &'static str> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("is neither on nor off"),
    }
}

/// How many letters in 24 hours; `None` is no limit.
pub(super) fn letter_limit(text: &str) -> Result<Option<u32>, &'static str> {
    if text == "off" {
        return Ok(None);
    }
    let limit = text.parse().ok().filter(|limit| (1..=1_000_000).contains(limit));
    limit.map(Some).ok_or("is neither off nor a number from 1 to 1000000")
}

pub(super) fn sampler(text: &str) -> Result<TraceSampler, String> {
    text.parse().map_err(|_| format!("is not one of: {}", TraceSampler::KNOWN))
}

/// From 0 to 1.
pub(super) fn share(text: &str) -> Result<f64, &'static str> {
    let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or("is no number from 0 to 1, as 0.1")
}

pub(super) fn company_vat(text: &str) -> Result<CompanyVat, &'static str> {
    text.parse().map_err(|_| "is neither required nor optional")
}

pub(super) fn networks(text: &str) -> Result<Vec<IpNet>, String> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts
        .map(|part| {
            Networks::parse_one(part)
                .map_err(|_| format!("{part:?} is neither an address nor a network, as 10.0.0.0/8"))
        })
        .collect()
}

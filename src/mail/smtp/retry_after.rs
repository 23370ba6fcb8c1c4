//! The pause that a relay asks for. SMTP has no field for it, but greylisting software states it in its text:
//! Postgrey "Greylisted for 300 seconds", milter-greylist "please come back in 00:05:00", others "try again
//! in 5 minutes".

use chrono::TimeDelta;

/// Words that mark a reply whose number is a time to wait.
const WAIT_WORDS: [&str; 7] = ["greylist", "graylist", "again", "retry", "come back", "wait", "later"];
/// A longer time is a misreading, or too long to wait for.
const MAX_WAIT: i64 = 24 * 3600;

/// The time in the text of a reply, if there is one.
pub(super) fn wait(said: &str) -> Option<TimeDelta> {
    let said = said.to_ascii_lowercase();
    if !WAIT_WORDS.iter().any(|word| said.contains(word)) {
        return None;
    }
    let words: Vec<&str> = said
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == ':'))
        .map(|word| word.trim_matches(':'))
        .filter(|word| !word.is_empty())
        .collect();
    let seconds = words.iter().enumerate().find_map(|(at, word)| {
        let end = word.find(|c: char| !c.is_ascii_digit()).unwrap_or(word.len());
        let (number, rest) = word.split_at(end);
        let number: i64 = number.parse().ok()?;
        let unit = if rest.is_empty() { words.get(at + 1).copied().unwrap_or_default() } else { rest };
        if unit.starts_with(':') { clock(word) } else { number.checked_mul(length(unit)?) }
    })?;
    (0..=MAX_WAIT).contains(&seconds).then(|| TimeDelta::seconds(seconds))
}

fn length(unit: &str) -> Option<i64> {
    match unit {
        "s" | "sec" | "secs" | "second" | "seconds" => Some(1),
        "m" | "min" | "mins" | "minute" | "minutes" => Some(60),
        "h" | "hour" | "hours" => Some(3600),
        _ => None,
    }
}

/// Hours, minutes and seconds.
fn clock(word: &str) -> Option<i64> {
    let parts: Vec<i64> = word.split(':').map(str::parse).collect::<Result<_, _>>().ok()?;
    match parts[..] {
        [hours @ 0..=99, minutes @ 0..60, seconds @ 0..60] => Some(hours * 3600 + minutes * 60 + seconds),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_greylisters_say() {
        for (said, seconds) in [
            ("4.2.0 <a@example.com>: Recipient address rejected: Greylisted for 300 seconds", Some(300)),
            ("4.7.1 Greylisting in action, please come back in 00:05:00", Some(300)),
            ("4.7.1 Greylisted; try again in 5 minutes.", Some(300)),
            ("4.7.1 please retry in 90s", Some(90)),
            ("4.3.2 busy, wait 1 hour: really", Some(3600)),
            ("4.7.1 Greylisted, please come again", None),
            ("4.7.1 try again later, see http://example.com/300", None),
            ("4.2.2 5 minutes of mail are in this box", None),
            ("4.7.1 try again in 900 hours", None),
            ("4.7.1 try again in 99999999999999999999 s", None),
            ("4.7.1 try again in 9999999999999999 h", None),
            ("4.7.1 try again at 12:30", None),
        ] {
            assert_eq!(wait(said), seconds.map(TimeDelta::seconds), "{said}");
        }
    }
}

//! Prints returned mail that could not be read.

use std::io::{self, Write};

use crate::{
    app::{self, UnreadMail},
    cli::shared::{Outcome, clock, runtime},
    config::Config,
};

/// Prints the messages, newest first. It works while a server is running.
pub(super) fn print(config: &Config) -> Outcome {
    let messages = runtime()?.block_on(async { app::unread_mail(config, &clock()).await })?;
    let mut out = io::stdout().lock();
    if messages.is_empty() {
        writeln!(out, "Every message of the last 14 days could be read.")?;
    }
    for message in &messages {
        write(&mut out, message)?;
    }
    Ok(())
}

fn write(out: &mut impl Write, one: &UnreadMail) -> io::Result<()> {
    writeln!(out, "==== {} received {}", one.id, one.received_at.format("%Y-%m-%d %H:%M:%S UTC"))?;
    writeln!(out, "not read  {}", one.reason.explanation())?;
    if let Some(recipient) = &one.recipient {
        writeln!(out, "came to   {}", printable(recipient))?;
    }
    if let Some(letter) = &one.letter {
        writeln!(out, "letter    {letter}")?;
    }
    writeln!(out, "\n{}\n", printable(&one.message))
}

/// Without characters that would act on a terminal: anybody may have written the message.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && !matches!(c, '\n' | '\t') { '\u{fffd}' } else { c }).collect()
}

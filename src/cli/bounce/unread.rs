//! Prints returned mail that could not be read.

use crate::{
    app::{self, UnreadMail},
    cli::{
        output::{Unwritable, print_line},
        shared::{Outcome, clock, runtime},
    },
    config::Config,
};

/// Prints the messages, newest first. It works while a server is running.
pub(super) fn print(config: &Config) -> Outcome {
    let messages = runtime()?.block_on(async { app::unread_mail(config, &clock()).await })?;
    if messages.is_empty() {
        print_line("Every message of the last 14 days could be read.")?;
    }
    for message in &messages {
        print_message(message)?;
    }
    Ok(())
}

fn print_message(one: &UnreadMail) -> Result<(), Unwritable> {
    let received = one.received_at.format("%Y-%m-%d %H:%M:%S UTC");
    print_line(format_args!("==== {} received {received}", one.id))?;
    print_line(format_args!("not read  {}", one.reason.explanation()))?;
    if let Some(recipient) = &one.recipient {
        print_line(format_args!("came to   {}", printable(recipient)))?;
    }
    if let Some(letter) = &one.letter {
        print_line(format_args!("letter    {letter}"))?;
    }
    print_line(format_args!("\n{}\n", printable(&one.message)))
}

/// Without characters that would act on a terminal: the message may be from anyone.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && !matches!(c, '\n' | '\t') { '\u{fffd}' } else { c }).collect()
}

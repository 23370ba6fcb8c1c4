//! What commands print. `println!` and `eprintln!` panic where the output is closed or full: a closed pipe, a
//! full disk. Here that is an error with an exit code of its own.

use std::{
    error::Error,
    fmt::Display,
    io::{self, Write},
    process::ExitCode,
};

/// EX_IOERR of sysexits.h: the exit code of a command whose output cannot be written.
pub(super) const UNWRITABLE: u8 = 74;

/// Standard output is closed or full.
#[derive(Debug, thiserror::Error)]
#[error("the results cannot be written to standard output: {0}")]
pub(super) struct Unwritable(#[from] io::Error);

/// Prints a text to standard output.
///
/// # Errors
/// When standard output is closed or full.
pub(super) fn print(text: impl Display) -> Result<(), Unwritable> {
    let mut out = io::stdout().lock();
    write!(out, "{text}")?;
    // What stays in the buffer is lost at the program's end, without an error.
    Ok(out.flush()?)
}

/// Prints a line to standard output.
///
/// # Errors
/// When standard output is closed or full.
pub(super) fn print_line(line: impl Display) -> Result<(), Unwritable> {
    print(format_args!("{line}\n"))
}

/// Prints a line that nothing depends on: a service works with a full disk behind its output, too.
pub(super) fn notice(line: impl Display) {
    // The reason is not worth an exit, and the log may go to the same disk.
    let _ = print_line(line);
}

/// Writes a line to standard error.
pub(super) fn complain(line: impl Display) {
    // Where standard error is closed or full, the exit code is all that is left to say it with.
    let _ = io::stderr().write_all(format!("{line}\n").as_bytes());
}

/// Reports why a command failed, and ends it.
pub(super) fn failure(error: &(dyn Error + 'static)) -> ExitCode {
    complain(format_args!("invitation-service: {error}"));
    if error.is::<Unwritable>() { ExitCode::from(UNWRITABLE) } else { ExitCode::FAILURE }
}

//! `write-manual`: the manual pages, and completions for shells, from the definition of the command line.

use std::{fs, io, path::Path};

use clap::Command;
use clap_complete::{Generator, Shell, generate};
use clap_mangen::{
    Man,
    roff::{Roff, bold, roman},
};

use super::shared::Outcome;
use crate::config::variables::variables;

/// The shells that get completions: those that Debian has folders for.
const SHELLS: [Shell; 3] = [Shell::Bash, Shell::Zsh, Shell::Fish];

/// What the program exits with, beside the codes of single commands.
const EXIT_CODES: [(&str, &str); 5] = [
    ("0", "success"),
    ("1", "failure; standard error says why"),
    ("2", "the command line is faulty"),
    ("74", "the results cannot be written to standard output"),
    ("78", "the configuration is faulty; standard error has every fault"),
];

/// Writes a manual page for `command` and each of its subcommands, and a file of completions for each shell,
/// to a folder, which is made where it is missing.
///
/// # Errors
/// When a file cannot be written.
pub(super) fn write(folder: &Path, command: &Command) -> Outcome {
    fs::create_dir_all(folder)?;
    for shell in SHELLS {
        let mut text = Vec::new();
        generate(shell, &mut command.clone(), command.get_name(), &mut text);
        fs::write(folder.join(shell.file_name(command.get_name())), text)?;
    }
    let mut command = command.clone().disable_help_subcommand(true);
    // Gives the subcommands their full names.
    command.build();
    let version = command.get_version().unwrap_or_default();
    let source = format!("{} {version}", command.get_name());
    for subcommand in command.get_subcommands() {
        write_page(folder, subcommand, &source, |page| examples(page, subcommand))?;
    }
    write_page(folder, &command, &source, settings)?;
    Ok(())
}

/// Writes one page: what the definition says, and then `more`.
fn write_page(
    folder: &Path,
    command: &Command,
    source: &str,
    more: impl FnOnce(&mut Roff),
) -> io::Result<()> {
    let page = Man::new(command.clone()).source(source).manual("Invitation service");
    let mut text = Vec::new();
    page.render_title(&mut text)?;
    page.render_name_section(&mut text)?;
    page.render_synopsis_section(&mut text)?;
    page.render_description_section(&mut text)?;
    page.render_options_section(&mut text)?;
    if command.has_subcommands() {
        page.render_subcommands_section(&mut text)?;
    }
    let mut end = Roff::default();
    more(&mut end);
    end.to_writer(&mut text)?;
    fs::write(folder.join(page.get_filename()), text)
}

/// What `--help` says after the options, line by line: it has tables and examples.
fn examples(page: &mut Roff, command: &Command) {
    if let Some(text) = command.get_after_help() {
        page.control("SH", ["NOTES"]).control("nf", None);
        for line in text.to_string().lines() {
            page.text([roman(line)]);
        }
        page.control("fi", None);
    }
    page.control("SH", ["SEE ALSO"]).text([bold("invitation-service"), roman("(1)")]);
}

/// What holds for all commands: the variables, the files and the exit codes.
fn settings(page: &mut Roff) {
    page.control("SH", ["ENVIRONMENT"]);
    for variable in variables() {
        let default =
            if variable.default.is_empty() { String::new() } else { format!(" [{}]", variable.default) };
        page.control("TP", None).text([bold(variable.name), roman(default)]);
        page.text([roman(variable.explanation())]);
    }
    page.control("SH", ["FILES"]);
    page.control("TP", None).text([bold("data/secret.key")]);
    page.text([roman(
        "the root key where neither SECRET_KEY nor SECRET_KEY_FILE is set, below the working directory",
    )]);
    page.control("SH", ["EXIT STATUS"]);
    for (code, meaning) in EXIT_CODES {
        page.control("TP", None).text([bold(code)]);
        page.text([roman(meaning)]);
    }
}

//! The output: a progress bar on a terminal, faults on standard error, results on standard output.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{
    fault::{RowError, clean},
    outcome::Outcome,
    row::Row,
    stop::Reason,
    terminal::Screen,
};
use crate::cli::output::{Unwritable, print_line};

/// Writes the results of an import, and counts them.
pub(super) struct Report {
    /// The file's display name.
    file: String,
    dry_run: bool,
    json: bool,
    pub screen: Screen,
    total: usize,
    invited: usize,
    already: usize,
    lapsed: usize,
    failed: usize,
}

impl Report {
    pub(super) fn new(file: String, total: usize, dry_run: bool, json: bool) -> Self {
        let bar = ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::hidden());
        Self { file, dry_run, json, screen: Screen(bar), total, invited: 0, already: 0, lapsed: 0, failed: 0 }
    }

    /// Shows the bar, unless standard error is no terminal.
    pub(super) fn begin(&self) {
        let bar = &self.screen.0;
        if let Ok(style) = ProgressStyle::with_template("{bar:32} {pos}/{len}  {eta} left  {msg}") {
            bar.set_style(style);
        }
        bar.reset_elapsed();
        bar.set_draw_target(ProgressDrawTarget::stderr());
    }

    /// Reports a fault of the whole file.
    pub(super) fn fault(&self, line: usize, fault: &RowError) {
        self.screen.say(&format!("{}:{line}: {fault}", clean(&self.file)));
    }

    /// Reports unusual values, before any row is sent.
    pub(super) fn warnings<'a>(&self, rows: impl IntoIterator<Item = &'a Row>) {
        for row in rows {
            for warning in &row.warnings {
                self.fault(row.line, warning);
            }
        }
    }

    /// Reports the outcome of a row.
    ///
    /// # Errors
    /// When standard output is closed or full.
    pub(super) fn row(&mut self, row: &Row, outcome: &Outcome) -> Result<(), Unwritable> {
        match outcome {
            Outcome::Invited { .. } | Outcome::Valid => self.invited += 1,
            Outcome::AlreadyThere { .. } => self.already += 1,
            Outcome::NoLongerInvited { fault, .. } => {
                self.lapsed += 1;
                self.fault(row.line, fault);
            }
            Outcome::Failed(faults) => {
                self.failed += 1;
                for fault in faults {
                    self.fault(row.line, fault);
                }
            }
            Outcome::NotSent => {}
        }
        if *outcome != Outcome::NotSent {
            self.screen.0.inc(1);
        }
        if self.failed > 0 {
            self.screen.0.set_message(format!("{} failed", self.failed));
        }
        if self.json { self.print(&outcome.document(row).to_string()) } else { Ok(()) }
    }

    fn print(&self, line: &str) -> Result<(), Unwritable> {
        self.screen.0.suspend(|| print_line(line))
    }

    /// Removes the bar and prints the summary, and how to continue when the import ended early.
    ///
    /// # Errors
    /// When standard output is closed or full.
    pub(super) fn end(&self, reason: Option<&Reason>) -> Result<(), Unwritable> {
        self.screen.0.finish_and_clear();
        let words = self.ending(reason);
        if !words.is_empty() {
            self.screen.say(&words);
        }
        let summary = self.summary();
        if self.json {
            self.screen.say(&summary);
            return Ok(());
        }
        self.print(&summary)
    }

    /// Why the import ended early, and how to continue; empty where it did not.
    fn ending(&self, reason: Option<&Reason>) -> String {
        let again = "Run the same command again to continue: no person is invited twice.";
        match reason {
            None => String::new(),
            Some(Reason::Faulty) => {
                let (faulty, all) = (self.failed, self.total);
                format!(
                    "Nothing was sent: {faulty} of {all} rows are faulty. Correct them, or send the others \
                    with --skip-faulty."
                )
            }
            Some(Reason::Interrupted) => format!("Interrupted. {again}"),
            Some(Reason::Unanswered(words)) => {
                format!("Gave up: the service does not accept requests ({}). {again}", clean(words))
            }
            Some(Reason::Denied(words)) => {
                format!("Stopped: the token does not allow this ({}).", clean(words))
            }
            Some(Reason::Refused(words)) => format!("Stopped: the service answered {}", clean(words)),
            Some(Reason::Unwritable(words)) => format!("Stopped: {words}. {again}"),
        }
    }

    fn summary(&self) -> String {
        let left = self.left();
        let invited = if self.dry_run { "would be invited" } else { "invited" };
        let mut summary =
            format!("{invited} {}, already there {}, failed {}", self.invited, self.already, self.failed);
        if self.lapsed > 0 {
            summary = format!("{summary}, no longer invited {}", self.lapsed);
        }
        if left > 0 {
            summary = format!("{summary}, not sent {left}");
        }
        summary
    }

    /// Whether no row failed, among those whose outcome is known.
    pub(super) fn is_good(&self) -> bool {
        self.failed == 0 && self.lapsed == 0
    }

    /// Whether the outcome of every row is known.
    pub(super) fn is_complete(&self) -> bool {
        self.left() == 0
    }

    fn left(&self) -> usize {
        self.total - self.invited - self.already - self.lapsed - self.failed
    }
}

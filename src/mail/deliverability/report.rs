//! What was found, as a table.

use std::fmt;

/// What a finding comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Nothing has to change.
    Ok,
    /// It could not be found out.
    Unknown,
    /// Something has to change.
    Change,
}

impl Verdict {
    fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Unknown => "unknown",
            Self::Change => "change",
        }
    }
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    pub what: String,
    pub found: String,
    pub verdict: Verdict,
    /// What to do. May be empty.
    pub advice: String,
}

impl Finding {
    pub fn ok(what: impl Into<String>, found: impl Into<String>) -> Self {
        let (what, found) = (what.into(), found.into());
        Self { what, found, verdict: Verdict::Ok, advice: String::new() }
    }

    pub fn unknown(what: impl Into<String>, found: impl Into<String>) -> Self {
        Self { verdict: Verdict::Unknown, ..Self::ok(what, found) }
    }

    pub fn change(what: impl Into<String>, found: impl Into<String>) -> Self {
        Self { verdict: Verdict::Change, ..Self::ok(what, found) }
    }

    pub fn advise(self, advice: impl Into<String>) -> Self {
        Self { advice: advice.into(), ..self }
    }
}

/// What became of a test letter, with what the relay or provider said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TestLetter {
    /// By whom.
    Accepted(String),
    /// It was not accepted for now, as by greylisting, or whether it was is not known.
    Undecided(String),
    /// Until something is corrected.
    Refused(String),
}

/// All that was found.
#[derive(Debug, Default)]
pub struct Report {
    pub(super) findings: Vec<Finding>,
    /// TXT records to publish, made here: the name and the text of each. They are shown whole.
    pub(super) records: Vec<(String, String)>,
}

impl Report {
    /// The most severe verdict of all findings.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.findings.iter().map(|finding| finding.verdict).max().unwrap_or(Verdict::Ok)
    }

    /// Adds what became of the test letter.
    pub fn add_test_letter(&mut self, to: &str, outcome: TestLetter) {
        self.findings.push(match outcome {
            TestLetter::Accepted(found) => Finding::ok("test letter", format!("{found}, for {to}")).advise(
                "open it there: is it in the inbox, and does Authentication-Results in its source say \
                spf=pass, dkim=pass and dmarc=pass?",
            ),
            TestLetter::Undecided(fault) => Finding::unknown("test letter", fault)
                .advise("send it again in some minutes: the service would repeat it, and this does not"),
            TestLetter::Refused(fault) => {
                Finding::change("test letter", fault).advise("correct what the text says")
            }
        });
    }
}

/// The widths of the columns, in characters: together a line of 118.
const WIDTHS: [usize; 4] = [20, 43, 7, 39];
const HEADINGS: [&str; 4] = ["what", "found", "verdict", "what to do"];
/// The most characters of one cell. Records in the DNS may have 64 KiB.
const MAX_CELL: usize = 600;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_row(f, HEADINGS)?;
        writeln!(f, "{}", WIDTHS.map(|width| "-".repeat(width)).join("-+-"))?;
        for Finding { what, found, verdict, advice } in &self.findings {
            write_row(f, [what, found, verdict.as_str(), advice])?;
        }
        for (name, text) in &self.records {
            write!(f, "\nTo publish in the DNS, as TXT record of {name}:\n{text}\n")?;
        }
        Ok(())
    }
}

fn write_row(f: &mut fmt::Formatter<'_>, cells: [&str; 4]) -> fmt::Result {
    let mut columns: Vec<Vec<String>> = Vec::new();
    for (cell, width) in cells.into_iter().zip(WIDTHS) {
        columns.push(lines(&printable(cell), width));
    }
    let height = columns.iter().map(Vec::len).max().unwrap_or_default();
    for place in 0..height {
        let line: Vec<String> = columns
            .iter()
            .zip(WIDTHS)
            .map(|(column, width)| format!("{:width$}", column.get(place).map_or("", String::as_str)))
            .collect();
        writeln!(f, "{}", line.join(" | ").trim_end())?;
    }
    Ok(())
}

/// The text in lines of at most `width` characters; a word that is longer is cut.
fn lines(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut length = 0;
    for word in text.split_whitespace() {
        let letters: Vec<char> = word.chars().collect();
        if length > 0 && length + 1 + letters.len() > width {
            lines.push(String::new());
            length = 0;
        }
        for (place, piece) in letters.chunks(width).enumerate() {
            if place > 0 {
                lines.push(String::new());
                length = 0;
            }
            if let Some(line) = lines.last_mut() {
                line.push_str(if length > 0 { " " } else { "" });
                line.extend(piece);
            }
            length += piece.len() + usize::from(length > 0);
        }
    }
    lines
}

/// The text for a terminal. Relays and name servers of others must not control it, nor turn its lines around.
fn printable(text: &str) -> String {
    let is_control =
        |c: char| c.is_control() || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    let mut shown: String =
        text.chars().take(MAX_CELL).map(|c| if is_control(c) { '?' } else { c }).collect();
    if text.chars().nth(MAX_CELL).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_wrapped_and_control_nothing() {
        let long = "x".repeat(100);
        let mut report = Report::default();
        report.findings.push(Finding::ok("SPF", "v=spf1 \u{1b}[31mred\u{202e} -all"));
        report.findings.push(
            Finding::change("a name of many words", long)
                .advise("one two three four five six seven eight nine"),
        );
        report.records.push(("a.example".to_owned(), "p".repeat(900)));
        let text = report.to_string();
        let (text, record) = text.split_once("\nTo publish").unwrap();
        assert!(record.ends_with(&format!("of a.example:\n{}\n", "p".repeat(900))), "{record}");
        assert!(text.contains("v=spf1 ?[31mred? -all"), "{text}");
        let is_clean = |c: char| !c.is_control() || c == '\n';
        assert!(text.chars().all(is_clean) && text.lines().all(|line| line.chars().count() <= 118), "{text}");
        let cells: String = text.lines().filter_map(|line| line.split(" | ").nth(1)).collect();
        assert_eq!(cells.matches('x').count(), 100, "nothing of a long word is lost: {text}");
        assert_eq!(report.verdict(), Verdict::Change);
    }

    #[test]
    fn the_gravest_verdict_counts() {
        let report = |verdicts: &[Verdict]| {
            let finding = |verdict: &Verdict| Finding { verdict: *verdict, ..Finding::ok("a", "b") };
            Report { findings: verdicts.iter().map(finding).collect(), records: Vec::new() }.verdict()
        };
        assert_eq!(report(&[]), Verdict::Ok);
        assert_eq!(report(&[Verdict::Ok, Verdict::Unknown]), Verdict::Unknown);
        assert_eq!(report(&[Verdict::Change, Verdict::Unknown, Verdict::Ok]), Verdict::Change);
    }
}

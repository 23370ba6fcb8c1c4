//! Splits the file's bytes into rows: delimiter, encoding, quotes and the header's columns.

mod encoding;
mod records;
mod separator;

use std::collections::BTreeMap;

use csv::ByteRecord;

use self::{
    records::{Cut, is_blank, is_empty, trim},
    separator::Separator,
};
use super::{columns, fault::RowError};

/// A row that is not blank.
#[derive(Debug)]
pub(super) struct Record {
    /// The line on which it starts, as editors count: the first is 1.
    pub line: usize,
    /// The texts of its non-empty cells, by column.
    pub cells: Vec<(&'static str, String)>,
    /// Cells that cannot be read, or that belong to no column.
    pub faults: Vec<RowError>,
    /// Whether its cells may be in the wrong columns; their values are then not validated.
    pub torn: bool,
    /// Whether a rate may have a decimal comma, since the comma does not separate the file's cells.
    pub decimal_comma: bool,
}

/// Splits a file into its rows. Blank rows are skipped.
///
/// # Errors
/// Why the file cannot be split, each with the line of the fault.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Record>, Vec<(usize, RowError)>> {
    let bytes = &*encoding::to_utf8(bytes).map_err(|fault| vec![(1, fault)])?;
    let mut lines = Lines { bytes, counted: 0, line: 1 };
    let separator = Separator::of(bytes);
    let mut records =
        Cut::new(bytes, separator.start, separator.byte).filter(|(_, record)| !is_blank(record));
    let Some((range, names)) = records.next() else {
        return Err(vec![(1, RowError::new(columns::KIND, "no_rows", "The file is empty."))]);
    };
    let line = lines.at(range.start);
    let at_header = |faults: Vec<RowError>| faults.into_iter().map(|fault| (line, fault)).collect::<Vec<_>>();
    let (columns, faults) = columns::read(names.iter());
    let header = Header { line, columns: &columns, separator };
    let mut nameless = BTreeMap::new();
    let rows: Vec<Record> = records
        .map(|(range, record)| header.row(lines.at(range.start), &bytes[range], &record, &mut nameless))
        .collect();
    // A column with an unknown name is reported by that name.
    nameless
        .retain(|index, _| names.get(*index).is_none_or(|name| is_empty(name) || columns::is_unnamed(name)));
    let faults: Vec<RowError> = nameless.into_values().chain(faults).collect();
    if !faults.is_empty() {
        return Err(at_header(faults));
    }
    if rows.is_empty() {
        return Err(at_header(vec![RowError::new(
            columns::KIND,
            "no_rows",
            "No row follows the line with the columns' names.",
        )]));
    }
    Ok(rows)
}

/// The line that names the columns.
struct Header<'a> {
    line: usize,
    columns: &'a [Option<&'static str>],
    separator: Separator,
}

impl Header<'_> {
    /// Reads a row. A value in a column without a name, before the last named one, is recorded in `nameless`.
    fn row(
        &self,
        line: usize,
        raw: &[u8],
        record: &ByteRecord,
        nameless: &mut BTreeMap<usize, RowError>,
    ) -> Record {
        let decimal_comma = self.separator.allows_decimal_comma();
        let mut row = Record { line, cells: Vec::new(), faults: Vec::new(), torn: false, decimal_comma };
        if raw.iter().fold(false, |open, byte| open ^ (*byte == b'"')) {
            // The CSV reader would take everything up to the next quote, or the end of the file, as one cell.
            let words =
                r#"A " is opened and not closed. Write a " inside quoted text twice, as in "5"" pipe"."#;
            row.mark_malformed(RowError::new(columns::KIND, "unbalanced_quotes", words));
            return row;
        }
        if let Some(fault) = self.surplus(record) {
            row.mark_malformed(fault);
            return row;
        }
        for (index, (column, cell)) in
            self.columns.iter().zip(record).enumerate().filter(|(_, (_, cell))| !is_empty(cell))
        {
            match (column, std::str::from_utf8(cell)) {
                (None, _) => drop(nameless.entry(index).or_insert_with(|| self.nameless(index, line, cell))),
                (Some(column), Ok(text)) => row.cells.push((column, trim(text).to_owned())),
                (Some(column), Err(_)) => {
                    let words = "This text is not UTF-8. Save the file as \"CSV UTF-8\".";
                    row.faults.push(RowError::new(*column, "not_utf8", words));
                }
            }
        }
        row
    }

    /// What is wrong with a row that has more cells than columns have names. Spreadsheets add empty cells
    /// after the last column, and some programs omit those at the end of a row.
    fn surplus(&self, record: &ByteRecord) -> Option<RowError> {
        let named = self.columns.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        let found = record.iter().rposition(|cell| !is_empty(cell)).map_or(0, |last| last + 1);
        if found <= named {
            return None;
        }
        let delimiter = match self.separator.byte {
            b'\t' => "tab".to_owned(),
            byte => char::from(byte).to_string(),
        };
        let words = format!(
            "The row has {found} cells, the header has {named}. \
             Put text that contains a {delimiter} in double quotes."
        );
        Some(RowError::new(columns::KIND, "cell_count", words))
    }

    fn nameless(&self, index: usize, line: usize, cell: &[u8]) -> RowError {
        let (header, cell) = (self.line, String::from_utf8_lossy(cell));
        let cell: String = trim(&cell).chars().take(40).collect();
        let words = format!(
            "This column has no name on line {header}, and row {line} has {cell:?} in it. Name the column or \
            remove it; pandas omits its index with to_csv(…, index=False)."
        );
        RowError::new(format!("column {}", index + 1), "unnamed_column", words)
    }
}

impl Record {
    fn mark_malformed(&mut self, fault: RowError) {
        self.faults.push(fault);
        self.torn = true;
    }
}

/// Counts lines as editors do: CR LF, LF or a single CR ends a line.
struct Lines<'a> {
    bytes: &'a [u8],
    counted: usize,
    line: usize,
}

impl Lines<'_> {
    /// The line of a byte offset. Offsets must not decrease from call to call.
    fn at(&mut self, offset: usize) -> usize {
        let ends = |at: &usize| match self.bytes[*at] {
            b'\n' => true,
            b'\r' => self.bytes.get(at + 1) != Some(&b'\n'),
            _ => false,
        };
        self.line += (self.counted..offset).filter(ends).count();
        self.counted = offset;
        self.line
    }
}

#[cfg(test)]
mod tests;

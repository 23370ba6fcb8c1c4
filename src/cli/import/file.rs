//! The file as bytes, cut into rows: delimiter, encoding, quotes and the header's columns.

use std::ops::Range;

use csv::{ByteRecord, Reader, ReaderBuilder};

use super::{columns, fault::Fault};

/// A row that holds something.
#[derive(Debug)]
pub(super) struct Record {
    /// The line of the file on which it begins, as editors count them: the first is 1.
    pub line: usize,
    /// What its cells hold, without the empty ones.
    pub cells: Vec<(&'static str, String)>,
    /// Cells that cannot be read, or stand in no column.
    pub faults: Vec<Fault>,
    /// Whether its cells may stand in the wrong columns, so that they say nothing.
    pub torn: bool,
}

/// Cuts a file into its rows. Blank ones are left out.
///
/// # Errors
/// Why it cannot be cut, with the line on which that shows.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Record>, Vec<(usize, Fault)>> {
    let at_top = |code: &str, words: &str| Err(vec![(1, Fault::new(columns::KIND, code, words))]);
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        return at_top("not_utf8", "This is UTF-16. Save the file as \"CSV UTF-8\".");
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut lines = Lines { bytes, counted: 0, line: 1 };
    let delimiter = delimiter(bytes);
    let mut records = Cut::new(bytes, delimiter).filter(|(_, record)| !is_blank(record));
    let Some((range, header)) = records.next() else {
        return at_top("no_rows", "The file is empty.");
    };
    let line = lines.at(range.start);
    if delimiter == b'\t' {
        let words = "The columns are separated by tabs. Save the file as CSV, separated by , or ;";
        return Err(vec![(line, Fault::new(columns::KIND, "wrong_delimiter", words))]);
    }
    let columns =
        columns::read(header.iter()).map_err(|faults| faults.into_iter().map(|fault| (line, fault)).collect::<Vec<_>>())?;
    let rows: Vec<Record> =
        records.map(|(range, record)| row(lines.at(range.start), &bytes[range], &record, &columns, delimiter)).collect();
    if rows.is_empty() {
        return Err(vec![(line, Fault::new(columns::KIND, "no_rows", "No row follows the line with the columns' names."))]);
    }
    Ok(rows)
}

fn row(line: usize, raw: &[u8], record: &ByteRecord, columns: &[Option<&'static str>], delimiter: u8) -> Record {
    let mut row = Record { line, cells: Vec::new(), faults: Vec::new(), torn: false };
    if raw.iter().fold(false, |open, byte| open ^ (*byte == b'"')) {
        // The reader would take everything up to the next quote, or to the end of the file, for one cell.
        let words = r#"A " is opened and not closed. Inside quoted text it is written twice, as in "5"" pipe"."#;
        row.tear(Fault::new(columns::KIND, "unbalanced_quotes", words));
        return row;
    }
    // Empty columns behind the last one are what a spreadsheet leaves there. It leaves them on the first line too.
    let stray = columns.iter().zip(record).any(|(column, cell)| column.is_none() && !is_empty(cell));
    let named = columns.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
    if stray || !(named..=columns.len()).contains(&record.len()) {
        let (found, delimiter) = (record.len(), char::from(delimiter));
        let words = format!(
            "The row has {found} cells where the columns' names take {named}. \
             Text that holds a {delimiter} stands in double quotes."
        );
        row.tear(Fault::new(columns::KIND, "cell_count", words));
        return row;
    }
    for (column, cell) in columns.iter().zip(record).filter_map(|(column, cell)| Some(((*column)?, cell))) {
        match std::str::from_utf8(cell) {
            Ok(text) if is_empty(text.as_bytes()) => {}
            Ok(text) => row.cells.push((column, text.trim_matches(BLANKS).to_owned())),
            Err(_) => {
                let words = "This is not UTF-8, which letters with accents need. Save the file as \"CSV UTF-8\".";
                row.faults.push(Fault::new(column, "not_utf8", words));
            }
        }
    }
    row
}

impl Record {
    fn tear(&mut self, fault: Fault) {
        self.faults.push(fault);
        self.torn = true;
    }
}

/// What spreadsheets and people put around a cell: not its text, and no fault of it.
const BLANKS: [char; 3] = [' ', '\t', '\u{A0}'];

fn is_empty(cell: &[u8]) -> bool {
    std::str::from_utf8(cell).is_ok_and(|text| text.trim_matches(BLANKS).is_empty())
}

fn is_blank(record: &ByteRecord) -> bool {
    record.iter().all(is_empty)
}

/// What separates the cells: what makes the most of the first line's cells the names of columns. Spreadsheets write `;` where
/// the comma is the decimal sign.
fn delimiter(bytes: &[u8]) -> u8 {
    let known = |delimiter: &u8| {
        let header = Cut::new(bytes, *delimiter).map(|(_, record)| record).find(|record| !is_blank(record)).unwrap_or_default();
        header.iter().filter(|cell| columns::find(cell).is_some()).count()
    };
    // Of equals, the last one is taken.
    [b'\t', b';', b','].into_iter().max_by_key(known).unwrap_or(b',')
}

/// The records of a file, each with where it stands: from its first byte to the next one's.
struct Cut<'a> {
    bytes: &'a [u8],
    reader: Reader<&'a [u8]>,
}

impl<'a> Cut<'a> {
    fn new(bytes: &'a [u8], delimiter: u8) -> Self {
        let reader = ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(bytes);
        Self { bytes, reader }
    }

    fn offset(&self) -> usize {
        usize::try_from(self.reader.position().byte()).map_or(self.bytes.len(), |byte| byte.min(self.bytes.len()))
    }
}

impl Iterator for Cut<'_> {
    type Item = (Range<usize>, ByteRecord);

    fn next(&mut self) -> Option<Self::Item> {
        let (mut record, before) = (ByteRecord::new(), self.offset());
        // Bytes in memory fail nobody, and rows of any length are taken: an error would be the end.
        if !self.reader.read_byte_record(&mut record).unwrap_or(false) {
            return None;
        }
        // The reader leaves line ends to the next record, and empty lines too.
        let empty = self.bytes[before..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        Some((before + empty..self.offset(), record))
    }
}

/// Counts lines as editors do: CR LF, LF, or CR alone end one.
struct Lines<'a> {
    bytes: &'a [u8],
    counted: usize,
    line: usize,
}

impl Lines<'_> {
    /// The line on which a byte stands; asked for in rising order.
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

//! The records of a file, as the CSV reader splits it, and the texts of their cells.

use std::ops::Range;

use csv::{ByteRecord, Reader, ReaderBuilder};

use crate::domain::invisible::trim as trim_unseen;

/// A cell's text without what spreadsheets, other programs and people put around it: blanks, line breaks,
/// invisible characters and NULs.
pub(super) fn trim(cell: &str) -> &str {
    trim_unseen(cell.trim_end_matches(['\0', '\x1A']))
}

pub(super) fn is_empty(cell: &[u8]) -> bool {
    std::str::from_utf8(cell).is_ok_and(|text| trim(text).is_empty())
}

pub(super) fn is_blank(record: &ByteRecord) -> bool {
    record.iter().all(is_empty)
}

/// The records of a file, each with its byte range: from its first byte to the start of the next record.
pub(super) struct Cut<'a> {
    bytes: &'a [u8],
    /// The offset of the first record.
    start: usize,
    reader: Reader<&'a [u8]>,
}

impl<'a> Cut<'a> {
    pub(super) fn new(bytes: &'a [u8], start: usize, delimiter: u8) -> Self {
        let rest = bytes.get(start..).unwrap_or_default();
        let reader =
            ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(rest);
        Self { bytes, start, reader }
    }

    fn offset(&self) -> usize {
        let read = usize::try_from(self.reader.position().byte()).unwrap_or(usize::MAX);
        self.start.saturating_add(read).min(self.bytes.len())
    }
}

impl Iterator for Cut<'_> {
    type Item = (Range<usize>, ByteRecord);

    fn next(&mut self) -> Option<Self::Item> {
        let (mut record, before) = (ByteRecord::new(), self.offset());
        // Reading from memory does not fail, and rows of any length are accepted. An error would end the
        // file.
        if !self.reader.read_byte_record(&mut record).unwrap_or(false) {
            return None;
        }
        // The CSV reader leaves line ends and empty lines to the next record.
        let empty = self.bytes[before..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        Some((before + empty..self.offset(), record))
    }
}

//! Lists as CSV (RFC 4180): every match, a page at a time, however many there are.

use actix_web::{
    HttpResponse,
    http::header::{CONTENT_DISPOSITION, ContentType},
    web::Bytes,
};
use futures_util::{StreamExt, future::join, stream};

use super::problem::Problem;
use crate::http::extract::json_body::BYTE_ORDER_MARK;
use crate::services::{
    ServiceError,
    queries::{Page, PageRequest},
};

/// So many rows are read at once.
const ROWS_PER_READ: i64 = 1000;

/// What a list looks like as CSV.
pub struct Table<T> {
    /// The name of the file.
    pub file: &'static str,
    /// The names of the columns, which need no quotation marks.
    pub header: &'static [&'static str],
    /// The cells of a row.
    pub row: fn(&T) -> Vec<String>,
}

/// Every row that `read` returns, page after page; after a byte order mark when the caller asks for one.
///
/// # Errors
/// Those of the first page.
pub async fn export<T: 'static>(
    table: Table<T>,
    byte_order_mark: bool,
    read: impl AsyncFn(PageRequest) -> Result<Page<T>, ServiceError> + 'static,
) -> Result<HttpResponse, Problem> {
    let page = |cursor| PageRequest { limit: ROWS_PER_READ, cursor };
    // The first page is read before the answer begins, so that errors of the request are still answered as
    // problems.
    let first = read(page(None)).await?;
    let mark = Bytes::from_static(if byte_order_mark { BYTE_ORDER_MARK } else { b"" });
    let head = Ok(Bytes::from(format!("{}\r\n", table.header.join(","))));
    let rest = stream::unfold((Some(first), read), move |(next, read)| async move {
        let Page { data, next_cursor } = next?;
        let write = async { lines(data.iter().map(table.row)) };
        let Some(cursor) = next_cursor else { return Some((write.await, (None, read))) };
        // The next rows are read while these are written.
        match join(read(page(Some(cursor))), write).await {
            (Ok(next), chunk) => Some((chunk, (Some(next), read))),
            // The answer has begun: it is cut off, so that a part of it is not mistaken for all of it.
            (Err(refusal), _) => Some((Err(std::io::Error::other(refusal.to_string())), (None, read))),
        }
    });
    let file = format!("attachment; filename=\"{}\"", table.file);
    Ok(HttpResponse::Ok()
        .content_type(ContentType(
            "text/csv; charset=utf-8; header=present".parse().unwrap_or(mime::TEXT_CSV),
        ))
        .insert_header((CONTENT_DISPOSITION, file))
        .streaming(stream::iter([Ok(mark), head]).chain(rest)))
}

fn lines(rows: impl Iterator<Item = Vec<String>>) -> Result<Bytes, std::io::Error> {
    let mut writer = ::csv::WriterBuilder::new()
        // Always: a program that separates by something else than a comma finds the same cells.
        .quote_style(::csv::QuoteStyle::Always)
        .terminator(::csv::Terminator::CRLF)
        .from_writer(Vec::new());
    for row in rows {
        writer.write_record(row.iter().map(|cell| harmless(cell)))?;
    }
    Ok(Bytes::from(writer.into_inner().map_err(|error| std::io::Error::other(error.to_string()))?))
}

/// A cell that no spreadsheet reads as a formula (OWASP, CSV Injection): an apostrophe is put before a
/// character that could begin one. That is not only the cell's first: where a program separates by `;` (in
/// either width) or tabs, or ends a cell at a quotation mark, another cell begins behind each of them.
fn harmless(cell: &str) -> String {
    let mut written = String::with_capacity(cell.len() + 1);
    let mut begins = true;
    for character in cell.chars() {
        let first = written.is_empty();
        if begins && (FORMULA.contains(&character) || (first && matches!(character, '\t' | '\r' | '\n'))) {
            written.push('\'');
        }
        written.push(character);
        begins = match character {
            ';' | '；' | '\t' | '\r' | '\n' | '"' | '\u{201c}' | '\u{201d}' | '\u{201e}' => true,
            // What programs skip before a formula: blanks, and the quotation mark of texts.
            '\'' => begins,
            blank if blank.is_whitespace() => begins,
            _ => false,
        };
    }
    written
}

/// What a formula begins with, in either width.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_disarms() {
        let mut cells = vec![String::new(); 9];
        cells[1] = "=HYPERLINK(\"http://evil\")".to_owned();
        cells[2] = "a,b".to_owned();
        cells[3] = "-1+1".to_owned();
        let text = String::from_utf8(lines(std::iter::once(cells)).unwrap().to_vec()).unwrap();
        assert_eq!(
            text,
            "\"\",\"'=HYPERLINK(\"\"http://evil\"\")\",\"a,b\",\"'-1+1\",\"\",\"\",\"\",\"\",\"\"\r\n"
        );
    }

    #[test]
    fn formulas_are_disarmed_wherever_a_program_could_begin_a_cell() {
        for (cell, written) in [
            ("", ""),
            ("x;=1+1", "x;'=1+1"),
            ("x；=1", "x；'=1"),
            ("x； ＝1", "x； '＝1"),
            ("x；y=1", "x；y=1"),
            ("x; =1+1", "x; '=1+1"),
            ("x\t@SUM(A1)", "x\t'@SUM(A1)"),
            ("x\"=1", "x\"'=1"),
            ("\";-1", "\";'-1"),
            ("x\";\"+1", "x\";\"'+1"),
            ("'=1", "''=1"),
            (" =1", " '=1"),
            ("x;;＝1", "x;;'＝1"),
            ("\t=1", "'\t'=1"),
            ("x;\u{a0}\"@y", "x;\u{a0}\"'@y"),
            ("Ada-Marie", "Ada-Marie"),
            ("a+b@example.com", "a+b@example.com"),
            ("Rock 'n'-Roll = 1", "Rock 'n'-Roll = 1"),
            ("O'Brien; Ada", "O'Brien; Ada"),
        ] {
            assert_eq!(harmless(cell), written, "{cell}");
        }
    }

    proptest::proptest! {
        #[test]
        fn however_a_cell_is_taken_apart_no_part_begins_a_formula(cell in "[a;；\t\"' =+@＝-]{0,12}") {
            let written = harmless(&cell);
            for part in written.split([';', '；', '\t', '"']) {
                proptest::prop_assert!(!part.trim_start().starts_with(FORMULA), "{cell:?}: {written:?}");
            }
            // Nothing is lost: without the apostrophes it is the same.
            proptest::prop_assert_eq!(written.replace('\'', ""), cell.replace('\'', ""));
        }
    }
}

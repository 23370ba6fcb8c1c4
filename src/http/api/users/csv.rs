//! Users as CSV (RFC 4180): every match, a page at a time, however many there are.

use actix_web::{
    HttpResponse,
    http::header::{CONTENT_DISPOSITION, ContentType},
    web::Bytes,
};
use chrono::{DateTime, SecondsFormat, Utc};
use futures_util::{StreamExt, stream};

use crate::http::{extract::json_body::BYTE_ORDER_MARK, response::problem::Problem};
use crate::{
    domain::{actor::Actor, user::User},
    services::{
        ServiceError, Services,
        queries::{self, Page, PageRequest, UserQuery},
    },
};

const HEADER: [&str; 9] = [
    "id",
    "email",
    "first_name",
    "last_name",
    "status",
    "system_roles",
    "memberships",
    "created_at",
    "activated_at",
];
/// So many rows are read at once.
const ROWS_PER_READ: i64 = 500;

/// Every user that matches; after a byte order mark when the caller asks for one.
pub async fn users(
    services: &Services,
    actor: &Actor,
    filters: UserQuery,
    byte_order_mark: bool,
) -> Result<HttpResponse, Problem> {
    // The first page is read before the answer begins, so that errors of the request are still answered as
    // problems.
    let first = page(services, actor, &filters, None).await?;
    let source = (services.clone(), actor.clone(), filters);
    let mark = Bytes::from_static(if byte_order_mark { BYTE_ORDER_MARK } else { b"" });
    // Without quotation marks, as in the contract: these names need none.
    let head = Ok(Bytes::from(format!("{}\r\n", HEADER.join(","))));
    let rest = stream::unfold((Some(first), source), |(page, source)| async move {
        let Page { data, next_cursor } = page?;
        let chunk = lines(data.iter().map(row));
        match next_cursor {
            None => Some((chunk, (None, source))),
            Some(cursor) => match self::page(&source.0, &source.1, &source.2, Some(cursor)).await {
                Ok(next) => Some((chunk, (Some(next), source))),
                // The answer has begun: it is cut off, so that a part of it is not mistaken for all of it.
                Err(refusal) => Some((Err(std::io::Error::other(refusal.to_string())), (None, source))),
            },
        }
    });
    Ok(HttpResponse::Ok()
        .content_type(ContentType(
            "text/csv; charset=utf-8; header=present".parse().unwrap_or(mime::TEXT_CSV),
        ))
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"users.csv\""))
        .streaming(stream::iter([Ok(mark), head]).chain(rest)))
}

async fn page(
    services: &Services,
    actor: &Actor,
    filters: &UserQuery,
    cursor: Option<String>,
) -> Result<Page<User>, ServiceError> {
    queries::users(services, actor, filters.clone(), PageRequest { limit: ROWS_PER_READ, cursor }).await
}

fn lines(rows: impl Iterator<Item = [String; 9]>) -> Result<Bytes, std::io::Error> {
    let mut writer = ::csv::WriterBuilder::new()
        // Always: a program that separates by something else than a comma finds the same cells.
        .quote_style(::csv::QuoteStyle::Always)
        .terminator(::csv::Terminator::CRLF)
        .from_writer(Vec::new());
    for row in rows {
        writer.write_record(row.map(|cell| harmless(&cell)))?;
    }
    Ok(Bytes::from(writer.into_inner().map_err(|error| std::io::Error::other(error.to_string()))?))
}

fn row(user: &User) -> [String; 9] {
    let instant = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Millis, true);
    let memberships = user.memberships.iter().map(|one| {
        let name = one.account_name.as_deref().unwrap_or_default();
        format!("{name} ({}, {})", one.account_id, one.role.as_str())
    });
    [
        user.id.to_string(),
        user.email.as_str().to_owned(),
        user.first_name.clone().unwrap_or_default(),
        user.last_name.clone().unwrap_or_default(),
        user.status.as_str().to_owned(),
        user.system_roles.names().join("; "),
        memberships.collect::<Vec<_>>().join("; "),
        user.created_at.map(instant).unwrap_or_default(),
        user.activated_at.map(instant).unwrap_or_default(),
    ]
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
        let mut cells = [""; 9].map(str::to_owned);
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

//! Users as CSV (RFC 4180): every match, a page at a time, however many there are.

use actix_web::{
    HttpResponse,
    http::header::{CONTENT_DISPOSITION, ContentType},
    web::Bytes,
};
use chrono::{DateTime, SecondsFormat, Utc};
use futures_util::{StreamExt, stream};

use super::problem::Problem;
use crate::{
    domain::{actor::Actor, user::User},
    services::{
        Refusal, Services,
        browse::{self, Page, PageRequest, UserQuery},
    },
};

const HEADER: [&str; 9] =
    ["id", "email", "first_name", "last_name", "status", "system_roles", "memberships", "created_at", "activated_at"];
/// So many rows are read at once.
const CHUNK: i64 = 500;

/// Every user that matches.
pub async fn users(services: &Services, actor: &Actor, filters: UserQuery) -> Result<HttpResponse, Problem> {
    // The first page is read before the answer begins: what is wrong with the request is still told as a problem.
    let first = page(services, actor, &filters, None).await?;
    let source = (services.clone(), actor.clone(), filters);
    let head = lines(std::iter::once(HEADER.map(str::to_owned)));
    let rest = stream::unfold((Some(first), source), |(page, source)| async move {
        let Page { data, next_cursor } = page?;
        let chunk = lines(data.iter().map(row));
        match next_cursor {
            None => Some((chunk, (None, source))),
            Some(cursor) => match self::page(&source.0, &source.1, &source.2, Some(cursor)).await {
                Ok(next) => Some((chunk, (Some(next), source))),
                // The answer has begun: it is cut off, so that nobody takes half of it for all.
                Err(refusal) => Some((Err(std::io::Error::other(refusal.to_string())), (None, source))),
            },
        }
    });
    Ok(HttpResponse::Ok()
        .content_type(ContentType("text/csv; charset=utf-8; header=present".parse().unwrap_or(mime::TEXT_CSV)))
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"users.csv\""))
        .streaming(stream::once(async { head }).chain(rest)))
}

async fn page(services: &Services, actor: &Actor, filters: &UserQuery, cursor: Option<String>) -> Result<Page<User>, Refusal> {
    browse::users(services, actor, filters.clone(), PageRequest { limit: CHUNK, cursor }).await
}

fn lines(rows: impl Iterator<Item = [String; 9]>) -> Result<Bytes, std::io::Error> {
    let mut writer = ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(Vec::new());
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

/// A cell that no spreadsheet takes for a formula (OWASP, CSV Injection): an apostrophe goes before what could begin one.
fn harmless(cell: &str) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    if formula { format!("'{cell}") } else { cell.to_owned() }
}

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
        assert_eq!(text, ",\"'=HYPERLINK(\"\"http://evil\"\")\",\"a,b\",'-1+1,,,,,\r\n");
    }
}

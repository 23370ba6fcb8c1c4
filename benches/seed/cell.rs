//! A value of a row, in the forms that the two databases take.

use chrono::{DateTime, SecondsFormat, Utc};
use diesel::{
    serialize::{IsNull, Output, Result, ToSql},
    sql_types::Text,
    sqlite::Sqlite,
};
use invitation_service::domain::ids::{Id, Named};

/// A value.
#[derive(Debug, Default, Clone)]
pub enum Cell {
    /// No value.
    #[default]
    Null,
    /// A whole number.
    Number(i32),
    /// An instant.
    At(DateTime<Utc>),
    /// A text of the program's own.
    Word(&'static str),
    /// Another text.
    Text(String),
}

impl Cell {
    /// Appends the value in the text format of PostgreSQL's `COPY`.
    pub fn copy(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => out.extend_from_slice(b"\\N"),
            Self::Number(number) => out.extend_from_slice(number.to_string().as_bytes()),
            Self::At(at) => out.extend_from_slice(instant(*at).as_bytes()),
            Self::Word(text) => escape(text, out),
            Self::Text(text) => escape(text, out),
        }
    }
}

/// The form of SQLite's columns; PostgreSQL reads it as well.
fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn escape(text: &str, out: &mut Vec<u8>) {
    for byte in text.bytes() {
        match byte {
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            byte => out.push(byte),
        }
    }
}

/// SQLite stores what is bound, whatever type the statement names.
impl ToSql<Text, Sqlite> for Cell {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> Result {
        match self {
            Self::Null => return Ok(IsNull::Yes),
            Self::Number(number) => out.set_value(*number),
            Self::At(at) => out.set_value(instant(*at)),
            Self::Word(text) => out.set_value(*text),
            Self::Text(text) => out.set_value(text.as_str()),
        }
        Ok(IsNull::No)
    }
}

impl From<&'static str> for Cell {
    fn from(text: &'static str) -> Self {
        Self::Word(text)
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i32> for Cell {
    fn from(number: i32) -> Self {
        Self::Number(number)
    }
}

/// PostgreSQL reads the numbers 0 and 1 as booleans.
impl From<bool> for Cell {
    fn from(holds: bool) -> Self {
        Self::Number(holds.into())
    }
}

impl From<DateTime<Utc>> for Cell {
    fn from(at: DateTime<Utc>) -> Self {
        Self::At(at)
    }
}

impl<K: Named> From<Id<K>> for Cell {
    fn from(id: Id<K>) -> Self {
        Self::Text(id.to_string())
    }
}

impl<T: Into<Self>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

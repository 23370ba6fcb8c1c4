//! A set of ids as one bound value, so that the text of a statement does not depend on their number, and is
//! planned once: an array on PostgreSQL, a JSON array on SQLite, which limits the number of parameters.

use diesel::{
    QueryResult,
    pg::Pg,
    query_builder::{AstPass, QueryFragment},
    sql_types::{Array, Text},
    sqlite::Sqlite,
};

use super::condition::Condition;
use crate::db::pool::any_connection::MultiBackend;

/// `COLUMN IN (ids)`.
pub(in crate::db) struct InSet {
    column: &'static str,
    ids: Vec<String>,
    json: String,
}

impl InSet {
    /// The condition that a column, written as `table.column`, is one of these ids. Ids have no characters
    /// that JSON escapes.
    pub(in crate::db) fn condition<T>(column: &'static str, ids: Vec<String>) -> Condition<T> {
        if ids.is_empty() {
            return Condition::Never;
        }
        let json = format!("[\"{}\"]", ids.join("\",\""));
        Condition::raw(Self { column, ids, json })
    }
}

impl QueryFragment<Pg> for InSet {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(self.column);
        out.push_sql(" = ANY(");
        out.push_bind_param::<Array<Text>, _>(&self.ids)?;
        out.push_sql(")");
        Ok(())
    }
}

impl QueryFragment<Sqlite> for InSet {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql(self.column);
        out.push_sql(" IN (SELECT value FROM json_each(");
        out.push_bind_param::<Text, _>(&self.json)?;
        out.push_sql("))");
        Ok(())
    }
}

impl QueryFragment<MultiBackend> for InSet {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        MultiBackend::walk_variant_ast(self, out)
    }
}

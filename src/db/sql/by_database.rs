//! A subquery in the text that each database needs around it.

use diesel::{
    QueryResult,
    pg::Pg,
    query_builder::{AstPass, QueryFragment},
    sqlite::Sqlite,
};

use crate::db::pool::any_connection::MultiBackend;

/// A subquery, and what stands before and behind it on each database.
pub(in crate::db) struct ByDatabase<Q> {
    /// What stands first on both: a column, or nothing.
    pub(in crate::db) column: &'static str,
    pub(in crate::db) postgres: [&'static str; 2],
    pub(in crate::db) sqlite: [&'static str; 2],
    pub(in crate::db) query: Q,
}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for ByDatabase<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let [before, after] = self.postgres;
        out.push_sql(self.column);
        out.push_sql(before);
        self.query.walk_ast(out.reborrow())?;
        out.push_sql(after);
        Ok(())
    }
}

impl<Q: QueryFragment<Sqlite>> QueryFragment<Sqlite> for ByDatabase<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        let [before, after] = self.sqlite;
        out.push_sql(self.column);
        out.push_sql(before);
        self.query.walk_ast(out.reborrow())?;
        out.push_sql(after);
        Ok(())
    }
}

impl<Q: QueryFragment<Pg> + QueryFragment<Sqlite>> QueryFragment<MultiBackend> for ByDatabase<Q> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        MultiBackend::walk_variant_ast(self, out)
    }
}

//! Statements over arrays, for PostgreSQL.
//!
//! Many rows are passed as one array a column: the text of the statement does not depend on their number, so
//! it is parsed and planned once a connection. With a `VALUES` list, whose length is in its text, half of the
//! server's work for a batch was parsing it (docs/performance.md). SQLite has no arrays; there a long list is
//! parsed quickly, and a short statement costs no round trip.

use std::borrow::Cow;

use diesel::{
    QueryResult, RunQueryDsl,
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::Text,
};

/// A statement that contains a list of arrays. If it returns rows, they have one text column.
pub(in crate::db) struct Arrays<A> {
    /// The text before the list.
    pub(in crate::db) before: Cow<'static, str>,
    /// A tuple of bound arrays.
    pub(in crate::db) list: A,
    /// The text after the list.
    pub(in crate::db) after: &'static str,
}

impl<A: QueryFragment<Pg>> QueryFragment<Pg> for Arrays<A> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(&self.before);
        self.list.walk_ast(out.reborrow())?;
        out.push_sql(self.after);
        Ok(())
    }
}

impl<A> QueryId for Arrays<A> {
    type QueryId = ();
    // Diesel then caches the prepared statement by its text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<A> Query for Arrays<A> {
    type SqlType = Text;
}

impl<A, C> RunQueryDsl<C> for Arrays<A> {}

/// Four statements in one, to save round trips: the first three as `WITH` queries of the third. Foreign keys
/// are checked at the end of the statement, so that each may refer to rows of the others.
pub(in crate::db) struct CombinedStatement<A, B, C, D>(
    pub(in crate::db) A,
    pub(in crate::db) B,
    pub(in crate::db) C,
    pub(in crate::db) D,
);

impl<A, B, C, D> QueryFragment<Pg> for CombinedStatement<A, B, C, D>
where
    A: QueryFragment<Pg>,
    B: QueryFragment<Pg>,
    C: QueryFragment<Pg>,
    D: QueryFragment<Pg>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH a AS (");
        self.0.walk_ast(out.reborrow())?;
        out.push_sql("), b AS (");
        self.1.walk_ast(out.reborrow())?;
        out.push_sql("), c AS (");
        self.2.walk_ast(out.reborrow())?;
        out.push_sql(") ");
        self.3.walk_ast(out)
    }
}

impl<A, B, C, D> QueryId for CombinedStatement<A, B, C, D> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<A, B, C, D, E> RunQueryDsl<E> for CombinedStatement<A, B, C, D> {}

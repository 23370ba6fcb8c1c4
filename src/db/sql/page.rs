//! A page of the ids of a list, as a subquery: found by one or more walks along indexes.
//!
//! A walk reads an index in the order of the list and ends when it has a page, so that its cost does not grow
//! with the table. Where a filter takes several values, each has a walk of its own, and the newest of all
//! rows are the page.

use diesel::{
    IntoSql, QueryResult, RunQueryDsl,
    backend::Backend,
    dsl::sql,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{BigInt, Bool, Text},
};

use super::{
    by_database::ByDatabase,
    condition::{Condition, Fragment},
};
use crate::db::pool::any_connection::AnyConnection;

/// The most filters, and the most walks, of a request whose statement is kept.
const MAX_KEPT_FILTERS: usize = 2;
const MAX_KEPT_WALKS: usize = 12;

/// So many rows are sorted by another order than that of their creation. With more matches a list goes along
/// the index of that order, and finds a page among its first tens of thousands of entries.
const MAX_SORTED: i64 = 20_000;

/// The order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::db) enum Direction {
    Ascending,
    Descending,
}

/// The tables of a walk, and the order in which it reads them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::db) struct Source {
    /// The `FROM` clause; contains the listed table under its own name.
    pub(in crate::db) from: &'static str,
    /// The column with the id of the listed rows.
    pub(in crate::db) id: &'static str,
    /// Whether a listed row can be found more than once.
    pub(in crate::db) repeats: bool,
    /// Whether an index of the conditions has the order of the ids. If not, all rows that match are read and
    /// sorted; this is for few.
    pub(in crate::db) is_ordered: bool,
}

/// One walk: rows of a source that meet all conditions.
pub(in crate::db) struct Walk {
    source: Source,
    conditions: Vec<Box<dyn Fragment>>,
}

impl Walk {
    pub(in crate::db) fn of(source: Source) -> Self {
        Self { source, conditions: Vec::new() }
    }

    /// Only rows that meet this condition, of a table in the source.
    pub(in crate::db) fn when<T: 'static>(mut self, condition: Condition<T>) -> Self {
        match condition {
            Condition::Always => {}
            Condition::Never => {
                self.conditions.push(Box::new(sql::<Bool>("FALSE")));
            }
            Condition::When(fragment, _) => self.conditions.push(fragment),
        }
        self
    }
}

/// The first ids of several walks together.
pub(in crate::db) struct Page {
    walks: Vec<Walk>,
    direction: Direction,
    limit: Box<dyn Fragment>,
    /// Whether the statement is kept for a connection's life, and so planned once. That is for requests with
    /// few filters: there are too many combinations of all filters to keep.
    is_kept: bool,
    /// The columns of another order, of a page with one walk.
    sorted_by: Option<&'static str>,
}

impl Page {
    pub(in crate::db) fn new(walks: Vec<Walk>, direction: Direction, limit: i64) -> Self {
        let is_kept = walks.len() <= MAX_KEPT_WALKS;
        Self { walks, direction, limit: Box::new(limit.into_sql::<BigInt>()), is_kept, sorted_by: None }
    }

    /// A page in the order of these columns, of rows that one walk finds.
    pub(in crate::db) fn sorted(walk: Walk, columns: &'static str, limit: i64) -> Self {
        Self { sorted_by: Some(columns), ..Self::new(vec![walk], Direction::Ascending, limit) }
    }

    /// The ids that these walks find, unless they are more than [`MAX_SORTED`].
    pub(in crate::db) fn few(
        walks: Vec<Walk>,
        connection: &mut AnyConnection,
    ) -> QueryResult<Option<Vec<String>>> {
        let page = Self::new(walks, Direction::Descending, MAX_SORTED + 1).of_filters(usize::MAX);
        let ids: Vec<String> = page.load(connection)?;
        Ok(Some(ids).filter(|ids| i64::try_from(ids.len()).is_ok_and(|number| number <= MAX_SORTED)))
    }

    /// The same page, for a request with this number of filters.
    pub(in crate::db) fn of_filters(self, filters: usize) -> Self {
        Self { is_kept: self.is_kept && filters <= MAX_KEPT_FILTERS, ..self }
    }

    /// The condition that a column, written as `table.column`, is on the page.
    ///
    /// On PostgreSQL the page is an array: there is no other plan for it than to look up each id. With `IN`
    /// it could read all rows of the table, and look for each on the page.
    pub(in crate::db) fn contains<T>(self, column: &'static str) -> Condition<T> {
        if self.walks.is_empty() {
            return Condition::Never;
        }
        let (postgres, sqlite) = ([" = ANY(ARRAY(", "))"], [" IN (", ")"]);
        Condition::raw(ByDatabase { column, postgres, sqlite, query: self })
    }
}

impl Query for Page {
    type SqlType = Text;
}

impl QueryId for Page {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<C> RunQueryDsl<C> for Page {}

/// The condition that an id, written as `table.column`, follows `last` in the order of the list.
pub(in crate::db) fn beyond<T>(
    column: &'static str,
    direction: Direction,
    last: Option<String>,
) -> Condition<T> {
    match last {
        None => Condition::Always,
        Some(last) => Condition::raw(Beyond { column, direction, last: Box::new(last.into_sql::<Text>()) }),
    }
}

struct Beyond {
    column: &'static str,
    direction: Direction,
    last: Box<dyn Fragment>,
}

impl<DB: Backend> QueryFragment<DB> for Beyond
where
    dyn Fragment: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(self.column);
        out.push_sql(if self.direction == Direction::Descending { " < " } else { " > " });
        <dyn Fragment as QueryFragment<DB>>::walk_ast(&*self.last, out)
    }
}

/// The condition that a column and an id, both written as `table.column`, follow `last` in ascending order.
pub(in crate::db) fn beyond_pair<T>(
    columns: (&'static str, &'static str),
    key: Box<dyn Fragment>,
    id: String,
) -> Condition<T> {
    Condition::raw(BeyondPair { columns, key, id: Box::new(id.into_sql::<Text>()) })
}

struct BeyondPair {
    columns: (&'static str, &'static str),
    key: Box<dyn Fragment>,
    id: Box<dyn Fragment>,
}

impl<DB: Backend> QueryFragment<DB> for BeyondPair
where
    dyn Fragment: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        for part in ["(", self.columns.0, ", ", self.columns.1, ") > ("] {
            out.push_sql(part);
        }
        <dyn Fragment as QueryFragment<DB>>::walk_ast(&*self.key, out.reborrow())?;
        out.push_sql(", ");
        <dyn Fragment as QueryFragment<DB>>::walk_ast(&*self.id, out.reborrow())?;
        out.push_sql(")");
        Ok(())
    }
}

impl<DB: Backend> QueryFragment<DB> for Page
where
    dyn Fragment: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        if !self.is_kept {
            out.unsafe_to_cache_prepared();
        }
        let order = if self.direction == Direction::Descending { " DESC LIMIT " } else { " ASC LIMIT " };
        if let [walk] = &self.walks[..] {
            return self.walk_ast_of(walk, order, out);
        }
        out.push_sql("SELECT listed FROM (");
        for (n, walk) in self.walks.iter().enumerate() {
            out.push_sql(if n == 0 { "SELECT listed FROM (" } else { " UNION SELECT listed FROM (" });
            self.walk_ast_of(walk, order, out.reborrow())?;
            out.push_sql(") AS one");
        }
        out.push_sql(") AS every ORDER BY listed");
        out.push_sql(order);
        <dyn Fragment as QueryFragment<DB>>::walk_ast(&*self.limit, out)
    }
}

impl Page {
    fn walk_ast_of<'b, DB: Backend>(
        &'b self,
        walk: &'b Walk,
        order: &'static str,
        mut out: AstPass<'_, 'b, DB>,
    ) -> QueryResult<()>
    where
        dyn Fragment: QueryFragment<DB>,
    {
        let Source { from, id, repeats, is_ordered } = walk.source;
        // Not the column itself: no index has this order, and PostgreSQL cannot decide to walk along the
        // wrong one.
        let (before, after) = if is_ordered { ("", "") } else { ("(", " || '')") };
        out.push_sql(if repeats { "SELECT DISTINCT " } else { "SELECT " });
        for part in [before, id, after, " AS listed FROM ", from] {
            out.push_sql(part);
        }
        for (n, condition) in walk.conditions.iter().enumerate() {
            out.push_sql(if n == 0 { " WHERE " } else { " AND " });
            <dyn Fragment as QueryFragment<DB>>::walk_ast(&**condition, out.reborrow())?;
        }
        out.push_sql(" ORDER BY ");
        out.push_sql(self.sorted_by.unwrap_or("listed"));
        out.push_sql(order);
        <dyn Fragment as QueryFragment<DB>>::walk_ast(&*self.limit, out)
    }
}

//! A condition on the rows of one table, for every query that contains this table once, with any joins.
//!
//! Diesel's boxed expressions are bound to the joins of one query. Columns are written with their table's
//! name, so that a condition means the same in each query.

use std::marker::PhantomData;

use diesel::{
    backend::Backend,
    dsl::sql,
    expression::{
        AppearsOnTable, Expression, NonAggregate, SelectableExpression, ValidGrouping, is_aggregate,
    },
    pg::Pg,
    prelude::*,
    query_builder::{AstPass, QueryFragment, QueryId},
    serialize::ToSql,
    sql_types::{Bool, HasSqlType, Text},
    sqlite::Sqlite,
};

use super::by_database::ByDatabase;
use crate::db::pool::any_connection::MultiBackend;

/// SQL for both databases, and for a connection to either.
pub(in crate::db) trait Fragment:
    QueryFragment<Pg> + QueryFragment<Sqlite> + QueryFragment<MultiBackend> + Send
{
}

impl<F: QueryFragment<Pg> + QueryFragment<Sqlite> + QueryFragment<MultiBackend> + Send> Fragment for F {}

/// Constant conditions are simplified here, so that the database gets a simpler query.
pub(in crate::db) enum Condition<T> {
    Always,
    Never,
    When(Box<dyn Fragment>, PhantomData<fn() -> T>),
}

impl<T> Condition<T> {
    pub(in crate::db) fn when<E>(expression: E) -> Self
    where
        E: SelectableExpression<T> + Expression<SqlType = Bool> + NonAggregate + Fragment + 'static,
    {
        Self::When(Box::new(expression), PhantomData)
    }

    /// A condition that diesel cannot express, over columns of `T` that are written with the table's name.
    pub(in crate::db) fn raw(fragment: impl Fragment + 'static) -> Self {
        Self::When(Box::new(fragment), PhantomData)
    }

    /// That a subquery, which names columns of `T`, has a row.
    ///
    /// `OFFSET` keeps PostgreSQL from finding all rows of the subquery first (a hashed subplan), for a list
    /// that ends after some rows: each row is looked for by an index. SQLite never does otherwise.
    pub(in crate::db) fn exists(query: impl Fragment + 'static) -> Self {
        let (postgres, sqlite) = (["EXISTS (", " OFFSET 0)"], ["EXISTS (", ")"]);
        Self::raw(ByDatabase { column: "", postgres, sqlite, query })
    }

    /// That a text, written as `table.search_text`, contains what this `LIKE` pattern does, without the index
    /// of trigrams: a walk is not to be preceded by finding all rows with the text.
    pub(in crate::db) fn contains(text: &'static str, pattern: &str) -> Self {
        Self::raw(Contains { text, pattern: pattern.to_owned() })
    }

    /// That an indexed expression, which is written with ` = ` behind it, has this value.
    pub(in crate::db) fn has_value(expression: &'static str, value: impl Into<String>) -> Self {
        Self::raw(sql::<Bool>(expression).bind::<Text, _>(value.into()))
    }

    pub(in crate::db) fn is_never(&self) -> bool {
        matches!(self, Self::Never)
    }
}

/// That a row was not removed, by its column, written as `table.removed_at`. In a form in which PostgreSQL
/// does not take a partial index of such rows: without statistics it expects few there, and would read and
/// sort all of them.
pub(in crate::db) fn is_present<T>(removed_at: &'static str) -> Condition<T> {
    Condition::raw(sql::<Bool>(&format!("CASE WHEN {removed_at} IS NULL THEN TRUE ELSE FALSE END")))
}

struct Contains {
    text: &'static str,
    pattern: String,
}

impl<DB> QueryFragment<DB> for Contains
where
    DB: Backend + HasSqlType<Text>,
    String: ToSql<Text, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("(");
        out.push_sql(self.text);
        out.push_sql(" || '') LIKE ");
        out.push_bind_param::<Text, _>(&self.pattern)?;
        out.push_sql(" ESCAPE '\\'");
        Ok(())
    }
}

impl<T: Table + 'static> Condition<T>
where
    T::PrimaryKey: SelectableExpression<T>,
{
    pub(in crate::db) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Always, _) | (_, Self::Always) => Self::Always,
            (Self::Never, one) | (one, Self::Never) => one,
            (one, other) => Self::when(BoolExpressionMethods::or(one, other)),
        }
    }

    /// That one of these conditions holds; without a condition, always.
    pub(in crate::db) fn any(conditions: impl IntoIterator<Item = Self>) -> Self {
        conditions.into_iter().reduce(Self::or).unwrap_or(Self::Always)
    }

    pub(in crate::db) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Never, _) | (_, Self::Never) => Self::Never,
            (Self::Always, one) | (one, Self::Always) => one,
            (one, other) => Self::when(BoolExpressionMethods::and(one, other)),
        }
    }

    pub(in crate::db) fn not(self) -> Self {
        match self {
            Self::Always => Self::Never,
            Self::Never => Self::Always,
            one @ Self::When(..) => Self::when(diesel::dsl::not(one)),
        }
    }
}

impl<T> Expression for Condition<T> {
    type SqlType = Bool;
}

impl<T, G> ValidGrouping<G> for Condition<T> {
    type IsAggregate = is_aggregate::No;
}

impl<T> QueryId for Condition<T> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<T, Q> AppearsOnTable<Q> for Condition<T>
where
    T: Table,
    T::PrimaryKey: AppearsOnTable<Q>,
{
}

impl<T, Q> SelectableExpression<Q> for Condition<T>
where
    T: Table,
    T::PrimaryKey: SelectableExpression<Q>,
{
}

impl<T, DB: Backend> QueryFragment<DB> for Condition<T>
where
    dyn Fragment: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        match self {
            Self::Always => out.push_sql("TRUE"),
            Self::Never => out.push_sql("FALSE"),
            Self::When(expression, _) => <dyn Fragment as QueryFragment<DB>>::walk_ast(&**expression, out)?,
        }
        Ok(())
    }
}

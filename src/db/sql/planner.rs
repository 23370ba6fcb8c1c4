//! All settings of PostgreSQL's planner that we change, each with its measured effect.
//!
//! The server keeps the plans of prepared statements, and those of its own checks of foreign keys, in each
//! session until the table is analysed. A plan that was made while a table was empty scans all of it, and is
//! still used when the table has grown (findings/postgresql-plan-of-an-empty-table.sh).

/// For the rest of a transaction: rows are read from an index in its order, without a bitmap or a sort.
///
/// The query for due letters uses it. A server without current statistics of the table expects few due
/// letters, and would read and sort all of them at every claim: 45 ms with 55,000 queued, compared with 0.4
/// ms. It would also read the whole table to update the letters that were chosen.
pub(in crate::db) const IN_INDEX_ORDER: &str =
    "SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_seqscan = off";

/// For a session that writes, or looks up by key: rows are found and joined by an index, by plans that are
/// made once. It applies to the checks of foreign keys, too, which the server plans with the settings of the
/// session.
///
/// With the server's own settings, 16 clients that invite into tables that were vacuumed while they were
/// empty got 0.55 of what they got with untouched ones, with 4 sequential scans of the invitations for each
/// invite; without scans, hash and merge joins 1.09, and none. A plan for the values of one execution, which
/// the server makes for `= ANY($1)`, costs three times that execution, and combines partial indexes: without
/// statistics, each resend read all queued letters and all pending invitations. A condition of a partial
/// index must therefore be in the text of the query (`sql::partial_index`).
///
/// `jit` is off because the server estimates a plan with a disabled scan as very expensive, and would compile
/// it where a statement has no index.
///
/// A page costs as much as two rows, so that plans are compared by the rows that they read. With the server's
/// own costs, rows in the order of the primary key are cheap: after an analysis, a walk along it past a
/// million rows was preferred to the index that leads to the few that are wanted. No table is read whole and
/// kept, to be joined with what was expected to be more rows than it has.
pub(in crate::db) const BY_INDEX: [(&str, &str); 8] = [
    ("plan_cache_mode", "force_generic_plan"),
    ("seq_page_cost", "0.02"),
    ("random_page_cost", "0.02"),
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("enable_material", "off"),
    ("jit", "off"),
];

/// For a session that reads lists: a page is found by walks along indexes (`sql/page.rs`), which end when
/// they have it.
///
/// A plan for every limit expects a tenth of what matches (findings/postgresql-limit-parameter.sh), so that a
/// walk in the order of the list costs a tenth of reading and sorting all of it. Such a plan is made once for
/// a connection: to plan a list takes half a millisecond, longer than to read it. Sorting is not switched
/// off: a sort that is forbidden costs more than a walk past all rows of a table, also where three rows are
/// sorted. Parallel workers, each a process, would be started for a walk.
pub(in crate::db) const BY_WALK: [(&str, &str); 10] = [
    ("plan_cache_mode", "force_generic_plan"),
    ("seq_page_cost", "0.02"),
    ("random_page_cost", "0.02"),
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("enable_material", "off"),
    ("enable_hashagg", "off"),
    ("max_parallel_workers_per_gather", "0"),
    ("jit", "off"),
];

//! All settings of PostgreSQL's planner that we change, each with its measured effect.

/// For the rest of a transaction: rows are read from an index in its order, without a bitmap or a sort.
///
/// The query for due letters uses it. A server without current statistics of the table expects few due
/// letters, and would read and sort all of them at every claim: 45 ms with 55,000 queued, compared with 0.4
/// ms. It would also read the whole table to update the letters that were chosen.
pub(in crate::db) const IN_INDEX_ORDER: &str =
    "SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_seqscan = off";

/// For a session that only looks up by key.
///
/// A lookup is planned once, and uses the indexes. By default the server plans `= ANY($1)` each time, which
/// costs three times the execution; and a plan made while the tables were small would scan them. Lists are
/// planned at each request, since a generic plan expects a tenth of the table for every limit. See
/// findings/postgresql-limit-parameter.sh.
pub(in crate::db) const BY_KEY: [(&str, &str); 4] = [
    ("plan_cache_mode", "force_generic_plan"),
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
];

//! Each kind of session has its settings for PostgreSQL's planner, unless the URL sets others.

use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::Text};
use invitation_service::db::{AnyConnection, DatabaseUrl, Db, DbFault};

use crate::support::{Backend, database::TestDatabase};

#[derive(QueryableByName)]
struct Settings {
    #[diesel(sql_type = Text)]
    text: String,
}

/// `enable_seqscan`, `enable_hashjoin` and `plan_cache_mode`.
fn settings(connection: &mut AnyConnection) -> Result<String, DbFault> {
    let names = ["enable_seqscan", "enable_hashjoin", "plan_cache_mode"];
    let values = names.map(|name| format!("current_setting('{name}')")).join(" || ' ' || ");
    let values = format!("SELECT {values} AS text");
    Ok(sql_query(values).get_result::<Settings>(connection)?.text)
}

#[tokio::test]
async fn each_kind_of_session_has_its_own_unless_the_url_sets_others() {
    let database = TestDatabase::new(Backend::Postgres);
    for (query, writes, look_ups, lists) in [
        ("", "off off force_generic_plan", "off off force_generic_plan", "on on force_custom_plan"),
        (
            "?options=-c%20enable_seqscan%3Don%20-cplan_cache_mode%3Dauto",
            "on off auto",
            "on off auto",
            "on on auto",
        ),
        (
            "?options=-c%20enable_hashjoin%3Don&application_name=invites",
            "off on force_generic_plan",
            "off on force_generic_plan",
            "on on force_custom_plan",
        ),
    ] {
        let db = Db::open(&DatabaseUrl::parse(&format!("{}{query}", database.url)).unwrap()).unwrap();
        assert_eq!(db.write(|tx| settings(tx.reading())).await.unwrap(), writes, "{query}");
        assert_eq!(db.look_up(settings).await.unwrap(), look_ups, "{query}");
        assert_eq!(db.read(settings).await.unwrap(), lists, "{query}");
    }
}

//! The tables of partners' programs: API clients and their webhooks.

use super::{account_lineage, users};

diesel::table! {
    use diesel::sql_types::{Nullable, Text};
    use crate::db::sql::timestamp::UtcTimestamp;
    api_clients (id) {
        id -> Text,
        name -> Text,
        scopes -> Text,
        account_id -> Nullable<Text>,
        networks -> Text,
        expires_at -> Nullable<UtcTimestamp>,
        created_by_kind -> Text,
        created_by_id -> Text,
        created_by_name -> Nullable<Text>,
        created_at -> UtcTimestamp,
        revoked_at -> Nullable<UtcTimestamp>,
        last_used_at -> Nullable<UtcTimestamp>,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Text};
    use crate::db::sql::timestamp::UtcTimestamp;
    api_client_secrets (id) {
        id -> Text,
        client_id -> Text,
        hash -> Text,
        hint -> Text,
        created_at -> UtcTimestamp,
        expires_at -> Nullable<UtcTimestamp>,
        last_used_at -> Nullable<UtcTimestamp>,
    }
}

diesel::table! {
    use diesel::sql_types::{Bool, Nullable, Text};
    use crate::db::sql::timestamp::UtcTimestamp;
    webhook_endpoints (id) {
        id -> Text,
        client_id -> Text,
        url -> Text,
        set_by_staff -> Bool,
        event_types -> Text,
        status -> Text,
        disabled_reason -> Nullable<Text>,
        disabled_at -> Nullable<UtcTimestamp>,
        failing_since -> Nullable<UtcTimestamp>,
        last_failed_at -> Nullable<UtcTimestamp>,
        replayed_to -> Nullable<Text>,
        created_by_kind -> Text,
        created_by_id -> Text,
        created_by_name -> Nullable<Text>,
        created_at -> UtcTimestamp,
        deleted_at -> Nullable<UtcTimestamp>,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Text};
    use crate::db::sql::timestamp::UtcTimestamp;
    webhook_secrets (id) {
        id -> Text,
        endpoint_id -> Text,
        hash -> Text,
        hint -> Text,
        created_at -> UtcTimestamp,
        expires_at -> Nullable<UtcTimestamp>,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Text};
    use crate::db::sql::timestamp::UtcTimestamp;
    webhook_events (id) {
        id -> Text,
        event_type -> Text,
        at -> UtcTimestamp,
        payload -> Text,
        trace_parent -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::db::sql::timestamp::UtcTimestamp;
    webhook_deliveries (endpoint_id, event_id) {
        endpoint_id -> Text,
        event_id -> Text,
        subject -> Text,
        event_at -> UtcTimestamp,
        state -> Text,
        attempts -> Integer,
        next_attempt_at -> UtcTimestamp,
        leased_until -> Nullable<UtcTimestamp>,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::db::sql::timestamp::UtcTimestamp;
    webhook_attempts (id) {
        id -> Text,
        endpoint_id -> Text,
        event_id -> Text,
        event_type -> Text,
        attempt -> Integer,
        at -> UtcTimestamp,
        status -> Nullable<Integer>,
        error -> Nullable<Text>,
        milliseconds -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use crate::db::sql::timestamp::UtcTimestamp;
    webhook_progress (name) {
        name -> Text,
        at -> UtcTimestamp,
    }
}

diesel::allow_tables_to_appear_in_same_query!(api_clients, users);
diesel::allow_tables_to_appear_in_same_query!(api_clients, account_lineage);
diesel::allow_tables_to_appear_in_same_query!(webhook_endpoints, api_clients);
diesel::allow_tables_to_appear_in_same_query!(webhook_endpoints, users);
diesel::allow_tables_to_appear_in_same_query!(webhook_endpoints, account_lineage);
diesel::allow_tables_to_appear_in_same_query!(webhook_deliveries, api_clients);
diesel::allow_tables_to_appear_in_same_query!(webhook_attempts, webhook_endpoints);
diesel::allow_tables_to_appear_in_same_query!(webhook_deliveries, webhook_endpoints, webhook_events);

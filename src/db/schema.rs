//! The tables of both databases, written by hand: a test compares the two schemas.

mod programs;

pub use self::programs::{
    api_client_secrets, api_clients, webhook_attempts, webhook_deliveries, webhook_endpoints, webhook_events,
    webhook_progress, webhook_secrets,
};

diesel::table! {
    use diesel::sql_types::{Bool, Nullable, Text};
    use crate::db::sql::timestamp::UtcTimestamp;
    users (id) {
        id -> Text,
        email -> Text,
        email_key -> Text,
        search_text -> Text,
        first_name -> Nullable<Text>,
        last_name -> Nullable<Text>,
        status -> Text,
        password_hash -> Nullable<Text>,
        created_at -> UtcTimestamp,
        activated_at -> Nullable<UtcTimestamp>,
        removed_at -> Nullable<UtcTimestamp>,
        address_proven_at -> Nullable<UtcTimestamp>,
        tokens_valid_from -> Nullable<UtcTimestamp>,
        erased_at -> Nullable<UtcTimestamp>,
        has_role -> Bool,
        has_membership -> Bool,
        invited_as_staff -> Bool,
        invited_as_customer -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    former_addresses (user_id, email_key) {
        user_id -> Text,
        email_key -> Text,
        search_text -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    user_roles (user_id, role) {
        user_id -> Text,
        role -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{Bool, Integer, Nullable, Text};
    use crate::db::sql::timestamp::UtcTimestamp;
    invitations (id) {
        id -> Text,
        kind -> Text,
        user_id -> Text,
        email -> Text,
        email_key -> Text,
        search_text -> Text,
        roles -> Text,
        locale -> Nullable<Text>,
        inviter_kind -> Text,
        inviter_id -> Text,
        inviter_name -> Text,
        state -> Text,
        generation -> Integer,
        send_count -> Integer,
        created_at -> UtcTimestamp,
        last_sent_at -> UtcTimestamp,
        expires_at -> UtcTimestamp,
        activated_at -> Nullable<UtcTimestamp>,
        revoked_at -> Nullable<UtcTimestamp>,
        account_id -> Nullable<Text>,
        member_role -> Nullable<Text>,
        scope -> Text,
        lapsed -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::{Bool, Integer, Nullable, Text};
    use crate::db::sql::timestamp::UtcTimestamp;
    accounts (id) {
        id -> Text,
        name -> Nullable<Text>,
        name_key -> Nullable<Text>,
        search_text -> Text,
        account_type -> Nullable<Text>,
        status -> Text,
        parent_account_id -> Nullable<Text>,
        used_by -> Nullable<Text>,
        rate -> Nullable<Integer>,
        company_name -> Nullable<Text>,
        registration_number -> Nullable<Text>,
        vat_number -> Nullable<Text>,
        street -> Nullable<Text>,
        house_number -> Nullable<Text>,
        postal_code -> Nullable<Text>,
        city -> Nullable<Text>,
        country -> Nullable<Text>,
        created_at -> UtcTimestamp,
        removed_at -> Nullable<UtcTimestamp>,
        has_former_name -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    account_lineage (account_id, ancestor_id) {
        account_id -> Text,
        ancestor_id -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use crate::db::sql::timestamp::UtcTimestamp;
    memberships (user_id, account_id) {
        user_id -> Text,
        account_id -> Text,
        role -> Text,
        created_at -> UtcTimestamp,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use crate::db::sql::timestamp::UtcTimestamp;
    invitation_events (id) {
        id -> Text,
        invitation_id -> Text,
        event_type -> Text,
        at -> UtcTimestamp,
        actor_kind -> Text,
        actor_id -> Text,
        actor_name -> Text,
        details -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::db::sql::timestamp::UtcTimestamp;
    letters (id) {
        id -> Text,
        invitation_id -> Nullable<Text>,
        generation -> Integer,
        state -> Text,
        attempts -> Integer,
        next_attempt_at -> UtcTimestamp,
        last_error -> Nullable<Text>,
        created_at -> UtcTimestamp,
        sent_at -> Nullable<UtcTimestamp>,
        kind -> Text,
        leased_until -> Nullable<UtcTimestamp>,
        provider -> Nullable<Text>,
        provider_message_id -> Nullable<Text>,
        #[sql_name = "fate"]
        delivery_status -> Nullable<Text>,
        #[sql_name = "fate_at"]
        delivery_status_at -> Nullable<UtcTimestamp>,
        #[sql_name = "fate_reason"]
        delivery_reason -> Nullable<Text>,
        failed_at -> Nullable<UtcTimestamp>,
        first_tried_at -> Nullable<UtcTimestamp>,
        recipient -> Nullable<Text>,
        cause -> Nullable<Text>,
        status_code -> Nullable<Text>,
        subject -> Nullable<Text>,
        relay -> Nullable<Text>,
        checked_at -> Nullable<UtcTimestamp>,
        trace_parent -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use crate::db::sql::timestamp::UtcTimestamp;
    mail_events (provider, event_id) {
        provider -> Text,
        event_id -> Text,
        received_at -> UtcTimestamp,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use crate::db::sql::timestamp::UtcTimestamp;
    mail_tokens (provider, token) {
        provider -> Text,
        token -> Text,
        event -> Text,
        received_at -> UtcTimestamp,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Text};
    use crate::db::sql::timestamp::UtcTimestamp;
    mail_pace (relay) {
        relay -> Text,
        free_at -> UtcTimestamp,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::db::sql::timestamp::UtcTimestamp;
    idempotency_keys (principal, key) {
        principal -> Text,
        key -> Text,
        fingerprint -> Text,
        worker -> Text,
        held_until -> UtcTimestamp,
        expires_at -> UtcTimestamp,
        status -> Nullable<Integer>,
        body -> Nullable<Text>,
        location -> Nullable<Text>,
        etag -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Text};
    use crate::db::sql::timestamp::UtcTimestamp;
    unread_mail (id) {
        id -> Text,
        digest -> Text,
        recipient -> Nullable<Text>,
        reason -> Text,
        letter_id -> Nullable<Text>,
        message -> Text,
        received_at -> UtcTimestamp,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use crate::db::sql::timestamp::UtcTimestamp;
    letter_counts (subject) {
        subject -> Text,
        sent -> Text,
        last_sent_at -> UtcTimestamp,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Text};
    use crate::db::sql::timestamp::UtcTimestamp;
    suppressions (id) {
        id -> Text,
        email -> Text,
        email_key -> Text,
        reason -> Text,
        detail -> Nullable<Text>,
        created_at -> UtcTimestamp,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use crate::db::sql::timestamp::UtcTimestamp;
    erased_suppressions (hash) {
        hash -> Text,
        reason -> Text,
        created_at -> UtcTimestamp,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Text};
    use crate::db::sql::timestamp::UtcTimestamp;
    audit_events (id) {
        id -> Text,
        at -> UtcTimestamp,
        action -> Text,
        outcome -> Text,
        actor_kind -> Nullable<Text>,
        actor_id -> Nullable<Text>,
        actor_name -> Nullable<Text>,
        object -> Nullable<Text>,
        request_id -> Nullable<Text>,
        address -> Nullable<Text>,
        user_agent -> Nullable<Text>,
        details -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::db::sql::timestamp::UtcTimestamp;
    sessions (id) {
        id -> Text,
        user_id -> Text,
        generation -> Integer,
        credential -> Text,
        created_at -> UtcTimestamp,
        refreshed_at -> UtcTimestamp,
        ended_at -> Nullable<UtcTimestamp>,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Text};
    use crate::db::sql::timestamp::UtcTimestamp;
    password_resets (id) {
        id -> Text,
        email -> Text,
        email_key -> Text,
        created_at -> UtcTimestamp,
        used_at -> Nullable<UtcTimestamp>,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Text};
    use crate::db::sql::timestamp::UtcTimestamp;
    email_changes (id) {
        id -> Text,
        user_id -> Text,
        old_email -> Text,
        email -> Text,
        created_at -> UtcTimestamp,
        confirmed_at -> Nullable<UtcTimestamp>,
        superseded_at -> Nullable<UtcTimestamp>,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Text};
    use crate::db::sql::timestamp::UtcTimestamp;
    guess_counts (id) {
        id -> Text,
        failures -> Integer,
        open_at -> UtcTimestamp,
        last_at -> UtcTimestamp,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use crate::db::sql::timestamp::UtcTimestamp;
    revoked_tokens (id) {
        id -> Text,
        revoked_at -> UtcTimestamp,
        expires_at -> UtcTimestamp,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Text};
    row_counts (subject, kind, state, slot) {
        subject -> Text,
        kind -> Text,
        state -> Text,
        slot -> Integer,
        n -> Integer,
    }
}

diesel::allow_tables_to_appear_in_same_query! {
    users, sessions, user_roles, invitations, invitation_events, letters, accounts,
    account_lineage, memberships, suppressions, email_changes, audit_events,
}

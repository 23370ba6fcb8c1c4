//! What a 201 promises: it is on the disk; and what is counted before it is first seen.

use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::Text};
use invitation_service::{
    db::{AnyConnection, DatabaseUrl, Db, DbFault},
    mail::PROVIDERS,
};

use crate::support::{Backend, Home, TestApp, database::TestDatabase, on_both_databases};

#[derive(QueryableByName)]
struct Setting {
    #[diesel(sql_type = Text)]
    value: String,
}

fn setting(connection: &mut AnyConnection, name: &str) -> Result<String, DbFault> {
    let row: Setting =
        sql_query(format!("SELECT current_setting('{name}') AS value")).get_result(connection)?;
    Ok(row.value)
}

#[tokio::test]
async fn commits_are_durable_unless_the_url_says_otherwise() {
    let database = TestDatabase::new(Backend::Postgres);
    for (query, commits, timeout) in [
        ("", "on", "5s"),
        ("?options=-csynchronous_commit%3Doff", "off", "5s"),
        ("?options=-c%20synchronous_commit%3Dremote_write%20-c%20lock_timeout%3D7s", "remote_write", "7s"),
        ("?application_name=invites&options=-c%20work_mem%3D8MB", "on", "5s"),
    ] {
        let url = DatabaseUrl::parse(&format!("{}{query}", database.url)).unwrap();
        let db = Db::open(&url).unwrap();
        let read = db.read(|connection| {
            Ok::<_, DbFault>((
                setting(connection, "synchronous_commit")?,
                setting(connection, "lock_timeout")?,
            ))
        });
        assert_eq!(read.await.unwrap(), (commits.to_owned(), timeout.to_owned()), "{query}");
        let written = db.write(|tx| setting(tx.reading(), "synchronous_commit")).await.unwrap();
        assert_eq!(written, commits, "{query}");
        let warned = db
            .examine()
            .await
            .unwrap()
            .cautions
            .iter()
            .any(|caution| caution.contains("synchronous_commit=off"));
        assert_eq!(warned, commits == "off", "{query}");
    }
}

/// Every session of a running service, whatever it is for.
#[tokio::test]
async fn a_start_warns_of_a_server_that_loses_what_it_confirmed() {
    let home = Home::new(Backend::Postgres, &[]);
    let off =
        |name: &str| home.database.texts(&format!("SELECT current_setting('{name}') AS text"))[0] == "off";
    let (fsync, pages) = (off("fsync"), off("full_page_writes"));
    for arguments in [&["serve"][..], &["serve", "--no-courier"], &["courier"]] {
        let log = home.start(arguments).stop().await;
        assert_eq!(log.contains("the server has fsync=off"), fsync, "{arguments:?}: {log}");
        assert_eq!(log.contains("the server has full_page_writes=off"), pages, "{arguments:?}: {log}");
    }
}

on_both_databases! {
    async fn outcomes_are_counted_from_nought(app: TestApp) {
        let metrics = app.anonymous().get("/metrics").await.expect(200).text;
        let has = |line: &str| metrics.lines().any(|known| known == line);
        for outcome in [
            "activated",
            "validation_failed",
            "activation_link_invalid",
            "activation_link_used",
            "activation_link_expired",
            "activation_link_superseded",
            "invitation_revoked",
            "unavailable",
            "internal",
        ] {
            assert!(
                has(&format!("invitation_service_activations_total{{outcome=\"{outcome}\"}} 0")),
                "{outcome}: {metrics}"
            );
        }
        for outcome in ["sent", "deferred", "failed", "withdrawn", "untried", "handed_over"] {
            assert!(
                has(&format!("invitation_service_letters_total{{outcome=\"{outcome}\"}} 0")),
                "{outcome}: {metrics}"
            );
        }
        for outcome in [
            "invited",
            "validation_failed",
            "invitation_pending",
            "already_system_user",
            "already_account_owner",
            "already_member",
            "role_exceeds_yours",
            "parent_not_business",
            "unavailable",
        ] {
            assert!(
                has(&format!("invitation_service_invites_total{{outcome=\"{outcome}\"}} 0")),
                "{outcome}: {metrics}"
            );
        }
        for provider in PROVIDERS.iter().filter(|provider| provider.webhook.is_some()) {
            let provider = provider.provider.name;
            for outcome in [
                "delivered",
                "deferred",
                "bounced",
                "complained",
                "failed",
                "outranked",
                "limited",
                "repeated",
                "unknown_letter",
                "ignored",
                "unverified",
                "unreadable",
                "unreachable",
            ] {
                let line = format!(
                    "invitation_service_mail_events_total{{provider=\"{provider}\",outcome=\"{outcome}\"}} 0"
                );
                assert!(has(&line), "{line}: {metrics}");
            }
        }
        // Each series once, and it counts on from there.
        app.activate("forged").await.expect(404);
        let metrics = app.anonymous().get("/metrics").await.expect(200).text;
        let of = |name: &str| {
            metrics.lines().filter(|line| line.contains(name)).map(str::to_owned).collect::<Vec<_>>()
        };
        let invalid = "invitation_service_activations_total{outcome=\"activation_link_invalid\"} 1";
        assert_eq!(of("activations_total{outcome=\"activation_link_invalid\"}"), [invalid]);
    }
}

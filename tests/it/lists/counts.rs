//! The numbers of invitations and users are those of the lists, for every caller, after any history.

mod agree;
mod concurrent;
mod history;
mod migration;
mod recount;

use chrono::TimeDelta;
use invitation_service::{domain::permission::Permission, services::cleanup::sweep};
use tokio_util::sync::CancellationToken;

use self::{agree::agree, recount::recount};
use crate::support::{
    Client, TestApp, customers::SUB_ACCOUNTS, json, on_both_databases, population::Population,
};

const INVITATIONS: &str = "/v1/invitations/counts";
const USERS: &str = "/v1/users/counts";

/// The numbers that are not 0, by their pointers.
async fn numbers(caller: &Client, path: &str) -> Vec<String> {
    let body = caller.get(path).await.expect(200).body;
    let mut numbers = Vec::new();
    for (name, value) in body.as_object().unwrap() {
        match value.as_object() {
            Some(members) => {
                let members = members.iter().filter(|(_, n)| **n != json!(0));
                numbers.extend(members.map(|(member, n)| format!("{name}/{member} {n}")));
            }
            None => numbers.push(format!("{name} {value}")),
        }
    }
    numbers.sort();
    numbers
}

on_both_databases! {
    with [("RATE_LIMITS", "off"), ("RESEND_COOLDOWN", "0s")];

    async fn numbers_of_nothing_have_every_member(app: TestApp) {
        let invitations = app.admin().get(INVITATIONS).await.expect(200).body;
        assert_eq!(
            invitations,
            json!({
                "total": 0,
                "by_kind": { "system_user": 0, "account_owner": 0, "sub_account": 0 },
                "by_status": { "pending": 0, "expired": 0, "activated": 0, "revoked": 0 },
                "by_delivery": {
                    "queued": 0, "sending": 0, "sent": 0, "delivered": 0, "deferred": 0, "bounced": 0,
                    "complained": 0, "failed": 0, "handed_over": 0
                }
            })
        );
        let users = app.admin().get(USERS).await.expect(200).body;
        assert_eq!(
            users,
            json!({
                "total": 0,
                "by_kind": { "system_user": 0, "customer": 0 },
                "by_status": { "invited": 0, "active": 0, "blocked": 0 }
            })
        );
    }

    async fn an_invitation_is_counted_through_its_life(app: TestApp) {
        let (admin, owner) = (app.admin(), app.owner("olga@acme.example", "Acme").await);
        let made = app.invite_unsent("ada@example.com", &["viewer"]).await;
        let of_staff = format!("{INVITATIONS}?kind=system_user");
        let pending = ["by_delivery/queued 1", "by_kind/system_user 1", "by_status/pending 1", "total 1"];
        assert_eq!(numbers(&admin, &of_staff).await, pending);
        assert_eq!(
            numbers(&admin, INVITATIONS).await,
            [
                "by_delivery/queued 1",
                "by_delivery/sent 1",
                "by_kind/account_owner 1",
                "by_kind/system_user 1",
                "by_status/activated 1",
                "by_status/pending 1",
                "total 2"
            ]
        );
        // The owner does not see it, and sees the own one.
        let own = ["by_delivery/sent 1", "by_kind/account_owner 1", "by_status/activated 1", "total 1"];
        assert_eq!(numbers(&owner.client, INVITATIONS).await, own);
        let mail = app.letter().await;
        app.advance(TimeDelta::hours(24));
        let expired = ["by_delivery/sent 1", "by_kind/system_user 1", "by_status/expired 1", "total 1"];
        assert_eq!(numbers(&admin, &of_staff).await, expired);
        app.advance(TimeDelta::hours(2));
        sweep(&app.parts.services, &CancellationToken::new()).await.unwrap();
        assert_eq!(numbers(&admin, &of_staff).await, expired);
        let id = made["id"].as_str().unwrap();
        admin.post_empty(&format!("/v1/invitations/{id}/resend")).await.expect(200);
        assert_eq!(numbers(&admin, &of_staff).await, pending);
        assert_ne!(app.letter().await.token, mail.token);
        admin.post_empty(&format!("/v1/invitations/{id}/revoke")).await.expect(200);
        let revoked = ["by_delivery/sent 1", "by_kind/system_user 1", "by_status/revoked 1", "total 1"];
        assert_eq!(numbers(&admin, &of_staff).await, revoked);
        assert_eq!(numbers(&admin, USERS).await, ["by_kind/customer 1", "by_status/active 1", "total 1"]);
        recount(&app);
    }

    async fn seeded_people_are_counted_as_those_whom_the_service_wrote(app: TestApp) {
        Population::new(3, 420, app.now()).write_to(&mut app.database.connection(), |_| {}).unwrap();
        recount(&app);
        agree(&[("admin", app.admin())]).await;
    }

    async fn links_of_a_shorter_lifetime_have_expired_in_the_numbers_too(app: TestApp) {
        for n in 0..3 {
            app.invite_unsent(&format!("colleague{n}@example.com"), &["viewer"]).await;
        }
        // As a process wrote it whose INVITATION_TTL was 2 seconds.
        let ends = (app.now() + TimeDelta::seconds(2)).format("%Y-%m-%dT%H:%M:%S%.3fZ");
        let set = format!("UPDATE invitations SET expires_at = '{ends}' WHERE email LIKE '%1@%'");
        app.database.execute(&set);
        app.advance(TimeDelta::seconds(4));
        let counted = ["by_delivery/queued 3", "by_kind/system_user 3", "by_status/expired 1"];
        assert_eq!(numbers(&app.admin(), INVITATIONS).await[..3], counted);
        agree(&[("admin", app.admin())]).await;
        // Those of the present lifetime, some minutes before and after they expire.
        for minutes in [24 * 60 - 5, 10, 60] {
            app.advance(TimeDelta::minutes(minutes));
            agree(&[("admin", app.admin())]).await;
        }
    }

    async fn a_person_of_both_kinds_is_counted_in_both_and_once(app: TestApp) {
        let owner = app.owner("olga@acme.example", "Acme").await;
        app.invite("olga@acme.example", &["viewer"]).await;
        let driver = json!({ "email": "dirk@acme.example", "role": "driver", "account_id": owner.account });
        app.invite_by(SUB_ACCOUNTS, driver).await;
        assert_eq!(
            numbers(&app.admin(), USERS).await,
            [
                "by_kind/customer 2",
                "by_kind/system_user 1",
                "by_status/active 1",
                "by_status/invited 1",
                "total 2"
            ]
        );
        // Whoever sees staff alone sees that she was invited.
        let staff = app.caller(&[], &[Permission::SystemUsersRead]);
        assert_eq!(numbers(&staff, USERS).await, ["by_kind/system_user 1", "by_status/invited 1", "total 1"]);
        let path = format!("{USERS}?kind=customer");
        let customers = ["by_kind/customer 2", "by_status/active 1", "by_status/invited 1", "total 2"];
        for caller in [&app.admin(), &owner.client] {
            assert_eq!(numbers(caller, &path).await, customers);
        }
        agree(&[("admin", app.admin()), ("staff", staff), ("owner", owner.client)]).await;
    }

    async fn letters_in_hand_are_sending_until_the_lease_ends(app: TestApp) {
        app.invite_unsent("ada@example.com", &["viewer"]).await;
        let bob = app.invite_unsent("bob@example.com", &["viewer"]).await;
        let until = (app.now() + TimeDelta::seconds(60)).format("%Y-%m-%dT%H:%M:%S%.3fZ");
        let leased = "next_attempt_at = '2026-11-25T12:00:00.000Z', attempts = 1, leased_until =";
        app.database.execute(&format!("UPDATE letters SET {leased} '{until}'"));
        let id = bob["id"].as_str().unwrap();
        app.admin().post_empty(&format!("/v1/invitations/{id}/revoke")).await.expect(200);
        let delivery = async || {
            let mut numbers = numbers(&app.admin(), INVITATIONS).await;
            numbers.retain(|number| number.starts_with("by_delivery"));
            numbers
        };
        assert_eq!(delivery().await, ["by_delivery/sending 2"]);
        agree(&[("admin", app.admin())]).await;
        app.advance(TimeDelta::seconds(60));
        assert_eq!(delivery().await, ["by_delivery/failed 1", "by_delivery/queued 1"]);
        agree(&[("admin", app.admin())]).await;
        recount(&app);
    }

    async fn other_parameters_and_methods_are_refused(app: TestApp) {
        let admin = app.admin();
        for path in [INVITATIONS, USERS] {
            let ask = async |query: &str| admin.get(&format!("{path}?{query}")).await;
            ask("kind=driver").await.faults(&[("kind", "unknown_value")]);
            ask("kind=").await.faults(&[("kind", "unknown_value")]);
            ask("kind=system_user&kind=system_user").await.faults(&[("kind", "duplicate_parameter")]);
            ask("status=pending&limit=1")
                .await
                .faults(&[("status", "unknown_parameter"), ("limit", "unknown_parameter")]);
            app.anonymous().get(path).await.problem(401, "unauthenticated");
            for method in ["PATCH", "DELETE", "POST", "PUT"] {
                let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
                let answer = admin.call(method, path, &[]).await.problem(405, "method_not_allowed");
                assert_eq!(answer.header("allow"), "GET, HEAD");
            }
            let first = admin.get(path).await.expect(200);
            let tag = first.header("etag").to_owned();
            let again = admin.call(reqwest::Method::GET, path, &[("if-none-match", &tag)]).await;
            assert_eq!((again.status, again.text.as_str()), (304, ""));
            app.invite_unsent(&format!("new{}@example.com", path.len()), &["viewer"]).await;
            admin.call(reqwest::Method::GET, path, &[("if-none-match", &tag)]).await.expect(200);
        }
        app.letters().await;
    }
}

#[tokio::test]
async fn numbers_count_as_a_list_for_rate_limits() {
    let app = TestApp::start(crate::support::Backend::Sqlite, &[]).await;
    for path in [INVITATIONS, USERS] {
        let answer = app.admin().get(path).await.expect(200);
        assert!(answer.header("ratelimit").starts_with("\"list\""), "{}", answer.header("ratelimit"));
    }
}

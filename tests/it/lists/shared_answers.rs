//! Requests for the same list at the same time share answers: none of them is older than its request, and
//! none shows what its caller may not see.

use futures_util::future::join_all;
use serde_json::json;

use crate::support::{TestApp, lists::column, on_both_databases};

const CROWD: usize = 24;
const SYSTEM_USERS: &str = "/v1/system-users/invitations";
const ACCOUNT_OWNERS: &str = "/v1/account-owners/invitations";

on_both_databases! {
    with [("RATE_LIMITS", "off")];

    async fn everybody_finds_what_was_acknowledged_before_they_asked(app: TestApp) {
        let admin = app.admin();
        let invite_and_look = async |number: usize| {
            for round in 0..3 {
                let email = format!("colleague{number}.{round}@example.com");
                let body = json!({ "email": email, "roles": ["viewer"] });
                let invited = admin.post(SYSTEM_USERS, &body).await.expect(201);
                for (list, id) in [("invitations", "id"), ("users", "user_id")] {
                    let page = admin.get(&format!("/v1/{list}?limit=200")).await.expect(200);
                    let ids = column(&page, "id");
                    assert!(ids.contains(&invited.text_of(id)), "{email} is not among {} {list}", ids.len());
                }
            }
        };
        join_all((0..CROWD).map(invite_and_look)).await;
    }

    async fn callers_of_another_sight_share_nothing(app: TestApp) {
        let acme = app.owner("olga@acme.example", "Acme").await;
        let globex = app.owner("gina@globex.example", "Globex").await;
        app.invite("ada@example.com", &["viewer"]).await;
        let admin = app.admin();
        let owner = json!({ "email": "ines@initech.example" });
        admin.post(ACCOUNT_OWNERS, &owner).await.expect(201);
        let callers = [(&admin, 4, 3), (&acme.client, 1, 1), (&globex.client, 1, 1)];
        for list in ["invitations", "users", "accounts"] {
            let path = format!("/v1/{list}");
            let alone = join_all(callers.iter().map(async |(caller, ..)| caller.get(&path).await)).await;
            let ask = async |number: usize| {
                let index = number % callers.len();
                let answer = callers[index].0.get(&path).await.expect(200);
                assert_eq!(answer.body, alone[index].body, "{list} of caller {index}");
            };
            join_all((0..CROWD).map(ask)).await;
            let rows: Vec<usize> = alone.iter().map(|answer| column(answer, "id").len()).collect();
            let rows_of = |(_, people, accounts)| if list == "accounts" { accounts } else { people };
            let expected = callers.map(rows_of);
            assert_eq!(rows, expected, "{list}");
        }
    }

    async fn a_refusal_is_shared_too_and_the_next_request_is_answered(app: TestApp) {
        let nobody = app.caller(&[], &[]);
        let ask = async |_: usize| nobody.get("/v1/invitations").await.problem(403, "forbidden");
        join_all((0..CROWD).map(ask)).await;
        app.admin().get("/v1/invitations").await.expect(200);
    }
}

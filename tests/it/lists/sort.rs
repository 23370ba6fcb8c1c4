//! The order of lists (`sort`), and several values in one filter.

use chrono::TimeDelta;
use invitation_service::domain::role::Role;

use crate::support::{
    Client, TestApp,
    customers::{OWNERS, text},
    json,
    lists::{column, found},
    on_both_databases,
};

/// The local parts of all addresses of a list, read two at a time.
async fn walked(client: &Client, list: &str) -> Vec<String> {
    let separator = if list.contains('?') { '&' } else { '?' };
    let mut next = Some(format!("{list}{separator}limit=2"));
    let mut seen = Vec::new();
    while let Some(path) = next {
        let page = client.get(&path).await.expect(200);
        seen.extend(column(&page, "email").iter().map(|email| email.split('@').next().unwrap().to_owned()));
        let cursor = page.body["next_cursor"].as_str();
        next = cursor.map(|cursor| format!("{list}{separator}limit=2&cursor={cursor}"));
    }
    seen
}

/// In the order of their invitations: dora, anna, carl (revoked), bert (a customer), emma. Anna's is sent
/// again last.
async fn populate(app: &TestApp) {
    let admin = app.admin();
    let mut anna = String::new();
    for name in ["dora", "anna", "carl", "bert", "emma"] {
        let email = format!("{name}@example.com");
        if name == "bert" {
            admin.post(OWNERS, &json!({ "email": email, "account_name": "Acme" })).await.expect(201);
        } else {
            let made = app.invite_unsent(&email, &["viewer"]).await;
            if name == "carl" {
                let id = text(&made, "/id");
                admin.post_empty(&format!("/v1/invitations/{id}/revoke")).await.expect(200);
            } else if name == "anna" {
                anna = text(&made, "/id").to_owned();
            }
        }
        app.advance(TimeDelta::minutes(1));
    }
    admin.post_empty(&format!("/v1/invitations/{anna}/resend")).await.expect(200);
}

on_both_databases! {
    async fn each_order_from_page_to_page(app: TestApp) {
        populate(&app).await;
        let admin = app.admin();
        for (filter, expected) in [
            ("", "emma bert carl anna dora"),
            ("?sort=-created_at", "emma bert carl anna dora"),
            ("?sort=created_at", "dora anna carl bert emma"),
            ("?sort=email", "anna bert carl dora emma"),
            ("?sort=expires_at", "dora carl bert emma anna"),
            ("?sort=expires_at&status=pending", "dora bert emma anna"),
            ("?sort=email&kind=system_user", "anna carl dora emma"),
            ("?sort=email&search=a%40ex", "anna dora emma"),
            ("?sort=created_at&status=revoked", "carl"),
        ] {
            let seen = walked(&admin, &format!("/v1/invitations{filter}")).await;
            assert_eq!(seen.join(" "), expected, "{filter}");
        }
        for (filter, expected) in [
            ("", "emma bert anna dora"),
            ("?sort=created_at", "dora anna bert emma"),
            ("?sort=email", "anna bert dora emma"),
            ("?sort=email&kind=system_user", "anna dora emma"),
            ("?sort=email&status=invited&search=example", "anna bert dora emma"),
        ] {
            assert_eq!(walked(&admin, &format!("/v1/users{filter}")).await.join(" "), expected, "{filter}");
        }
    }

    async fn several_values_of_one_filter(app: TestApp) {
        populate(&app).await;
        let admin = app.admin();
        for (filter, expected) in [
            ("status=pending,revoked", "emma bert carl anna dora"),
            ("status=revoked,pending&kind=system_user", "emma carl anna dora"),
            ("kind=account_owner,sub_account", "bert"),
            ("kind=account_owner,system_user,account_owner", "emma bert carl anna dora"),
            ("status=expired,activated", ""),
            ("delivery=queued,sent&status=pending", "emma bert anna dora"),
            ("delivery=bounced,complained", ""),
        ] {
            let list = found(&admin, &format!("/v1/invitations?{filter}")).await;
            assert_eq!(list.join(" "), expected, "{filter}");
        }
        for (filter, expected) in [
            ("kind=system_user,customer", "emma bert anna dora"),
            ("status=active,blocked", ""),
            ("status=invited,active&kind=customer", "bert"),
            ("role=viewer,driver", ""),
        ] {
            assert_eq!(found(&admin, &format!("/v1/users?{filter}")).await.join(" "), expected, "{filter}");
        }
        for (filter, expected) in
            [("type=business,consumer", 0), ("used_by=employee,subsidiary", 0), ("", 1)]
        {
            let list = admin.get(&format!("/v1/accounts?{filter}")).await.expect(200);
            assert_eq!(list.body["data"].as_array().unwrap().len(), expected, "{filter}");
        }
    }

    async fn what_sort_does_not_take(app: TestApp) {
        populate(&app).await;
        let admin = app.admin();
        for value in ["", "name", "-email", "created_at,email", "EMAIL"] {
            for list in ["/v1/invitations", "/v1/users"] {
                let path = format!("{list}?sort={value}");
                admin.get(&path).await.faults(&[("sort", "unknown_value")]);
            }
        }
        admin.get("/v1/users?sort=expires_at").await.faults(&[("sort", "unknown_value")]);
        admin.get("/v1/accounts?sort=email").await.faults(&[("sort", "unknown_parameter")]);
        // A cursor belongs to the order.
        let page = admin.get("/v1/invitations?sort=email&limit=1").await.expect(200);
        let cursor = page.body["next_cursor"].as_str().unwrap();
        for other in ["", "sort=created_at&", "sort=expires_at&"] {
            let path = format!("/v1/invitations?{other}limit=1&cursor={cursor}");
            admin.get(&path).await.problem(422, "cursor_mismatch");
        }
        // The order of hidden addresses would tell something of them.
        let support = app.caller(&[Role::CustomerSupport], &[]);
        support.get("/v1/users?sort=email").await.problem(403, "forbidden");
        support.get("/v1/users?sort=created_at").await.expect(200);
        support.get("/v1/invitations?sort=email").await.expect(200);
        support.get("/v1/invitations?kind=account_owner,system_user").await.problem(403, "forbidden");
    }
}

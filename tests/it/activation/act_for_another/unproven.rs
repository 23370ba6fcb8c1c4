//! A person whose address was never proven: what the real owner of the address is shown and given.

use super::*;

on_both_databases! {
    with [("RESEND_COOLDOWN", "0s"), ("RATE_LIMITS", "off")];

    async fn the_first_inviter_is_not_shown_the_person_who_took_the_address_over(app: TestApp) {
        let (rita, typed) = ("rita@zenith.example", "Rita@zenith.example");
        let acme = app.owner("mallory@acme.example", "Acme").await;
        let zenith = app.owner("linus@zenith.example", "Zenith").await;
        let (id, token) = hand_over(&acme.client, typed, &acme.account).await;
        let joined = choose(&app, &token, TAKEN, "Mallory").await.expect(201).body;
        let (user, home) = (text(&joined, "/user/id").to_owned(), text(&joined, "/account/id").to_owned());
        let path = format!("/v1/users/{user}");
        let found = async |caller: &Client, query: &str| {
            let list = caller.get(query).await.expect(200).body;
            list["data"].as_array().unwrap().iter().any(|one| one["id"] == user || one["user_id"] == user)
        };
        // Nobody has proved anything yet: it is the driver whom the account has.
        assert_eq!(acme.client.get(&path).await.expect(200).body["first_name"], "Mallory");
        assert!(found(&acme.client, "/v1/invitations?search=mallory%20hopper").await);
        app.advance(TimeDelta::minutes(1));
        let driver = json!({
            "email": rita, "role": "driver", "account_id": zenith.account, "account_type": "consumer"
        });
        let (_, mail) = app.send(&zenith.client, SUB_ACCOUNTS, driver).await;
        choose(&app, &mail.token, PASSWORD, "Grace").await.expect(201);
        // Where they accepted it themselves, and to staff, they are shown.
        for caller in [&zenith.client, &app.admin()] {
            assert_eq!(caller.get(&path).await.expect(200).body["first_name"], "Grace");
            assert!(found(caller, "/v1/users?search=grace%20hopper").await);
            assert!(found(caller, "/v1/invitations?search=grace%20hopper").await);
        }
        acme.client.get(&path).await.problem(404, "not_found");
        let of_home = format!("/v1/users?account_id={home}");
        for query in [
            "/v1/users",
            "/v1/users?search=grace",
            "/v1/users?role=driver",
            "/v1/users?status=active",
            &of_home,
        ] {
            assert!(!found(&acme.client, query).await, "{query}");
        }
        let csv = acme.client.request(Method::GET, "/v1/users").header("accept", "text/csv");
        let csv = Answer::of(csv).await.expect(200).text;
        assert!(!csv.contains("Grace") && !csv.to_lowercase().contains("rita"), "{csv}");
        assert!(!found(&acme.client, "/v1/invitations?search=grace%20hopper").await);
        let shown = acme.client.get(&format!("/v1/invitations/{id}")).await.expect(200).body;
        assert_eq!((&shown["email"], &shown["status"]), (&json!(typed), &json!("activated")));
        // Invited once more they are shown as they are invited, and found by that alone.
        let further = json!({ "email": typed, "account_id": acme.account });
        let (_, mail) = app.send(&acme.client, OWNERS, further).await;
        let shown = acme.client.get(&path).await.expect(200).body;
        assert_eq!((&shown["email"], &shown["status"]), (&json!(typed), &json!("invited")));
        for field in ["first_name", "last_name", "activated_at", "created_at"] {
            assert_eq!(shown[field], Value::Null, "{field}");
        }
        assert_eq!((&shown["memberships"], &shown["system_roles"]), (&json!([]), &json!([])));
        for (query, is_found) in [
            ("/v1/users?search=grace", false),
            ("/v1/users?search=home", false),
            ("/v1/users?role=driver", false),
            ("/v1/users?status=active", false),
            (of_home.as_str(), false),
            ("/v1/invitations?search=grace%20hopper", false),
            ("/v1/users?search=rita", true),
            ("/v1/users?status=invited", true),
        ] {
            assert_eq!(found(&acme.client, query).await, is_found, "{query}");
        }
        // When they leave what they never accepted, the timeline has the address.
        let grace = app.sign_in(rita).await;
        grace.call(Method::DELETE, &format!("/v1/me/memberships/{home}"), &[]).await.expect(204);
        let event = app.events(&id).await.pop().unwrap();
        assert_eq!(event["actor"], json!({ "type": "user", "id": user, "name": typed }));
        // Accepted by them, it is theirs.
        app.join(&mail.token, rita, json!({})).await.expect(201);
        assert_eq!(acme.client.get(&path).await.expect(200).body["first_name"], "Grace");
        assert!(found(&acme.client, "/v1/users?search=grace%20hopper").await);
    }

    async fn an_unproven_person_keeps_the_real_one_out_of_nothing(app: TestApp) {
        let acme = app.owner("mallory@acme.example", "Acme").await;
        let admin = app.admin();
        // As a co-owner, as the owner of a new account, as a driver, and as staff: each of them by hand.
        let real = "rita@zenith.example";
        let (_, token) =
            by_hand(&acme.client, OWNERS, json!({ "email": real, "account_id": acme.account })).await;
        choose(&app, &token, TAKEN, "Mallory").await.expect(201);
        let (_, token) = by_hand(
            &admin,
            OWNERS,
            json!({ "email": real, "account_name": "Fake", "account_type": "consumer" }),
        )
        .await;
        go_on(&app, &token, real, TAKEN).await.expect(201);
        let (_, token) = hand_over(&acme.client, real, &acme.account).await;
        go_on(&app, &token, real, TAKEN).await.expect(201);
        let (_, token) = by_hand(&admin, STAFF, json!({ "email": real, "roles": ["viewer"] })).await;
        go_on(&app, &token, real, TAKEN).await.expect(201);
        let old = sign_in(&app, real, TAKEN).await.expect(200).text_of("access_token");
        app.bearer(&old).get("/v1/users").await.expect(200);
        // Each is invited all the same, in a batch too.
        let staff = json!({ "email": real, "roles": ["viewer"] });
        let owner = json!({ "email": real, "account_name": "Rita", "account_type": "business" });
        let further = json!({ "email": real, "account_id": acme.account });
        let driver = json!({
            "email": real, "role": "driver", "account_id": acme.account, "account_type": "consumer"
        });
        let item = |kind: &str, body: &Value| with(body.clone(), json!({ "kind": kind }));
        let items = [
            item("system_user", &staff),
            item("account_owner", &owner),
            item("account_owner", &further),
            item("sub_account", &driver),
        ];
        let batch = json!({ "invitations": items, "validate_only": true });
        let judged = admin.post("/v1/invitations/batch", &batch).await.expect(200).body;
        assert!(judged["results"].as_array().unwrap().iter().all(|one| one["status"] == "valid"), "{judged}");
        let (_, mail) = app.invite_by(OWNERS, owner.clone()).await;
        let staff_letter = app.send(&admin, STAFF, staff.clone()).await.1.token;
        for (path, body) in [(OWNERS, &further), (SUB_ACCOUNTS, &driver)] {
            app.send(&admin, path, body.clone()).await;
        }
        // By the letter they take the address over, and are shown what was joined with it.
        let members = json!({ "account": { "company": company() } });
        let activated = app.activate_with(&mail.token, members).await.expect(201).body;
        let named = |list: &Value| {
            let mut names: Vec<String> =
                list.as_array().unwrap().iter().map(|one| text(one, "/account_name").to_owned()).collect();
            names.sort();
            names
        };
        assert_eq!(named(&activated["user"]["memberships"]), ["Rita"]);
        assert_eq!(named(&activated["memberships_before"]), ["Acme", "Fake", "Home"]);
        sign_in(&app, real, TAKEN).await.problem(401, "invalid_credentials");
        app.bearer(&old).get("/v1/users").await.problem(401, "unauthenticated");
        // Each with a way to leave: but not the one that would have no owner left.
        let rita = app.sign_in(real).await;
        for one in activated["memberships_before"].as_array().unwrap() {
            let left = rita
                .call(Method::DELETE, &format!("/v1/me/memberships/{}", text(one, "/account_id")), &[])
                .await;
            match text(one, "/account_name") {
                "Fake" => drop(left.problem(409, "last_owner")),
                _ => drop(left.expect(204)),
            }
        }
        // From now on they are proven, and in the way: but as no colleague, since the roles that were given
        // by hand have ended.
        admin.post(OWNERS, &json!({ "email": real })).await.problem(409, "already_account_owner");
        admin
            .post(STAFF, &json!({ "email": real, "roles": ["finance"] }))
            .await
            .problem(409, "invitation_pending");
        app.join(&staff_letter, real, json!({})).await.expect(201);
        admin
            .post(STAFF, &json!({ "email": real, "roles": ["finance"] }))
            .await
            .problem(409, "already_system_user");
    }
}

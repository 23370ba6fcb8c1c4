//! Whether service and model agree.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{PEOPLE, belief::State, run::Run};
use crate::support::{customers::text, json};

impl Run {
    /// Everything that the API tells is what the model holds.
    pub(super) async fn agree(&self) {
        let (admin, now) = (self.app.admin(), self.app.now());
        let rows = admin.get("/v1/invitations?limit=200&search=%40example.com").await.expect(200).body;
        let rows = rows["data"].as_array().unwrap();
        assert_eq!(rows.len(), self.model.invitations.len());
        for (row, one) in rows.iter().zip(self.model.invitations.iter().rev()) {
            let status = match one.state {
                State::Pending if one.expires > now => "pending",
                State::Pending | State::Replaced => "expired",
                State::Activated => "activated",
                State::Revoked => "revoked",
            };
            assert_eq!((&row["id"], &row["user_id"]), (&json!(one.id), &json!(one.user)));
            assert_eq!(
                (&row["status"], &row["send_count"]),
                (&json!(status), &json!(one.generation)),
                "{one:?}"
            );
        }
        let users = admin.get("/v1/users?search=%40example.com").await.expect(200).body;
        let users = users["data"].as_array().unwrap();
        assert_eq!(users.len(), self.model.people.iter().filter(|person| person.user.is_some()).count());
        for (index, person) in
            self.model.people.iter().enumerate().filter(|(_, person)| person.user.is_some())
        {
            let user = users.iter().find(|user| user["email"] == PEOPLE[index]).unwrap();
            let newest = self
                .model
                .invitations
                .iter()
                .rev()
                .find(|one| one.person == index && one.state == State::Pending);
            assert_eq!(user["id"], json!(person.user));
            assert_eq!(user["status"], if person.active { "active" } else { "invited" });
            assert_eq!(user["system_roles"], if person.staff { json!(["viewer"]) } else { json!([]) });
            assert_eq!(user["pending_invitation_id"], json!(newest.map(|one| &one.id)));
            let held: BTreeSet<&str> =
                user["memberships"].as_array().unwrap().iter().map(|one| text(one, "/account_id")).collect();
            assert_eq!(held, person.member_of.keys().map(String::as_str).collect());
        }
        let accounts = admin.get("/v1/accounts?limit=200").await.expect(200).body;
        let living = |row: &Value| (text(row, "/id").to_owned(), row["status"] == "active");
        let found: BTreeMap<String, bool> = accounts["data"].as_array().unwrap().iter().map(living).collect();
        assert_eq!(found, self.model.accounts);
        let broken = self.app.database.texts(BROKEN);
        assert!(broken.is_empty(), "{broken:?}");
    }

    /// Of all links that were ever sent, those live that the model says; of one invitation at most one.
    pub(super) async fn links(&self) {
        for ((index, generation), token) in &self.tokens {
            let looked =
                self.app.anonymous().post("/v1/activations/preview", &json!({ "token": token })).await;
            match self.model.link(*index, *generation, self.app.now()) {
                Ok(()) => looked.expect(200),
                Err(code) => looked.problem(410, code),
            };
        }
    }
}

/// What no sequence may leave behind, by name.
const BROKEN: &str = "
    SELECT 'a live invitation of a removed user' AS text FROM invitations i JOIN users u ON u.id = i.user_id
        WHERE i.state = 'pending' AND u.removed_at IS NOT NULL
    UNION ALL SELECT 'two live users of one address' FROM users WHERE removed_at IS NULL GROUP BY email_key \
    HAVING COUNT(*) > 1
    UNION ALL SELECT 'a member who never activated' FROM memberships m JOIN users u ON u.id = m.user_id \
    WHERE u.status = 'invited'
    UNION ALL SELECT 'a member without an activated invitation' FROM memberships m WHERE NOT EXISTS (SELECT \
    1 FROM invitations i
        WHERE i.user_id = m.user_id AND i.account_id = m.account_id AND i.state = 'activated')
    UNION ALL SELECT 'a role of somebody who never activated' FROM user_roles r JOIN users u ON u.id = \
    r.user_id
        WHERE u.status = 'invited'
    UNION ALL SELECT 'a member of a removed account' FROM memberships m JOIN accounts a ON a.id = m.account_id
        WHERE a.removed_at IS NOT NULL OR a.status = 'invited'
    UNION ALL SELECT 'an active account without a type or a name' FROM accounts
        WHERE status = 'active' AND (name IS NULL OR account_type IS NULL)
    UNION ALL SELECT 'letters and sends differ' FROM invitations i
        WHERE i.send_count <> (SELECT COUNT(*) FROM letters l WHERE l.invitation_id = i.id)
    UNION ALL SELECT 'a letter left' FROM letters WHERE state = 'queued'";

//! Customers: account owners and drivers, brought as far as a test needs them.

use std::time::Duration;

use invitation_service::{
    domain::{
        actor::{ActorKind, ActorRef},
        ids::AccountId,
        permission::Permission,
    },
    services::access_token::Grant,
};
use serde_json::Value;

use super::{Answer, Client, Mail, PASSWORD, TestApp, json};

pub const OWNERS: &str = "/v1/account-owners/invitations";
pub const SUB_ACCOUNTS: &str = "/v1/sub-accounts/invitations";

/// An owner who has activated and signed in.
pub struct Owner {
    /// The account's id.
    pub account: String,
    /// The person's id.
    pub user: String,
    pub client: Client,
}

/// A company's details that every rule accepts.
pub fn company() -> Value {
    json!({
        "name": "Acme Laadpalen B.V.", "registration_number": "33031431", "vat_number": "NL004495445B01",
        "address": {
            "street": "Damrak", "house_number": "1-bis", "postal_code": "1012 LG", "city": "Amsterdam",
            "country": "NL"
        }
    })
}

/// One object with the members of both.
pub fn with(mut object: Value, more: Value) -> Value {
    let Value::Object(more) = more else { panic!("{more} is no object") };
    object.as_object_mut().unwrap().extend(more);
    object
}

/// A text member, or a panic that shows where it is missing.
#[track_caller]
pub fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("no text {pointer} in {value}"))
}

impl TestApp {
    /// Sends an invite that must succeed, and gives the invitation and its letter.
    pub async fn send(&self, caller: &Client, path: &str, body: Value) -> (Value, Mail) {
        let invited = caller.post(path, &body).await.expect(201).body;
        (invited, self.letter().await)
    }

    /// Sends an invite that must succeed as an admin, and gives the invitation and its letter.
    pub async fn invite_by(&self, path: &str, body: Value) -> (Value, Mail) {
        self.send(&self.admin(), path, body).await
    }

    /// Activates with these members beside a newcomer's name and password.
    pub async fn activate_with(&self, token: &str, members: Value) -> Answer {
        let new_user =
            json!({ "token": token, "password": PASSWORD, "first_name": "Ada", "last_name": "Lovelace" });
        self.anonymous().post("/v1/activations", &with(new_user, members)).await
    }

    /// Joins by the address alone, as somebody who is active already.
    pub async fn join(&self, token: &str, email: &str, members: Value) -> Answer {
        self.anonymous()
            .post("/v1/activations", &with(json!({ "token": token, "email": email }), members))
            .await
    }

    /// What a link asks for.
    pub async fn requires(&self, token: &str) -> Value {
        let preview =
            self.anonymous().post("/v1/activations/preview", &json!({ "token": token })).await.expect(200);
        preview.body["requires"].clone()
    }

    /// Signs in with the password that every test uses.
    pub async fn sign_in(&self, email: &str) -> Client {
        let answer = self
            .anonymous()
            .post("/v1/auth/token", &json!({ "email": email, "password": PASSWORD }))
            .await
            .expect(200);
        self.bearer(answer.body["access_token"].as_str().unwrap())
    }

    /// A business account of this name with its owner.
    pub async fn owner(&self, email: &str, account_name: &str) -> Owner {
        let body = json!({ "email": email, "account_name": account_name, "account_type": "business" });
        self.owner_of(email, body, json!({ "company": company() })).await
    }

    /// A consumer's account of this name with its owner.
    pub async fn consumer(&self, email: &str, account_name: &str) -> Owner {
        let body = json!({ "email": email, "account_name": account_name, "account_type": "consumer" });
        self.owner_of(email, body, json!({})).await
    }

    async fn owner_of(&self, email: &str, body: Value, account: Value) -> Owner {
        let (_, mail) = self.invite_by(OWNERS, body).await;
        let members = if account == json!({}) { json!({}) } else { json!({ "account": account }) };
        let activated = self.activate_with(&mail.token, members).await.expect(201).body;
        let (account, user) =
            (text(&activated, "/account/id").to_owned(), text(&activated, "/user/id").to_owned());
        Owner { account, user, client: self.sign_in(email).await }
    }

    /// A driver below an account, and their own account's id.
    pub async fn driver(&self, email: &str, parent: &str) -> Owner {
        let body =
            json!({ "email": email, "role": "driver", "account_id": parent, "account_type": "consumer" });
        let (made, mail) = self.invite_by(SUB_ACCOUNTS, body).await;
        self.activate(&mail.token).await.expect(201);
        let (account, user) = (text(&made, "/account/id").to_owned(), text(&made, "/user_id").to_owned());
        Owner { account, user, client: self.sign_in(email).await }
    }

    /// A subsidiary's account below another, with its owner.
    pub async fn subsidiary(&self, email: &str, parent: &str, name: &str) -> Owner {
        let body = json!({
            "email": email, "used_by": "subsidiary", "account_name": name, "account_type": "business"
        });
        let (made, mail) = self.invite_by(&format!("/v1/accounts/{parent}/sub-accounts"), body).await;
        self.activate_with(&mail.token, json!({ "account": { "company": company() } })).await.expect(201);
        let (account, user) = (text(&made, "/account/id").to_owned(), text(&made, "/user_id").to_owned());
        Owner { account, user, client: self.sign_in(email).await }
    }

    /// A caller with a long-lived token of these accounts, as `token --account` makes it.
    pub fn owning(&self, accounts: &[&str]) -> Client {
        let grant = Grant {
            holder: ActorRef {
                kind: ActorKind::Cli,
                id: "grace".to_owned(),
                name: "Grace Hopper".to_owned(),
                origin: None,
            },
            roles: Vec::new(),
            scope: Vec::new(),
            accounts: accounts.iter().map(|id| id.parse::<AccountId>().unwrap()).collect(),
            lifetime: Duration::from_hours(7 * 24),
        };
        self.bearer(&self.parts.services.access_tokens.issue(&grant, self.clock.now()).unwrap())
    }

    /// A program with these permissions, and a long-lived token of these accounts.
    pub fn office(&self, accounts: &[&str], scope: &[Permission]) -> Client {
        let (id, name) = ("office".to_owned(), "The office".to_owned());
        let grant = Grant {
            holder: ActorRef { kind: ActorKind::Client, id, name, origin: None },
            roles: Vec::new(),
            scope: scope.to_vec(),
            accounts: accounts.iter().map(|id| id.parse().unwrap()).collect(),
            lifetime: Duration::from_hours(1),
        };
        self.bearer(&self.parts.services.access_tokens.issue(&grant, self.clock.now()).unwrap())
    }
}

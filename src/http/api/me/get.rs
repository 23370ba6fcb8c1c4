//! `GET /v1/me`: who the caller is, for a page that has a token and nothing else.

use actix_web::{HttpRequest, HttpResponse, get, web::Data};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::{
    extract::{auth::Caller, query::Query},
    openapi::{errors::errors, sample_data},
    response::{
        problem::Problem,
        representation,
        views::{Timestamp, UserView},
    },
    state::State,
};
use crate::{
    domain::{
        account::AccountName,
        actor::{Actor, ActorKind},
        ids::AccountId,
        permission::Permission,
        role::Role,
        sub_account::MemberRole,
        user::Membership,
    },
    services::{self, me::Me},
};

/// The caller.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Me)]
pub struct MeView {
    /// What kind of caller: `user`, `client` or `cli`.
    pub r#type: ActorKind,
    /// The user's id, or the subject of the token; for a token of an identity provider its issuer, `#`, and
    /// its subject.
    pub id: String,
    /// The name that people know them by.
    pub name: String,
    /// The person, with all that they may see of themselves; null for a program, for the command line, and
    /// for the people of an identity provider.
    pub user: Option<UserView>,
    /// What this token allows now.
    pub permissions: Vec<Permission>,
    /// The roles of this token that still hold.
    pub roles: Vec<Role>,
    /// The accounts to which the person belongs; of anybody else, those that the token names.
    pub accounts: Vec<OwnAccount>,
    /// When this token ends.
    pub expires_at: Timestamp,
}

/// An account of the caller.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnAccount {
    /// Its id.
    pub id: AccountId,
    /// Its name; null until it has one.
    #[schema(value_type = Option<AccountName>)]
    pub name: Option<String>,
    /// The caller's role in it.
    pub role: MemberRole,
}

impl MeView {
    fn of(actor: &Actor, me: &Me) -> Self {
        Self {
            r#type: actor.who.kind,
            id: actor.who.id.clone(),
            name: actor.who.name.clone(),
            user: me.user.as_ref().map(UserView::from),
            permissions: actor.permissions.iter().copied().collect(),
            roles: actor.roles.iter().collect(),
            accounts: me.accounts.iter().map(OwnAccount::of).collect(),
            expires_at: Timestamp(actor.expires_at),
        }
    }
}

/// The examples.
impl MeView {
    fn person() -> Self {
        let user = sample_data::ada();
        Self {
            r#type: ActorKind::User,
            id: user.id.to_string(),
            name: "Ada Lovelace".to_owned(),
            permissions: Role::Viewer.permissions().to_vec(),
            roles: user.system_roles.clone(),
            accounts: Vec::new(),
            expires_at: sample_data::at(1220),
            user: Some(user),
        }
    }

    fn program() -> Self {
        Self {
            r#type: ActorKind::Client,
            id: "fleet-sync".to_owned(),
            name: "Fleet sync".to_owned(),
            user: None,
            permissions: vec![Permission::CustomersInvite],
            roles: Vec::new(),
            accounts: vec![OwnAccount {
                id: sample_data::id(sample_data::ACME),
                name: Some("Acme B.V.".to_owned()),
                role: MemberRole::AccountOwner,
            }],
            expires_at: sample_data::at(86_400),
        }
    }
}

impl OwnAccount {
    fn of(Membership { account_id, account_name, role }: &Membership) -> Self {
        Self { id: *account_id, name: account_name.clone(), role: *role }
    }
}

errors! {
    MeErrors:
    NOT_FOUND = "the person was removed a moment ago";
}

/// Show the caller
///
/// Who holds this token, what it allows and until when. With any valid token. A person's permissions are
/// those of the token that still hold: what was taken from them since they signed in is gone, and what was
/// given comes with the next token.
#[utoipa::path(
    tag = "Signing in",
    operation_id = "getMe",
    responses(
        (status = 200, description = "The caller.", body = MeView, examples(
            ("Person" = (summary = "A colleague who signed in", value = json!(MeView::person()))),
            ("Program" = (summary = "A program for one account", value = json!(MeView::program()))),
        )),
        MeErrors,
    ),
    security(("access_token" = [])),
)]
#[get("/v1/me")]
pub async fn get(
    caller: Caller,
    query: Query,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    query.finish()?;
    let me = services::me::me(&state.services, &caller.0).await?;
    representation::object(&request, &MeView::of(&caller.0, &me))
}

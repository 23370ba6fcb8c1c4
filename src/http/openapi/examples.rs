//! Examples of requests and answers: which there are, and which operation points to which.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Value, json, value::to_raw_value};
use utoipa::openapi::{
    RefOr,
    example::{Example, ExampleBuilder},
};

use super::{
    super::{
        api::{
            activations::{
                activate::ActivatedView,
                renew::{Renewal, RenewalStatus},
            },
            auth_token::{AccessToken, TokenType},
            batches::{
                invites::{BatchResult, BatchResults, BatchStatus},
                resends::{ResendResult, ResendResults, ResendStatus},
            },
            roles::RoleList,
            webhooks::ReceivedEvents,
        },
        ops::{
            courier_watch::CourierCondition,
            health::{Alive, Condition, Health, MailCondition, Overall, Readiness},
        },
        response::{
            page::List,
            problem::Problem,
            views::{InvitationView, RoleView},
        },
    },
    problem_examples,
    sample_data::{
        DAY, LOVELACE, PASSWORD, PUBLIC_URL, REQUEST_ID, TOKEN, acme, ada, at, dirk, for_ada, for_ada_bounced, for_ada_by_link,
        for_ada_sent, for_dirk, for_olivia, home, id, olivia, preview_for_ada, preview_for_olivia, preview_of_active,
        suppressions, timeline,
    },
};
use crate::domain::{account::DriverOfSubsidiary, field_error::FieldError, invitation::InvitationStatus, role::Role};

/// Names of the examples of an operation's request.
pub(super) fn requests(operation: &str) -> &'static [&'static str] {
    match operation {
        "inviteSystemUser" => &["InviteSystemUser", "InviteByLink"],
        "inviteAccountOwner" => &["InviteAccountOwner", "InviteFurtherAccountOwner"],
        "inviteSubAccountUser" => &["InviteDriver", "InviteSubsidiaryOwner"],
        "inviteSubAccount" => &["InviteSubAccount"],
        "inviteBatch" => &["InviteBatch", "ValidateBatch"],
        "resendBatch" => &["ResendByFilter", "ResendByIds"],
        "resendInvitation" | "resendUserInvitation" => &["Empty", "ResendInGerman"],
        "revokeInvitation" => &["Empty"],
        "amendInvitation" => &["AmendAddress", "AmendDriver"],
        "previewActivation" | "renewActivation" | "submitRenewalPage" => &["Token"],
        "activate" => &["ActivateSystemUser", "ActivateAccountOwner", "ActivateMailed", "ActivateByHand"],
        "submitActivationPage" => &["ActivateSystemUser"],
        "submitUnsubscribePage" => &["Unsubscribe"],
        "reportMailEvents" => &["PostmarkBounce", "SendgridDelivered"],
        "signIn" => &["SignIn"],
        _ => &[],
    }
}

/// Names of the examples of an operation's answer in JSON.
pub(super) fn answers(operation: &str, status: &str) -> &'static [&'static str] {
    match (operation, status) {
        ("inviteSystemUser", _) => &["SystemUserInvitation", "InvitationByLink"],
        ("inviteAccountOwner", _) => &["AccountOwnerInvitation"],
        ("inviteSubAccountUser" | "inviteSubAccount", _) => &["SubAccountInvitation"],
        ("inviteBatch", _) => &["BatchInvited", "BatchValidated"],
        ("resendBatch", _) => &["BatchResent"],
        ("getInvitation", _) => &["SentInvitation", "BouncedInvitation"],
        ("amendInvitation", _) => &["AmendedInvitation"],
        ("listInvitations", _) => &["Invitations"],
        ("listInvitationEvents", _) => &["Timeline"],
        ("resendInvitation" | "resendUserInvitation", _) => &["ResentInvitation"],
        ("revokeInvitation", _) => &["RevokedInvitation"],
        ("listUsers", _) => &["Users"],
        ("getUser", _) => &["User"],
        ("listAccounts", _) => &["Accounts"],
        ("getAccount", _) => &["Account"],
        ("listSubAccounts", _) => &["SubAccounts"],
        ("listRoles", _) => &["Roles"],
        ("listSuppressions", _) => &["Suppressions"],
        ("previewActivation", _) => &["SystemUserPreview", "AccountOwnerPreview", "ActivePreview"],
        ("activate", _) => &["ActivatedSystemUser", "ActivatedAccountOwner"],
        ("renewActivation", _) => &["Renewal"],
        ("signIn", _) => &["AccessToken"],
        ("reportMailEvents", _) => &["ReceivedEvents"],
        ("healthz", _) => &["Alive"],
        ("readyz", "503") => &["NotReady"],
        ("readyz", _) => &["Ready", "Degraded"],
        ("contract", _) => &["Contract"],
        _ => &[],
    }
}

/// Those that are pointed to.
pub(super) fn components(shown: &BTreeSet<String>) -> BTreeMap<String, RefOr<Example>> {
    let example = |name: &String| {
        let (summary, value) = request(name).or_else(|| answer(name)).or_else(|| problem_examples::example(name))?;
        Some((name.clone(), RefOr::T(ExampleBuilder::new().summary(summary).value(Some(value)).build())))
    };
    shown.iter().filter_map(example).collect()
}

#[expect(clippy::too_many_lines, reason = "a table, one example after the other")]
fn request(name: &str) -> Option<(&'static str, Value)> {
    Some(match name {
        "InviteSystemUser" => {
            ("A colleague who may look", json!({ "email": "ada@example.com", "roles": ["viewer"], "locale": "en" }))
        }
        "InviteByLink" => (
            "A colleague without mail: the link comes with the answer",
            json!({ "email": "ada@example.com", "roles": ["viewer"], "locale": "en", "delivery": "link" }),
        ),
        "InviteAccountOwner" => (
            "The owner of a new account",
            json!({ "email": "olivia@acme.example", "account_name": "Acme B.V.", "account_type": "business", "locale": "nl" }),
        ),
        "InviteFurtherAccountOwner" => {
            ("A further owner of an account", json!({ "email": "otto@acme.example", "account_id": acme().id }))
        }
        "InviteDriver" => (
            "A driver, below the account of that name",
            json!({
                "email": "dirk@acme.example", "role": "driver", "account_name": "Acme B.V.", "reimbursement_rate": "0.23",
                "sub_account_name": "Dirk at home", "account_type": "consumer", "locale": "nl"
            }),
        ),
        "InviteSubsidiaryOwner" => (
            "The owner of a subsidiary's account, below the account of that id",
            json!({ "email": "sofie@sub.acme.example", "role": "account_owner", "account_id": acme().id, "used_by": "subsidiary" }),
        ),
        "InviteSubAccount" => (
            "An employee who charges at home",
            json!({
                "used_by": "employee", "account_name": "Dirk at home", "email": "dirk@acme.example", "account_type": "consumer",
                "reimbursement_rate": "0.23"
            }),
        ),
        "InviteBatch" => (
            "Four at once, two of them faulty",
            json!({ "invitations": [
            { "kind": "system_user", "email": "ada@example.com", "roles": ["viewer"], "locale": "en" },
            { "kind": "sub_account", "email": "dirk@acme.example", "role": "driver", "account_name": "Acme B.V.",
              "reimbursement_rate": "0.23", "sub_account_name": "Dirk at home", "account_type": "consumer", "locale": "nl" },
            { "kind": "system_user", "email": "ADA@example.com", "roles": ["viewer"] },
            {
                        "kind": "sub_account", "email": "sofie@sub.acme.example", "role": "driver", "account_id": acme().id,
                        "used_by": "subsidiary"
                    },
        ] }),
        ),
        "ValidateBatch" => (
            "One, to be judged and no more",
            json!({
                "invitations": [{ "kind": "system_user", "email": "ada@example.com", "roles": ["viewer"] }], "validate_only": true
            }),
        ),
        "ResendByIds" => ("These two", json!({ "ids": [for_ada().id, for_dirk().id] })),
        "ResendByFilter" => (
            "Everybody below Acme who came too late",
            json!({
                "filter": { "status": "expired", "kind": "sub_account", "account_id": acme().id }
            }),
        ),
        "AmendAddress" => ("The address was mistyped", json!({ "email": "ada.lovelace@example.com" })),
        "AmendDriver" => {
            ("Another rate, and no name of the inviter's choice", json!({ "reimbursement_rate": "0.25", "account_name": null }))
        }
        "Empty" => ("Everything is in the path", json!({})),
        "ResendInGerman" => ("In another language from now on", json!({ "locale": "de" })),
        "Unsubscribe" => ("The box is ticked", json!({ "token": TOKEN, "confirm": "yes" })),
        "Token" => ("The token of a link", json!({ "token": TOKEN })),
        "ActivateSystemUser" => {
            ("A colleague", json!({ "token": TOKEN, "password": PASSWORD, "first_name": "Ada", "last_name": "Lovelace" }))
        }
        "ActivateAccountOwner" => (
            "The owner of a business account",
            json!({
                "token": TOKEN, "password": PASSWORD, "first_name": "Olivia", "last_name": "Oakley",
                "account": { "company": acme().company }
            }),
        ),
        "ActivateByHand" => (
            "Somebody who is active, by a link that was handed over: the password that they have",
            json!({ "token": TOKEN, "password": PASSWORD, "first_name": "Ada", "last_name": "Lovelace" }),
        ),
        "ActivateMailed" => (
            "Somebody who is active, by a link that was mailed to them: their address, typed",
            json!({ "token": TOKEN, "email": "ada@example.com" }),
        ),
        "PostmarkBounce" => (
            "Postmark: the mailbox does not exist",
            json!({
                "RecordType": "Bounce", "ID": 42, "Type": "HardBounce", "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
                "Metadata": { "letter": "ltr_01m86xvxh0e3pt0yekqqme4qcm" }, "Details": "smtp;550 5.1.1 unknown user",
                "BouncedAt": "2026-11-24T14:03:05.0000000Z"
            }),
        ),
        "SendgridDelivered" => (
            "SendGrid: the letter has arrived",
            json!([{
                "event": "delivered", "timestamp": 1_795_529_000, "sg_event_id": "ZGVsaXZlcmVkLTA", "sg_message_id": "14c5d75ce93.recvd-0",
                "letter": "ltr_01m86xvxh0e3pt0yekqqme4qcm", "response": "250 OK"
            }]),
        ),
        "SignIn" => ("An address and a password", json!({ "email": "ada@example.com", "password": PASSWORD })),
        _ => return None,
    })
}

fn answer(name: &str) -> Option<(&'static str, Value)> {
    let resent_at =
        |seconds| InvitationView { last_sent_at: at(seconds), send_count: 2, expires_at: at(DAY + seconds), ..for_ada() };
    let resent = resent_at(600);
    let amended = InvitationView { email: "ada.lovelace@example.com".to_owned(), user_id: id(LOVELACE), ..resent_at(300) };
    let revoked = InvitationView { status: InvitationStatus::Revoked, revoked_at: Some(at(900)), ..for_ada_sent() };
    let failed = |name| problem_examples::example(name).and_then(|(_, problem)| to_raw_value(&problem).ok());
    let result = |index, status, invitation, error| BatchResult { index, status, invitation, error };
    let ready = |status, database, mail| Readiness {
        status,
        database,
        migrations: database,
        courier: CourierCondition::Ok,
        mail,
        reason: None,
    };
    Some(match name {
        "SystemUserInvitation" => ("A colleague is invited", written(for_ada())),
        "InvitationByLink" => ("The link, this once", written(for_ada_by_link())),
        "AccountOwnerInvitation" => ("An account owner is invited", written(for_olivia())),
        "SubAccountInvitation" => ("A driver is invited", written(for_dirk())),
        "BatchInvited" => (
            "Two are invited, two failed",
            written(BatchResults {
                results: vec![
                    result(0, BatchStatus::Invited, Some(for_ada()), None),
                    result(1, BatchStatus::Invited, Some(for_dirk()), None),
                    result(2, BatchStatus::Failed, None, failed("invitation_pending")),
                    result(3, BatchStatus::Failed, None, to_raw_value(&driver_of_subsidiary()).ok()),
                ],
            }),
        ),
        "BatchValidated" => {
            ("It would be invited", written(BatchResults { results: vec![result(0, BatchStatus::Valid, None, None)] }))
        }
        "BatchResent" => (
            "One is resent, one was sent a moment ago",
            written(ResendResults {
                results: vec![
                    ResendResult {
                        index: 0,
                        id: resent.id.to_string(),
                        status: ResendStatus::Resent,
                        invitation: Some(resent),
                        error: None,
                    },
                    ResendResult {
                        index: 1,
                        id: for_dirk().id.to_string(),
                        status: ResendStatus::Failed,
                        invitation: None,
                        error: failed("resend_too_soon"),
                    },
                ],
                more: false,
            }),
        ),
        "SentInvitation" => ("The letter has left", written(for_ada_sent())),
        "BouncedInvitation" => ("There is no such mailbox", written(for_ada_bounced())),
        "ResentInvitation" => ("A fresh link is on its way", written(resent)),
        "AmendedInvitation" => ("A letter is on its way to the new address", written(amended)),
        "RevokedInvitation" => ("The link is dead", written(revoked)),
        "Invitations" => ("The last page", page(vec![for_dirk(), for_ada_sent()])),
        "Timeline" => ("From the invite to the first look", page(timeline())),
        "Users" => ("The last page", page(vec![dirk(), ada(), olivia()])),
        "User" => ("A colleague", written(ada())),
        "Accounts" => ("The last page", page(vec![home(), acme()])),
        "Account" => ("A business account", written(acme())),
        "SubAccounts" => ("The one sub-account", page(vec![home()])),
        "Roles" => ("All of them", written(RoleList { data: Role::ALL.into_iter().map(RoleView::from).collect() })),
        "Suppressions" => ("The last page", page(suppressions())),
        "SystemUserPreview" => ("A colleague's link", written(preview_for_ada())),
        "AccountOwnerPreview" => ("An account owner's link", written(preview_for_olivia())),
        "ActivePreview" => ("Mailed to somebody who is active: their address, typed", written(preview_of_active())),
        "ActivatedSystemUser" => {
            ("A colleague", written(ActivatedView { user: ada(), account: None, memberships_before: Vec::new() }))
        }
        "ActivatedAccountOwner" => {
            ("An account owner", written(ActivatedView { user: olivia(), account: Some(acme()), memberships_before: Vec::new() }))
        }
        "Renewal" => ("Sent", written(Renewal { status: RenewalStatus::Sent })),
        "AccessToken" => (
            "For a quarter of an hour",
            written(AccessToken {
                access_token:
                    "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1c3JfMDFtODZ4dnhoMGVzOHI2NXJ6eWprYTc5MmcifQ.c2ln"
                        .to_owned(),
                token_type: TokenType::Bearer,
                expires_in: 900,
            }),
        ),
        "ReceivedEvents" => ("One event", written(ReceivedEvents { received: 1 })),
        "Alive" => ("It is", written(Health { status: Alive::Ok })),
        "Ready" => ("It can", written(ready(Overall::Ok, Condition::Ok, MailCondition::Ok))),
        "Degraded" => ("Letters are late", written(ready(Overall::Degraded, Condition::Ok, MailCondition::Late))),
        "NotReady" => {
            ("The database is away", written(ready(Overall::Unavailable, Condition::Unavailable, MailCondition::Unknown)))
        }
        "Contract" => ("Its beginning", json!({ "openapi": "3.1.0", "info": { "title": "invitation-service" }, "paths": {} })),
        _ => return None,
    })
}

/// What is wrong with the last item of the batch.
fn driver_of_subsidiary() -> Value {
    let fault = FieldError::new("/used_by", DriverOfSubsidiary::CODE, DriverOfSubsidiary.to_string());
    Problem::body(&[fault].into()).document(PUBLIC_URL, REQUEST_ID)
}

fn page<T: Serialize>(data: Vec<T>) -> Value {
    written(List { data, next_cursor: None })
}

fn written(view: impl Serialize) -> Value {
    // Views are made of texts, numbers and each other: nothing in them can fail to be written.
    serde_json::to_value(view).unwrap_or_default()
}

//! Azure Communication Services, Email: `POST /emails:send`,
//! <https://learn.microsoft.com/en-us/rest/api/communication/email/email/send>, signed by an
//! [access key](access_key). A request is repeatable within five minutes:
//! <https://learn.microsoft.com/en-us/rest/api/communication/repeatable-requests>.
//!
//! An accepted letter is an operation, under whose id Event Grid reports on it: [`events`]. A 202 says no
//! more than that the operation has begun. It may fail before a recipient's server is asked, and then there
//! may be no event: [`operation`] reads its end when staff ask for it. The courier does not wait for it: that
//! takes half a minute and more (`Retry-After`), and a subscription may read 60 operations a minute and 200
//! an hour at first,
//! <https://learn.microsoft.com/en-us/azure/communication-services/concepts/service-limits>.

mod access_key;
mod events;
mod operation;

use std::sync::Arc;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use reqwest::{Request, StatusCode};
use serde_json::json;
use sha2::{Digest, Sha256};

use self::{access_key::AccessKey, events::Events};
use super::{
    api::ProviderApi,
    guide::{Guide, WebhookGuide},
    hosted_url::Hosted,
    known_service::{EnvelopeDomain, KnownService},
    provider::{MailProvider, UrlForm, Webhook},
    request::{Body, Get, Post, person},
    response::{Answer, Verdict},
    status::{AskedLetter, StatusStep},
};
use crate::{
    domain::{delivery_reports::Provider, letter::Letter, mail_fault::MailFault},
    mail::{
        MessageBuilder, Rendered,
        fault::Secrets,
        message::{AUTO_SUBMITTED, PRECEDENCE, SUPPRESS},
    },
};

#[cfg(test)]
mod tests;

pub(super) const PROVIDER: MailProvider = MailProvider {
    provider: Provider { name: "azure", title: "Azure Communication Services" },
    url: UrlForm::Hosted(Hosted {
        form: "azure://KEY@HOST",
        base: "",
        regions: &[],
        parameters: &[],
        account: |text, _| Ok(Arc::new(Account::parse(text)?)),
    }),
    guide: Guide {
        account: "KEY is an access key of the resource; HOST is that of its endpoint, as \
            voltmark.europe.communication.azure.com, or the resource's name where that is all before \
            .communication.azure.com. Azure takes the address of MAIL_FROM alone, and the name from its \
            own settings",
        letter_id: "our Message-ID, and the operation's id",
        tracking: "switched off in each letter",
        repeated: "dropped there when it comes within the same minute",
        recheck: Some(
            "the operation (GET /emails/operations/{id}) with its error, with the access key that \
                sends. A success says that the letter left Azure, and not that it was delivered; 60 \
                questions a minute and 200 an hour for a subscription, at first. A letter whose answer \
                was lost is not found",
        ),
    },
    webhook: Some(Webhook {
        variable: "MAIL_EVENTS_AZURE",
        meaning: "the secret that Azure Event Grid sends, at least 16 characters (without it: no such \
            webhook)",
        guide: WebhookGuide {
            setup: "an Event Grid subscription of the resource, with a secret of 16 characters or more \
                in a header: docs/operations.md, \"Azure Communication Services\"",
            outcomes: "Bounced, Failed, FilteredSpam, Quarantined and Suppressed are bounced. There is \
                no report of a deferral, nor of a complaint",
            over_smtp: "a letter is recognised by our Message-ID",
        },
        verifier: |text| Ok(Arc::new(Events::parse(text)?)),
    }),
    // <https://learn.microsoft.com/azure/communication-services/quickstarts/email/add-custom-verified-domains>
    service: Some(KnownService {
        title: "Azure Communication Services",
        is_relay: |host| host.ends_with(".azurecomm.net"),
        envelope: EnvelopeDomain::Senders,
        include: Some("spf.protection.outlook.com"),
        selectors: &["selector1-azurecomm-prod-net", "selector2-azurecomm-prod-net"],
        setup: "verify the domain in the Email Communication Service: an SPF record, and two CNAMEs for DKIM",
    }),
    smtp_server: None,
};

const API_VERSION: &str = "2023-03-31";
/// What follows the resource's name where the URL has no more than that.
const DOMAIN: &str = "communication.azure.com";

/// A resource and its access key.
struct Account {
    key: AccessKey,
    host: String,
}

impl Account {
    fn parse(text: &str) -> Result<Self, String> {
        let (key, host) = text.rsplit_once('@').ok_or("Its resource is missing: write azure://KEY@HOST.")?;
        if host.is_empty() || !host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-')) {
            return Err("The host must be that of the resource's endpoint, as \
                voltmark.europe.communication.azure.com: azure://KEY@HOST."
                .to_owned());
        }
        let host = host.to_ascii_lowercase();
        let host = if host.contains('.') { host } else { format!("{host}.{DOMAIN}") };
        Ok(Self { key: AccessKey::parse(key)?, host })
    }
}

impl ProviderApi for Account {
    fn base(&self) -> Option<String> {
        Some(format!("https://{}", self.host))
    }

    fn request(&self, letter: &Letter, builder: &MessageBuilder, content: Rendered) -> Post {
        let mut body = json!({
            // Its name is a setting of the resource.
            "senderAddress": builder.sender.address(),
            "recipients": {"to": [{"address": letter.to.wire()}]},
            "content": {"subject": content.subject, "plainText": content.text, "html": content.html},
            "headers": {
                // One that is not unique is replaced.
                "Message-ID": builder.message_id(letter),
                AUTO_SUBMITTED.0: AUTO_SUBMITTED.1,
                PRECEDENCE.0: PRECEDENCE.1,
                SUPPRESS.0: SUPPRESS.1,
            },
            "userEngagementTrackingDisabled": true,
        });
        if let Some(reply_to) = &builder.sender.reply_to {
            body["replyTo"] = json!([person(reply_to, ["address", "displayName"])]);
        }
        // A repeated request must be the same in all its parts: attempts within one minute are, and send one
        // letter. A later one has another id, since the time at which the link expires is another.
        let first_sent = letter.now.duration_trunc(TimeDelta::minutes(1)).unwrap_or(letter.now);
        let id = operation_id(first_sent, &body.to_string());
        let headers = vec![
            ("Operation-Id", id.clone()),
            ("Repeatability-Request-ID", id),
            ("Repeatability-First-Sent", access_key::date(first_sent)),
            (access_key::DATE, access_key::date(letter.now)),
        ];
        Post { path: format!("/emails:send?api-version={API_VERSION}"), headers, body: Body::Json(body) }
    }

    fn sign(&self, request: &mut Request) {
        self.key.sign(request);
    }

    /// An accepted letter is a 202 with the operation's id, in its body or where that is missing in a header,
    /// and a status that may not have failed yet.
    fn verdict(&self, answer: &Answer) -> Verdict {
        let json = answer.json();
        let code = json["error"]["code"].as_str().unwrap_or_default();
        let target = json["error"]["target"].as_str().unwrap_or_default().to_ascii_lowercase();
        match operation::operator_fault(code) {
            Some(fault) => return Verdict::Operator(fault),
            None if code == operation::ALL_SUPPRESSED => {
                return Verdict::Permanent(Some(MailFault::Suppressed));
            }
            None if target.contains("senderaddress") || target.contains("replyto") => {
                return Verdict::Operator(MailFault::Sender);
            }
            None => {}
        }
        if answer.status == StatusCode::PRECONDITION_FAILED {
            // The time of the first attempt is not within the last five minutes: the clock is wrong.
            return Verdict::Operator(MailFault::Setup);
        }
        let is_failed = matches!(json["status"].as_str(), Some("Failed" | "Canceled"));
        let id = json["id"].as_str().map(str::to_ascii_lowercase).or_else(|| operation::located(answer));
        answer.usual(id.filter(|_| !is_failed))
    }

    fn secrets(&self) -> Secrets {
        self.key.secrets()
    }

    /// The operation, which is found by its id alone.
    /// <https://learn.microsoft.com/en-us/rest/api/communication/email/email/get-send-result>
    fn status_request(&self, asked: &AskedLetter<'_>) -> Option<Get> {
        let get = Get::path(&["emails", "operations", asked.message_id?]);
        let get = get.query(&[("api-version", API_VERSION)]);
        Some(get.header(access_key::DATE, access_key::date(asked.now)))
    }

    fn status(&self, asked: &AskedLetter<'_>, answer: &Answer) -> Option<StatusStep> {
        operation::read(asked, &answer.json()).map(StatusStep::Known)
    }
}

/// A UUID of this request, the same for the same one. It has the form of a random UUID, which the standard of
/// repeatable requests recommends (OASIS Repeatable Requests 1.0, §3):
/// <https://docs.oasis-open.org/odata/repeatable-requests/v1.0/repeatable-requests-v1.0.html>.
fn operation_id(first_sent: DateTime<Utc>, body: &str) -> String {
    let digest = Sha256::digest(format!("{first_sent}\n{body}"));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

//! Amazon SES, API version 2: `POST /v2/email/outbound-emails`,
//! <https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html>, signed by
//! [signature version 4](sigv4). It has no idempotency key, and writes a `Message-ID` of its own over ours:
//! <https://docs.aws.amazon.com/ses/latest/dg/header-fields.html>.
//!
//! The letter is sent as `Simple` content: it takes our headers, and SES chooses the encodings. Opens and
//! clicks are tracked where the configuration set publishes these events, and there is no switch in the
//! request.
//!
//! What became of a letter is published to a topic of Amazon SNS by the configuration set: [`events`], and
//! [`sns`] for the messages around them. Virtual Deliverability Manager can be asked for it: [`insights`].

mod certificate;
mod events;
mod insights;
mod member;
mod sigv4;
mod sns;

use std::sync::Arc;

use lettre::message::{
    Mailbox,
    header::{Headers, Sender},
};
use reqwest::Request;
use secrecy::SecretString;
use serde_json::{Value, json};

use self::{sigv4::Credentials, sns::Topic};
use super::{
    api::ProviderApi,
    guide::{Guide, WebhookGuide},
    hosted_url::{Hosted, Parameters, key},
    known_service::{EnvelopeDomain, KnownService},
    provider::{MailProvider, UrlForm, Webhook},
    request::{Body, Get, Post},
    response::{Answer, Verdict},
    smtp_server::SmtpServer,
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

const CONFIGURATION_SET: &str = "configuration_set";
const SESSION_TOKEN: &str = "session_token";

pub(super) const PROVIDER: MailProvider = MailProvider {
    provider: Provider { name: "ses", title: "Amazon SES" },
    url: UrlForm::Hosted(Hosted {
        form: "ses://KEY:SECRET@REGION",
        base: "",
        regions: &[],
        parameters: &[CONFIGURATION_SET, SESSION_TOKEN],
        account: |text, parameters| Ok(Arc::new(Account::parse(text, parameters)?)),
    }),
    guide: Guide {
        account: "KEY and SECRET are an access key that may ses:SendEmail; of temporary credentials \
            also session_token=, for as long as they last",
        letter_id: "the tag letter; the Message-ID is Amazon's",
        tracking: "as the configuration set publishes it",
        repeated: "it arrives twice",
        recheck: Some(
            "GET /v2/email/insights/{id}/: the message's events, once in a second for an account. It \
                needs Virtual Deliverability Manager, which is paid for, switched on in this account \
                and region before the letter was sent, and ses:GetMessageInsights. A letter whose \
                answer was lost is not found",
        ),
    },
    webhook: Some(Webhook {
        variable: "MAIL_EVENTS_SES",
        meaning: "the ARN of the Amazon SNS topic to which Amazon SES publishes events (without it: no such \
            webhook)",
        guide: WebhookGuide {
            setup: "a configuration set that publishes events to a topic of Amazon SNS, and its HTTPS \
                subscription: docs/operations.md, \"Amazon SES\". Signed in the body, with a \
                certificate of Amazon's; a signature counts for 2 hours",
            outcomes: "bounces of every type are bounced; Reject and Rendering Failure are failed. \
                Automatic replies are reported as bounces of the type Transient or Undetermined",
            over_smtp: "a letter is recognised by X-SES-MESSAGE-TAGS, which it gets on its way to \
                Amazon's hosts, where the identity has a default configuration set; and by our \
                Message-ID, where reports have the original headers (an identity's feedback: Include \
                original headers)",
        },
        verifier: |text| Ok(Arc::new(Topic::parse(text)?)),
    }),
    // <https://docs.aws.amazon.com/ses/latest/dg/send-email-authentication-dkim-manual.html>
    service: Some(KnownService {
        title: "Amazon SES",
        is_relay,
        envelope: EnvelopeDomain::Service,
        include: Some("amazonses.com"),
        selectors: &[],
        setup: "verify the domain in SES with Easy DKIM (three CNAMEs), and give it a custom MAIL FROM \
            domain. SES replaces Date and Message-ID, so that a signature of MAIL_DKIM breaks there",
    }),
    // <https://docs.aws.amazon.com/ses/latest/dg/event-publishing-send-email.html>
    // Events are published where the sending identity has a default configuration set.
    smtp_server: Some(SmtpServer {
        is_host: is_relay,
        id: "X-SES-MESSAGE-TAGS",
        prefix: "letter=",
        others: &[],
    }),
};

/// Whether a host, in lower case, is an SMTP server of Amazon SES:
/// <https://docs.aws.amazon.com/general/latest/gr/ses.html>. Other services of Amazon, machines and load
/// balancers of its customers are below `amazonaws.com`, too.
fn is_relay(host: &str) -> bool {
    let is_ses = host.starts_with("email-smtp.") || host.starts_with("email-smtp-fips.");
    is_ses && (host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn"))
}

/// An access key that may send, in one region.
struct Account {
    credentials: Credentials,
    region: String,
    configuration_set: Option<String>,
}

impl Account {
    fn parse(text: &str, parameters: &Parameters) -> Result<Self, String> {
        let (keys, region) =
            text.rsplit_once('@').ok_or("Its region is missing: write ses://KEY:SECRET@REGION.")?;
        check_region(region)?;
        let (key_id, secret) = keys.split_once(':').ok_or(
            "Its secret access key is missing, or a / : @ # ? in it is not percent-encoded: write \
            ses://KEY:SECRET@REGION.",
        )?;
        let configuration_set = parameters.get(CONFIGURATION_SET);
        check_configuration_set(configuration_set)?;
        let session_token = parameters.get(SESSION_TOKEN);
        if session_token.is_some_and(|token| token.is_empty() || !token.chars().all(|c| c.is_ascii_graphic()))
        {
            return Err(
                "The session_token parameter must be visible ASCII, with + percent-encoded.".to_owned()
            );
        }
        Ok(Self {
            credentials: Credentials {
                key_id: key(key_id)?,
                secret: key(secret)?,
                session_token: session_token.map(SecretString::from),
            },
            region: region.to_ascii_lowercase(),
            configuration_set: configuration_set.map(str::to_owned),
        })
    }
}

fn check_region(region: &str) -> Result<(), &'static str> {
    if region.is_empty() || !region.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        return Err("The region must be one of Amazon's, as eu-central-1: ses://KEY:SECRET@REGION.");
    }
    Ok(())
}

fn check_configuration_set(name: Option<&str>) -> Result<(), &'static str> {
    let is_name = |name: &str| {
        (1..=64).contains(&name.len())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
    };
    if name.is_some_and(|name| !is_name(name)) {
        return Err(
            "The configuration_set parameter must be the name of one, in ASCII letters, digits, - and _.",
        );
    }
    Ok(())
}

impl ProviderApi for Account {
    fn account(&self) -> Option<&str> {
        self.configuration_set.as_deref()
    }

    /// <https://docs.aws.amazon.com/general/latest/gr/ses.html>
    fn base(&self) -> Option<String> {
        let suffix = if self.region.starts_with("cn-") { ".cn" } else { "" };
        Some(format!("https://email.{}.amazonaws.com{suffix}", self.region))
    }

    fn request(&self, letter: &Letter, builder: &MessageBuilder, content: Rendered) -> Post {
        let part = |data: String| json!({"Data": data, "Charset": "UTF-8"});
        let header = |(name, value): (&str, &str)| json!({"Name": name, "Value": value});
        let mut body = json!({
            "FromEmailAddress": in_ascii(&builder.sender.from),
            "Destination": {"ToAddresses": [letter.to.wire()]},
            "Content": {"Simple": {
                "Subject": part(content.subject),
                "Body": {"Text": part(content.text), "Html": part(content.html)},
                "Headers": [header(AUTO_SUBMITTED), header(PRECEDENCE), header(SUPPRESS)],
            }},
            // Events bring it back where the configuration set publishes them.
            "EmailTags": [{"Name": "letter", "Value": letter.id.to_string()}],
        });
        if let Some(reply_to) = &builder.sender.reply_to {
            body["ReplyToAddresses"] = json!([in_ascii(reply_to)]);
        }
        if let Some(name) = &self.configuration_set {
            body["ConfigurationSetName"] = name.as_str().into();
        }
        let headers = vec![(sigv4::DATE, sigv4::date(letter.now))];
        Post { path: "/v2/email/outbound-emails".to_owned(), headers, body: Body::Json(body) }
    }

    fn sign(&self, request: &mut Request) {
        sigv4::sign(request, &self.credentials, &self.region, "ses");
    }

    /// <https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html#API_SendEmail_Errors>,
    /// <https://docs.aws.amazon.com/ses/latest/APIReference-V2/CommonErrors.html>
    fn verdict(&self, answer: &Answer) -> Verdict {
        let json = answer.json();
        let message = json["message"].as_str().or(json["Message"].as_str()).unwrap_or_default();
        let message = message.to_ascii_lowercase();
        match error_type(answer, &json).as_str() {
            throttling if is_throttling(throttling) => {
                if message.contains("daily message quota") {
                    Verdict::Operator(MailFault::Quota)
                } else {
                    Verdict::Temporary
                }
            }
            "LimitExceededException"
            | "AccountSuspendedException"
            | "AccountSendingPausedException"
            | "ConfigurationSetSendingPausedException"
            | "SendingPausedException" => Verdict::Operator(MailFault::Quota),
            "MailFromDomainNotVerifiedException" => Verdict::Operator(MailFault::Sender),
            // Outside of production, recipients have to be verified, too.
            "MessageRejected" if message.contains("not verified") => Verdict::Operator(MailFault::Sender),
            // The words say whether it is the letter ("Message contains a virus.") or the account ("Sending
            // paused for this account.").
            "MessageRejected" => Verdict::Refused,
            // The configuration set does not exist.
            "NotFoundException" => Verdict::Operator(MailFault::Setup),
            "AccessDeniedException"
            | "ExpiredTokenException"
            | "IncompleteSignature"
            | "IncompleteSignatureException"
            | "InvalidClientTokenId"
            | "InvalidSignatureException"
            | "MissingAuthenticationToken"
            | "MissingAuthenticationTokenException"
            | "NotAuthorized"
            | "OptInRequired"
            | "RequestExpired"
            | "SignatureDoesNotMatch"
            | "UnrecognizedClientException" => Verdict::Operator(MailFault::Authentication),
            _ => answer.usual(json["MessageId"].as_str().map(str::to_owned)),
        }
    }

    fn secrets(&self) -> Secrets {
        let Credentials { key_id, secret, session_token } = &self.credentials;
        let secrets = Secrets::of(key_id).and(Secrets::of(secret));
        session_token.iter().fold(secrets, |secrets, token| secrets.and(Secrets::of(token)))
    }

    /// Letters cannot be found by their tags.
    fn status_request(&self, asked: &AskedLetter<'_>) -> Option<Get> {
        // The signature is made for paths without escapes.
        let is_plain = |id: &&str| id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let id = asked.message_id.filter(is_plain)?;
        // A slash ends the path in the documentation.
        let get = Get::path(&["v2", "email", "insights", id, ""]);
        Some(get.header(sigv4::DATE, sigv4::date(asked.now)))
    }

    fn status(&self, asked: &AskedLetter<'_>, answer: &Answer) -> Option<StatusStep> {
        insights::read(asked, &answer.json()).map(StatusStep::Known)
    }

    fn status_needs(&self) -> &'static str {
        "Looking letters up needs Virtual Deliverability Manager, switched on in this account and region \
            before the letter was sent, and a key that may ses:GetMessageInsights."
    }

    fn is_throttled(&self, answer: &Answer) -> bool {
        is_throttling(&error_type(answer, &answer.json()))
    }
}

/// Whether an error says that requests came too often.
fn is_throttling(error_type: &str) -> bool {
    matches!(error_type, "TooManyRequestsException" | "ThrottlingException" | "Throttling")
}

/// The error's name, which is in a header, or in the body behind the name of a namespace:
/// <https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html#operation-error-serialization>.
fn error_type(answer: &Answer, json: &Value) -> String {
    let said = answer.header("x-amzn-errortype").or(json["__type"].as_str()).or(json["code"].as_str());
    let name = said.unwrap_or_default().split(':').next().unwrap_or_default();
    name.rsplit('#').next().unwrap_or_default().to_owned()
}

/// A mailbox in ASCII, its name as encoded words (RFC 2047), as SES asks for.
fn in_ascii(mailbox: &Mailbox) -> String {
    let mut headers = Headers::new();
    headers.set(Sender::from(mailbox.clone()));
    let text = headers.to_string();
    let value = text.trim_start_matches("Sender:");
    value.split("\r\n").map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

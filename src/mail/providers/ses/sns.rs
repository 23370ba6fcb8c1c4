//! Messages of Amazon SNS to an HTTPS endpoint, and how they are verified:
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html>,
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html>.
//!
//! The key is the topic. A message names the certificate that verifies it, by a URL which may lead to the
//! topic's region of Amazon SNS alone. A topic whose messages are wanted is confirmed by opening a URL that
//! comes, signed, in its first message.

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, TimeDelta, Utc};
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, RsaParameters,
    UnparsedPublicKey,
};
use serde_json::Value;
use url::Url;

use super::{certificate, events, member::member};
use crate::domain::delivery_reports::{Verified, WebhookError, WebhookRequest, WebhookVerifier};

/// How old a message may be. Amazon SNS tries for an hour, with the signature of the first attempt:
/// <https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html>. Each event counts once, so
/// that an old message does no harm.
const WINDOW: TimeDelta = TimeDelta::hours(2);
/// The header with the topic, before the body is read.
const TOPIC: &str = "x-amz-sns-topic-arn";
/// How the path of a certificate begins and ends.
const CERTIFICATE_PATH: (&str, &str) = ("/SimpleNotificationService-", ".pem");

/// The members that are signed, in this order: of a notification, and of a message about a subscription.
const OF_NOTIFICATION: [&str; 6] = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"];
const OF_SUBSCRIPTION: [&str; 7] =
    ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];

/// The topic whose messages are taken.
pub(super) struct Topic {
    arn: String,
    /// The host of Amazon SNS in its region.
    host: String,
}

impl Topic {
    /// `arn:aws:sns:REGION:ACCOUNT:NAME`, also of the partitions `aws-cn` and `aws-us-gov`.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let fault = "is no ARN of an Amazon SNS topic, as arn:aws:sns:REGION:ACCOUNT:NAME";
        let parts: Vec<&str> = text.split(':').collect();
        let ["arn", partition @ ("aws" | "aws-cn" | "aws-us-gov"), "sns", region, account, name] = parts[..]
        else {
            return Err(fault);
        };
        let is_word = |word: &str| {
            !word.is_empty()
                && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        };
        let is_region = region.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        let is_account = account.len() == 12 && account.chars().all(|c| c.is_ascii_digit());
        if !(is_word(region) && is_region && is_account && is_word(name)) {
            return Err(fault);
        }
        let suffix = if partition == "aws-cn" { ".cn" } else { "" };
        let host = format!("sns.{region}.amazonaws.com{suffix}");
        Ok(Self { arn: text.to_owned(), host })
    }

    /// The message, where all but its signature shows that it is this topic's, and recent.
    fn message(&self, request: &WebhookRequest<'_>) -> Result<Value, WebhookError> {
        let message = request.json()?;
        if !message.is_object() {
            return Err(WebhookError::OtherForm);
        }
        let sent = member(&message, "Timestamp").and_then(|at| DateTime::parse_from_rfc3339(at).ok());
        let is_fresh = sent.is_some_and(|at| request.is_fresh(&at.timestamp().to_string(), WINDOW));
        let is_ours = member(&message, "TopicArn") == Some(&self.arn);
        if is_ours && is_fresh { Ok(message) } else { Err(WebhookError::Unverified) }
    }

    /// A URL of Amazon SNS in the topic's region.
    fn url(&self, text: &str) -> Option<Url> {
        let url = Url::parse(text).ok()?;
        let is_amazons = url.scheme() == "https"
            && url.host_str() == Some(&self.host)
            && url.port().is_none()
            && url.username().is_empty()
            && url.password().is_none()
            && url.fragment().is_none();
        is_amazons.then_some(url)
    }

    fn certificate_url(&self, message: &Value) -> Option<Url> {
        // The second spelling is in messages to AWS Lambda.
        let text = member(message, "SigningCertURL").or_else(|| member(message, "SigningCertUrl"))?;
        let url = self.url(text).filter(|url| url.query().is_none())?;
        let name = url.path().strip_prefix(CERTIFICATE_PATH.0)?.strip_suffix(CERTIFICATE_PATH.1)?;
        let is_name = (1..=128).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric());
        is_name.then_some(url)
    }

    /// Whether the certificate's key has signed the message.
    fn is_signed(&self, message: &Value, certificate: &[u8], now: DateTime<Utc>) -> bool {
        let (Some((signature, algorithm)), Some(key)) =
            (signature(message), certificate::public_key(certificate, &self.names(), now))
        else {
            return false;
        };
        let Some(signed) = signed(message) else { return false };
        UnparsedPublicKey::new(algorithm, key).verify(signed.as_bytes(), &signature).is_ok()
    }

    /// The names that certificates of Amazon SNS have. AWS's own libraries know these: one for most regions,
    /// and regional ones in China, GovCloud and the regions that have to be enabled first.
    pub fn names(&self) -> Vec<String> {
        let regional = self.host.strip_prefix("sns.").unwrap_or_default();
        let mut names = vec![
            "sns.amazonaws.com".to_owned(),
            self.host.clone(),
            format!("sns-signing.{regional}"),
            format!("sns-{regional}"),
        ];
        if regional.starts_with("us-gov-") {
            names.push("sns-us-gov-west-1.amazonaws.com".to_owned());
        }
        names
    }

    /// The URL that confirms the subscription.
    fn subscribe_url(&self, message: &Value) -> Option<String> {
        let url = self.url(member(message, "SubscribeURL")?)?;
        let has = |name: &str, wanted: &str| {
            url.query_pairs().any(|(known, value)| known == name && value == wanted)
        };
        (has("Action", "ConfirmSubscription") && has("TopicArn", &self.arn)).then(|| url.into())
    }
}

impl WebhookVerifier for Topic {
    /// The signature is in the body; the topic is in a header, too.
    fn admits(&self, request: &WebhookRequest<'_>) -> bool {
        (request.header)(TOPIC).is_none_or(|arn| arn == self.arn)
    }

    fn document(&self, request: &WebhookRequest<'_>) -> Result<Option<String>, WebhookError> {
        let message = self.message(request)?;
        let url = self.certificate_url(&message).filter(|_| signature(&message).is_some());
        url.map(|url| Some(url.into())).ok_or(WebhookError::Unverified)
    }

    fn read(&self, request: &WebhookRequest<'_>) -> Result<Verified, WebhookError> {
        let message = self.message(request)?;
        let certificate = request.document.ok_or(WebhookError::Unverified)?;
        if !self.is_signed(&message, certificate, request.now) {
            return Err(WebhookError::Unverified);
        }
        match member(&message, "Type").unwrap_or_default() {
            "Notification" => Ok(events::read(request, &message).into()),
            "SubscriptionConfirmation" => {
                let url = self.subscribe_url(&message).ok_or(WebhookError::OtherForm)?;
                Ok(Verified { confirm: Some(url), ..Verified::default() })
            }
            // Opening its URL would subscribe anew, which may not be wanted.
            "UnsubscribeConfirmation" => {
                tracing::warn!(
                    topic = self.arn,
                    "the subscription of a webhook has ended: no more reports come from this topic"
                );
                Ok(Verified::default())
            }
            _ => Err(WebhookError::OtherForm),
        }
    }

    fn media_types(&self) -> &'static [&'static str] {
        &["text/plain", "application/json"]
    }
}

/// The signature, and how it was made.
fn signature(message: &Value) -> Option<(Vec<u8>, &'static RsaParameters)> {
    let algorithm = match member(message, "SignatureVersion")? {
        "1" => &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
        "2" => &RSA_PKCS1_2048_8192_SHA256,
        _ => return None,
    };
    Some((STANDARD.decode(member(message, "Signature")?).ok()?, algorithm))
}

/// What is signed: the names and values of members, a line each. A notification may have no subject.
fn signed(message: &Value) -> Option<String> {
    let members: &[&str] = match member(message, "Type")? {
        "Notification" => &OF_NOTIFICATION,
        "SubscriptionConfirmation" | "UnsubscribeConfirmation" => &OF_SUBSCRIPTION,
        _ => return None,
    };
    let mut signed = String::new();
    for name in members {
        match member(message, name) {
            Some(value) => signed.extend([name, "\n", value, "\n"]),
            None if *name == "Subject" => {}
            None => return None,
        }
    }
    Some(signed)
}

//! What Virtual Deliverability Manager knows of a letter:
//! <https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_GetMessageInsights.html>. An account can ask
//! once in a second.
//!
//! Its events have other names than the published ones, and the same facts.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::events;
use crate::{
    domain::letter_status::KnownStatus,
    mail::providers::{
        status::AskedLetter,
        webhook::{rfc3339, seconds, text},
    },
};

/// What the answer tells of the letter; `None` where it has another form.
pub(super) fn read(asked: &AskedLetter<'_>, answer: &Value) -> Option<KnownStatus> {
    let id = text(answer, "/MessageId")?;
    // One for each recipient; a letter has one.
    let insights = answer["Insights"].as_array().into_iter().flatten();
    let events: Vec<(&Value, &Value)> = insights
        .flat_map(|one| {
            one["Events"].as_array().into_iter().flatten().map(move |event| (&one["Destination"], event))
        })
        .collect();
    let sent = events.iter().filter(|(_, event)| text(event, "/Type") == Some("SEND"));
    let accepted = asked.accepted(id, sent.filter_map(|(_, event)| at(event)).min());
    let published = events.iter().filter_map(|(recipient, event)| as_published(id, recipient, event));
    let events = published.map(|event| events::of_event(&asked.request(), &event)).collect();
    Some(KnownStatus { accepted, events })
}

/// In seconds after 1970, as this protocol has times; or as a text.
fn at(event: &Value) -> Option<DateTime<Utc>> {
    seconds(event, "/Timestamp").or_else(|| rfc3339(event, "/Timestamp"))
}

/// An event in the form that is published; `None` for one that says nothing of the delivery. A letter that
/// was opened was delivered before.
fn as_published(id: &str, recipient: &Value, event: &Value) -> Option<Value> {
    let (bounce, complaint) = (&event["Details"]["Bounce"], &event["Details"]["Complaint"]);
    let time = at(event).map(|at| at.to_rfc3339_opts(SecondsFormat::Millis, true));
    let (kind, member, mut facts) = match text(event, "/Type")? {
        "DELIVERY" | "OPEN" | "CLICK" => ("Delivery", "delivery", json!({})),
        "DELIVERY_DELAY" => ("DeliveryDelay", "deliveryDelay", json!({})),
        "REJECT" => ("Reject", "reject", json!({})),
        "RENDERING_FAILURE" => ("Rendering Failure", "failure", json!({})),
        "BOUNCE" => {
            let kind = match text(bounce, "/BounceType") {
                Some("PERMANENT") => "Permanent",
                Some("TRANSIENT") => "Transient",
                _ => "Undetermined",
            };
            let recipients =
                json!([{ "emailAddress": recipient, "diagnosticCode": bounce["DiagnosticCode"] }]);
            let facts = json!({
                "bounceType": kind, "bounceSubType": bounce["BounceSubType"], "bouncedRecipients": recipients
            });
            ("Bounce", "bounce", facts)
        }
        "COMPLAINT" => {
            let facts = json!({
                "complaintSubType": complaint["ComplaintSubType"],
                "complaintFeedbackType": complaint["ComplaintFeedbackType"]
            });
            ("Complaint", "complaint", facts)
        }
        _ => return None,
    };
    facts["timestamp"] = time.into();
    Some(json!({ "eventType": kind, "mail": { "messageId": id }, member: facts }))
}

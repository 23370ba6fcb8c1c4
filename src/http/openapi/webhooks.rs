//! The events that partners' endpoints get, as the section `webhooks` of the contract. Their examples are
//! written by what writes the events themselves.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Array, Content, HttpMethod, ObjectBuilder, PathItem, Paths, Ref, RefOr, Required, Response,
        ResponseBuilder,
        example::ExampleBuilder,
        path::{OperationBuilder, Parameter, ParameterBuilder, ParameterIn},
        request_body::RequestBodyBuilder,
        schema::{Schema, Type},
        security::SecurityRequirement,
    },
};

use super::{errors::pascal, examples::Examples, sample_data};
use crate::domain::{
    actor::ActorRef,
    event::{Event, EventType},
    ids::{AccountId, EventId, InvitationId, UserId, WebhookEndpointId},
    invitation::InvitationKind,
    webhooks::{
        InvitationFacts, TEST_EVENT, WebhookEventType, invitation_payload, test_payload, user_payload,
    },
};
use crate::http::response::views::Timestamp;

/// The ids of an invitation, and of those that it is about.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what `invitation_payload` writes")]
pub struct InvitationEventData {
    /// The invitation.
    invitation_id: InvitationId,
    /// What the person is invited to become.
    kind: InvitationKind,
    /// The person invited.
    user_id: UserId,
    /// The account that it leads to; null for a system user.
    account_id: Option<AccountId>,
}

/// A member that `data` of some types has beside the ids.
struct Detail {
    name: &'static str,
    description: &'static str,
    kind: DetailKind,
    is_always_there: bool,
}

#[derive(Clone, Copy)]
enum DetailKind {
    Text,
    Count,
    Names,
}

const LETTER: Detail = Detail {
    name: "letter",
    description: "Which letter: `invitation` or `reminder`.",
    kind: DetailKind::Text,
    is_always_there: true,
};
const FAULT: Detail = Detail {
    name: "fault",
    description: "The cause, where it is known and is not the address: `mailbox`, `spam_filter`, `policy` …",
    kind: DetailKind::Text,
    is_always_there: false,
};
const STATUS_CODE: Detail = Detail {
    name: "status_code",
    description: "The enhanced status code (RFC 3463), where the mail server gave one.",
    kind: DetailKind::Text,
    is_always_there: false,
};
const SEND_COUNT: Detail = Detail {
    name: "send_count",
    description: "How often it was sent, this time included.",
    kind: DetailKind::Count,
    is_always_there: true,
};
const CHANGED: Detail = Detail {
    name: "changed",
    description: "The names of the members that were changed.",
    kind: DetailKind::Names,
    is_always_there: true,
};

impl Detail {
    fn schema(&self) -> RefOr<Schema> {
        let text = || ObjectBuilder::new().schema_type(Type::String);
        let description = Some(self.description);
        match self.kind {
            DetailKind::Text => text().description(description).into(),
            DetailKind::Count => {
                let count = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1));
                count.description(description).into()
            }
            DetailKind::Names => Array::builder().items(text()).description(description).into(),
        }
    }
}

/// The id of a user.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what `user_payload` writes")]
pub struct UserEventData {
    /// The user.
    user_id: UserId,
}

/// The id of the endpoint that is tried.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what `test_payload` writes")]
pub struct TestEventData {
    /// The endpoint.
    endpoint_id: WebhookEndpointId,
}

/// What the contract adds for one type of event.
struct Described {
    event_type: &'static str,
    summary: &'static str,
    /// The schema of `data`.
    data: (String, RefOr<Schema>),
    example: String,
}

/// The section. `schemas` and `examples` take up those of the events.
pub(super) fn section(schemas: &mut Vec<(String, RefOr<Schema>)>, examples: &mut Examples) -> Paths {
    let mut section = Paths::new();
    for event in WebhookEventType::ALL.map(described).into_iter().chain([test_event()]) {
        let name = format!("{}Event", pascal(&event.event_type.replace('.', "_")));
        schemas.push((name.clone(), schema(event.event_type, event.summary, &event.data.0)));
        schemas.push(event.data);
        let example: Value = serde_json::from_str(&event.example).unwrap_or_default();
        let example = ExampleBuilder::new().summary(event.summary).value(Some(example)).build();
        examples.insert(name.clone(), RefOr::T(example));
        let item = PathItem::new(HttpMethod::Post, operation(&name, event.summary));
        section.paths.insert(event.event_type.to_owned(), item);
    }
    section
}

fn described(event_type: WebhookEventType) -> Described {
    use WebhookEventType as T;
    let (summary, data, details) = match event_type {
        T::InvitationCreated => ("A person was invited", invitation("Invitation", &[]), json!({})),
        T::InvitationSent => {
            ("A letter was accepted for sending", invitation("Letter", &[LETTER]), json!({}))
        }
        T::InvitationDelivered => {
            ("The recipient's mail server accepted a letter", invitation("Letter", &[LETTER]), json!({}))
        }
        T::InvitationBounced => (
            "A letter came back, or was given up",
            invitation("Bounced", &[LETTER, FAULT, STATUS_CODE]),
            json!({ "status_code": "5.1.1" }),
        ),
        T::InvitationOpened => ("A link was opened", invitation("Invitation", &[]), json!({})),
        T::InvitationActivated => ("The person activated", invitation("Invitation", &[]), json!({})),
        T::InvitationExpired => {
            ("A link expired before it was used", invitation("Invitation", &[]), json!({}))
        }
        T::InvitationRevoked => ("The invitation was revoked", invitation("Invitation", &[]), json!({})),
        T::InvitationResent => {
            ("A new link was requested", invitation("Resent", &[SEND_COUNT]), json!({ "send_count": 2 }))
        }
        T::InvitationUpdated => (
            "The invitation was changed",
            invitation("Updated", &[CHANGED]),
            json!({ "changes": { "email": {}, "locale": {} } }),
        ),
        T::UserBlocked => ("A user was blocked", data::<UserEventData>(), json!({})),
        T::UserErased => ("A user was erased", data::<UserEventData>(), json!({})),
    };
    let example = match event_type {
        T::UserBlocked | T::UserErased => {
            user_payload(event_type, time(), sample_data::id(sample_data::DIRK))
        }
        _ => invitation_payload(event_type, time(), &facts(), Some(&entry(details))),
    };
    Described { event_type: event_type.as_str(), summary, data, example }
}

fn test_event() -> Described {
    Described {
        event_type: TEST_EVENT,
        summary: "An endpoint is tried",
        data: data::<TestEventData>(),
        example: test_payload(time(), sample_data::id(sample_data::ADA)),
    }
}

fn data<T: ToSchema>() -> (String, RefOr<Schema>) {
    (T::name().into_owned(), T::schema())
}

/// The ids of an invitation, and these details.
fn invitation(name: &str, details: &[Detail]) -> (String, RefOr<Schema>) {
    let mut schema = InvitationEventData::schema();
    if let RefOr::T(Schema::Object(data)) = &mut schema {
        for detail in details {
            data.properties.insert(detail.name.to_owned(), detail.schema());
            if detail.is_always_there {
                data.required.push(detail.name.to_owned());
            }
        }
    }
    (format!("{name}EventData"), schema)
}

fn time() -> DateTime<Utc> {
    sample_data::at(0).0
}

/// Dirk's invitation.
fn facts() -> InvitationFacts {
    InvitationFacts {
        id: sample_data::id(sample_data::FOR_DIRK),
        kind: InvitationKind::SubAccount,
        user_id: sample_data::id(sample_data::DIRK),
        account_id: Some(sample_data::id(sample_data::HOME)),
    }
}

/// An entry of its timeline. Only the details are read.
fn entry(details: Value) -> Event {
    let id: EventId = sample_data::id(sample_data::ADA);
    Event {
        id,
        invitation_id: facts().id,
        event_type: EventType::Created,
        at: time(),
        actor: ActorRef::system(),
        details,
    }
}

/// The body of an event, with one `type`, so that the types of a client's compiler are told apart by it.
fn schema(event_type: &str, summary: &str, data: &str) -> RefOr<Schema> {
    let kind = ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some("The type of the event."))
        .enum_values(Some([event_type]));
    let mut at = Ref::from_schema_name(Timestamp::name());
    "When it happened.".clone_into(&mut at.description);
    let mut about = Ref::from_schema_name(data);
    "What it is about: ids and words, and nothing personal.".clone_into(&mut about.description);
    ObjectBuilder::new()
        .description(Some(format!("{summary}.")))
        .property("type", kind)
        .required("type")
        .property("timestamp", at)
        .required("timestamp")
        .property("data", about)
        .required("data")
        .into()
}

fn operation(name: &str, summary: &str) -> OperationBuilder {
    let example = Ref::new(format!("#/components/examples/{name}"));
    let mut content = Content::new(Some(Ref::from_schema_name(name)));
    content.examples.insert(name.to_owned(), RefOr::Ref(example));
    let body = RequestBodyBuilder::new()
        .description(Some("The event."))
        .content("application/json", content)
        .required(Some(Required::True))
        .build();
    OperationBuilder::new()
        .tag("Webhooks")
        .operation_id(Some(format!("on{name}")))
        .summary(Some(summary))
        .description(Some(
            "Sent to the endpoints that take this type, as Standard Webhooks 1.0.0 has it: verify it with \
            the endpoint's secret before anything else, and answer within 20 seconds.",
        ))
        .parameters(Some(signature()))
        .request_body(Some(body))
        .response("2XX", response("The event was accepted."))
        .response("410", response("The endpoint is gone: it is disabled, and gets no more events."))
        .response("default", response("Anything else: the event is sent again, ten times within 76 hours."))
        .securities(Some(Vec::<SecurityRequirement>::new()))
}

fn response(description: &str) -> Response {
    ResponseBuilder::new().description(description).build()
}

/// The headers of Standard Webhooks.
fn signature() -> Vec<Parameter> {
    let header = |name: &str, description: &str, example: &str| {
        ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Header)
            .required(Required::True)
            .description(Some(description))
            .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
            .example(Some(json!(example)))
            .build()
    };
    vec![
        header(
            "webhook-id",
            "The id of the event, the same at each attempt.",
            "msg_01m86xvxh0f46bs8r42wfv2z13",
        ),
        header("webhook-timestamp", "The time of the attempt: seconds since 1970 (UTC).", "1795528980"),
        header(
            "webhook-signature",
            "One or more signatures, separated by blanks: `v1,` and HMAC-SHA-256 of \
            `{id}.{timestamp}.{body}` in Base64.",
            "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
        ),
    ]
}

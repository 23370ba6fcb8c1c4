//! One item of a batch: its kind, and with it the body of that kind's own route.

use std::borrow::Cow;

use serde_json::{Map, Value, value::RawValue};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Discriminator, ObjectBuilder, OneOfBuilder, Ref, RefOr,
        schema::{Schema, SchemaType, Type},
    },
};

use super::super::{
    account_owners::invite::InviteAccountOwner, sub_accounts::invite::InviteSubAccountUser,
    system_users::invite::InviteSystemUser,
};
use crate::http::extract::{
    body_limit::ORDINARY,
    members::{self, MemberError, Members},
    strict_json,
};
use crate::{
    domain::{
        closed_set::UnknownValue,
        email::Email,
        field_error::{Faults, FieldError},
        invitation::{DeliveryMethod, InvitationKind},
        locale::Locale,
    },
    services::invite::Invite,
};

/// The most faults that are reported of one item, each with its own path: a hundred of each of a thousand
/// items would be an answer of many megabytes to a short body. No kind has more members.
const MAX_FAULTS: usize = 10;

/// An item as it was read.
pub(super) enum Read {
    /// It can be sent.
    Invite(Invite),
    /// Its members are faulty: this item fails.
    Faulty(Faults),
    /// It is not JSON after all (half a surrogate, too many levels, too large a number): the batch fails.
    NotJson(serde_json::Error),
}

/// Reads an item. Its faults are reported together, with pointers into the item.
pub(super) fn read(text: &RawValue) -> Read {
    let faulty = |code, words: &str| Read::Faulty([FieldError::new("", code, words)].into());
    if text.get().len() > ORDINARY.bytes {
        return faulty("too_long", "An item has at most 64 KiB, as a request of its own has.");
    }
    match strict_json::parse(text.get().as_bytes()) {
        Ok((Value::Object(members), duplicates)) => match members::request::<Item>(members, duplicates) {
            Ok(item) => Read::Invite(item.0),
            Err(found) => Read::Faulty(found.first(MAX_FAULTS)),
        },
        Ok(_) => faulty("wrong_type", "An item is a JSON object."),
        Err(error) => Read::NotJson(error),
    }
}

/// What is wrong with these members as an item.
pub fn faults(members: Map<String, Value>) -> Vec<FieldError> {
    members::request::<Item>(members, Faults::default()).err().unwrap_or_default().into_reported()
}

struct Item(Invite);

impl members::Request for Item {
    fn read(members: &mut Members) -> Option<Self> {
        members.optional("delivery", by_letter);
        let invite = match members.required("kind", members::parsed("unknown_value", kind)) {
            Some(InvitationKind::SystemUser) => InviteSystemUser::read(members).map(Invite::from),
            Some(InvitationKind::AccountOwner) => InviteAccountOwner::read(members).map(Invite::from),
            Some(InvitationKind::SubAccount) => InviteSubAccountUser::read(members).map(Invite::from),
            None => {
                // The members that every kind has can be validated; whether the others belong here is
                // unknown.
                members.required("email", members::parsed("invalid_email", Email::parse));
                members.optional("locale", members::parsed("unknown_locale", Locale::parse));
                members.ignore_rest();
                None
            }
        };
        invite.map(Self)
    }
}

/// Items are sent by letter: the answer to a batch is stored for its retries, and a link is never stored.
fn by_letter(value: Value) -> Result<(), MemberError> {
    const ALWAYS: &str = "The items of a batch are always e-mailed";
    match members::text(value)?.as_str() {
        "email" => Ok(()),
        "link" => Err(MemberError(
            "not_applicable",
            format!("{ALWAYS}. The route of its own kind can return the link."),
        )),
        _ => Err(MemberError("unknown_value", format!("{ALWAYS}: this is \"email\", or left out."))),
    }
}

/// The kind of that name.
///
/// # Errors
/// [`UnknownValue`].
pub(super) fn kind(name: &str) -> Result<InvitationKind, UnknownValue> {
    name.parse()
}

/// An item of any kind, for the contract.
pub struct AnyItem;

macro_rules! items {
    ($($(#[$doc:meta])* $item:ident, $name:literal, $body:ty, $kind:expr;)+) => {
        $(
            $(#[$doc])*
            pub struct $item;

            impl PartialSchema for $item {
                fn schema() -> RefOr<Schema> {
                    of_kind(<$body>::schema(), $kind)
                }
            }

            impl ToSchema for $item {
                fn name() -> Cow<'static, str> {
                    Cow::Borrowed($name)
                }

                fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
                    <$body>::schemas(schemas);
                }
            }
        )+

        impl PartialSchema for AnyItem {
            fn schema() -> RefOr<Schema> {
                let place = |name| Ref::from_schema_name(name);
                let mapping = [$(($kind.as_str(), place($name).ref_location)),+];
                OneOfBuilder::new()
                    $(.item(place($name)))+
                    .discriminator(Some(Discriminator::with_mapping("kind", mapping)))
                    .description(Some("An invite: its kind, and the members of that kind's own route."))
                    .into()
            }
        }

        impl ToSchema for AnyItem {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed("InviteItem")
            }

            fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
                $(
                    schemas.push(($name.to_owned(), $item::schema()));
                    $item::schemas(schemas);
                )+
            }
        }
    };
}

items! {
    /// A colleague.
    SystemUserItem, "InviteSystemUserItem", InviteSystemUser, InvitationKind::SystemUser;
    /// The owner of an account.
    AccountOwnerItem, "InviteAccountOwnerItem", InviteAccountOwner, InvitationKind::AccountOwner;
    /// A user of a sub-account.
    SubAccountItem, "InviteSubAccountItem", InviteSubAccountUser, InvitationKind::SubAccount;
}

/// The same body, with its kind said in it.
fn of_kind(body: RefOr<Schema>, kind: InvitationKind) -> RefOr<Schema> {
    let RefOr::T(Schema::Object(mut body)) = body else { return body };
    let word = ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some("Which kind of invite this is."))
        .enum_values(Some([kind.as_str()]));
    body.properties.insert("kind".to_owned(), word.into());
    let letter = ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
        .description(Some("The items of a batch are always e-mailed: this may as well be left out."))
        .enum_values(Some([Value::from(DeliveryMethod::Email.as_str()), Value::Null]));
    body.properties.insert("delivery".to_owned(), letter.into());
    body.required.insert(0, "kind".to_owned());
    RefOr::T(Schema::Object(body))
}

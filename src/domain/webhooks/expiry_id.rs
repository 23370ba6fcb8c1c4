//! The ids of expiries, of which no timeline has an entry.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::domain::ids::{InvitationId, WebhookEventId};

/// The bits of a UUIDv7 that are neither its time nor its version and variant (RFC 9562 §5.7).
const RANDOM_BITS: u128 = 0x0FFF_3FFF_FFFF_FFFF_FFFF;

/// The id of the event that the link of an invitation expired at this time. It is the same for all processes,
/// so that the event is written once. It begins with that time, as all ids begin with theirs, and has the
/// random bits of the invitation's id.
#[must_use]
pub fn expiry_id(invitation: InvitationId, expired_at: DateTime<Utc>) -> WebhookEventId {
    let time = WebhookEventId::earliest_at(expired_at).uuid().as_u128();
    WebhookEventId::from_uuid(Uuid::from_u128(time | (invitation.uuid().as_u128() & RANDOM_BITS)))
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn an_id_stands_for_one_expiry_and_sorts_by_its_time() {
        let at = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        let invitation = |random: u128| {
            let rest = 0x8000_0000_0000_0000 + random;
            InvitationId::from_uuid(Uuid::from_u128((0x0190_0000_0000_7000 << 64) + rest))
        };
        let id = expiry_id(invitation(1), at);
        assert_eq!(id, expiry_id(invitation(1), at));
        assert_ne!(id, expiry_id(invitation(2), at));
        assert_ne!(id, expiry_id(invitation(1), at + TimeDelta::milliseconds(1)));
        assert_eq!(id.uuid().get_version_num(), 7);
        let bounds = [at, at + TimeDelta::milliseconds(1)].map(WebhookEventId::earliest_at);
        assert!(bounds[0] <= id && id < bounds[1]);
    }
}

//! Cursors: the position in a list, bound to the filters of the request.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use super::ServiceError;
use crate::domain::{
    ids::{Id, Named},
    list_order::Position,
};

const FILTERS: usize = 8;
const CHECK: usize = 4;
/// Separates the id from the value that the list is sorted by. Ids have no line feed.
const KEY: u8 = b'\n';

/// The cursor after `last`, in the order of creation. `filters` is any text that differs when the filters do.
#[must_use]
pub fn encode<K: Named>(last: Id<K>, filters: &str) -> String {
    encode_position(&Position { id: last, key: None }, filters)
}

/// The cursor after a position.
#[must_use]
pub fn encode_position<K: Named>(last: &Position<Id<K>>, filters: &str) -> String {
    let mut bytes = digest::<FILTERS>(filters.as_bytes()).to_vec();
    bytes.extend(last.id.as_str().as_bytes());
    if let Some(key) = &last.key {
        bytes.push(KEY);
        bytes.extend(key.as_bytes());
    }
    bytes.extend(digest::<CHECK>(&bytes));
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Checks that this service made it, for any list and filters.
///
/// # Errors
/// [`ServiceError::DamagedCursor`] when it did not.
pub fn genuine(cursor: &str) -> Result<(), ServiceError> {
    undamaged(cursor).map(drop)
}

fn undamaged(cursor: &str) -> Result<Vec<u8>, ServiceError> {
    let mut bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| ServiceError::DamagedCursor)?;
    let split = bytes.len().checked_sub(CHECK).ok_or(ServiceError::DamagedCursor)?;
    let check = bytes.split_off(split);
    if digest::<CHECK>(&bytes) == *check { Ok(bytes) } else { Err(ServiceError::DamagedCursor) }
}

/// The id after which the list continues.
///
/// # Errors
/// [`ServiceError::DamagedCursor`] when this service did not make it, [`ServiceError::CursorMismatch`] when
/// the filters differ.
pub fn decode<K: Named>(cursor: &str, filters: &str) -> Result<Id<K>, ServiceError> {
    decode_position(cursor, filters, |key| key.is_none()).map(|position| position.id)
}

/// The position after which the list continues; `takes` says which values the order of the list has.
///
/// # Errors
/// As [`decode`].
pub fn decode_position<K: Named>(
    cursor: &str,
    filters: &str,
    takes: impl FnOnce(Option<&str>) -> bool,
) -> Result<Position<Id<K>>, ServiceError> {
    let body = undamaged(cursor)?;
    let (bound, position) = body.split_at_checked(FILTERS).ok_or(ServiceError::DamagedCursor)?;
    if digest::<FILTERS>(filters.as_bytes()) != bound {
        return Err(ServiceError::CursorMismatch);
    }
    let text = std::str::from_utf8(position).map_err(|_| ServiceError::DamagedCursor)?;
    let (id, key) = match text.split_once(char::from(KEY)) {
        Some((id, key)) => (id, Some(key.to_owned())),
        None => (text, None),
    };
    // The check finds damage only: anybody can compute it.
    if !takes(key.as_deref()) {
        return Err(ServiceError::DamagedCursor);
    }
    Ok(Position { id: id.parse().map_err(|_| ServiceError::DamagedCursor)?, key })
}

fn digest<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut short = [0; N];
    short.iter_mut().zip(Sha256::digest(bytes)).for_each(|(short, byte)| *short = byte);
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{InvitationId, UserId};

    #[test]
    fn goes_on_with_the_same_filters_only_and_notices_damage() {
        let id = UserId::from_uuid(uuid::Uuid::from_u128(5));
        let cursor = encode(id, "status=active");
        assert_eq!(decode::<crate::domain::ids::UserKind>(&cursor, "status=active").unwrap(), id);
        assert!(matches!(
            decode::<crate::domain::ids::UserKind>(&cursor, ""),
            Err(ServiceError::CursorMismatch)
        ));
        for damaged in ["", "x", "!!", &cursor[1..], &cursor[..cursor.len() - 2]] {
            let read: Result<InvitationId, _> = decode(damaged, "status=active");
            assert!(matches!(read, Err(ServiceError::DamagedCursor)), "{damaged}");
        }
    }
}

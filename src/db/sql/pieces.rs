//! Known ids, in pieces in the order of a list: a page is mostly found in the first piece, and the rows of
//! all others are not read.

use super::page::Direction;
use crate::db::error::DbFault;

/// So many ids are read for each row of the page at first. Each further piece is so many times as large.
const FIRST: usize = 2;
const GROWTH: usize = 4;
/// A first piece is no smaller.
const SMALLEST: usize = 100;

/// The first `limit` rows that `read` finds for a list by creation: of `few`, the ids among which all rows of
/// the list are, piece by piece; or of the whole table at once, where those are many (`None`). `read` gets
/// the ids of a piece, and how many rows are missing.
///
/// # Errors
/// Those of `read`.
pub(in crate::db) fn read_page<R>(
    few: Option<Vec<String>>,
    direction: Direction,
    after: Option<String>,
    limit: i64,
    mut read: impl FnMut(Option<Vec<String>>, i64) -> Result<Vec<R>, DbFault>,
) -> Result<Vec<R>, DbFault> {
    match few {
        Some(few) => {
            Pieces::of(few, direction, after).read(limit, |piece, missing| read(Some(piece), missing))
        }
        None => read(None, limit),
    }
}

/// The ids of rows, in the order of a list by creation.
struct Pieces(Vec<String>);

impl Pieces {
    /// Those of the ids that follow `after`.
    fn of(mut ids: Vec<String>, direction: Direction, after: Option<String>) -> Self {
        let is_descending = direction == Direction::Descending;
        if let Some(after) = after {
            ids.retain(|id| if is_descending { *id < after } else { *id > after });
        }
        ids.sort_unstable();
        ids.dedup();
        if is_descending {
            ids.reverse();
        }
        Self(ids)
    }

    /// The first `limit` rows that `read` finds: of the ids in a piece, and no more than so many.
    fn read<R>(
        self,
        limit: i64,
        mut read: impl FnMut(Vec<String>, i64) -> Result<Vec<R>, DbFault>,
    ) -> Result<Vec<R>, DbFault> {
        let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut size = wanted.saturating_mul(FIRST).max(SMALLEST);
        let (mut rows, mut ids) = (Vec::new(), self.0.into_iter());
        while ids.len() > 0 && rows.len() < wanted {
            let piece = ids.by_ref().take(size).collect();
            let missing = i64::try_from(wanted - rows.len()).unwrap_or(i64::MAX);
            rows.extend(read(piece, missing)?);
            size = size.saturating_mul(GROWTH);
        }
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(numbers: impl Iterator<Item = u32>) -> Vec<String> {
        numbers.map(|number| format!("{number:04}")).collect()
    }

    #[test]
    fn a_page_ends_the_reading_and_follows_the_position() {
        let pieces = Pieces::of(ids((0..1000).chain(0..5)), Direction::Descending, Some("0900".to_owned()));
        let mut sizes = Vec::new();
        let rows = pieces.read(3, |piece, limit| {
            sizes.push(piece.len());
            let odd = piece.into_iter().filter(|id| id.ends_with('1'));
            Ok(odd.take(usize::try_from(limit).unwrap()).collect())
        });
        assert_eq!((rows.unwrap(), sizes), (["0891", "0881", "0871"].map(String::from).to_vec(), vec![100]));
    }

    #[test]
    fn further_pieces_are_read_for_what_is_missing() {
        let pieces = Pieces::of(ids(0..1000), Direction::Ascending, None);
        let mut asked = Vec::new();
        let rows = pieces.read(2, |piece, limit| {
            asked.push((piece.len(), limit));
            Ok(piece.into_iter().filter(|id| id == "0050" || id == "0999").collect())
        });
        assert_eq!(
            (rows.unwrap(), asked),
            (vec!["0050".to_owned(), "0999".to_owned()], vec![(100, 2), (400, 1), (500, 1)])
        );
    }
    #[test]
    fn a_list_of_many_rows_is_read_at_once() {
        let mut asked = Vec::new();
        let rows = read_page(None, Direction::Descending, Some("0900".to_owned()), 3, |piece, limit| {
            asked.push((piece, limit));
            Ok(vec!["0899"])
        });
        assert_eq!((rows.unwrap(), asked), (vec!["0899"], vec![(None, 3)]));
    }
}

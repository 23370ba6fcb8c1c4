//! SPF (RFC 7208): the record of a domain, all that it includes, and what it says of an address.

mod evaluate;
mod record;

pub(super) use self::{
    evaluate::{Judgement, SpfTree},
    record::{Qualifier, is_spf},
};

//! Enhanced status codes (RFC 3463), and what each says: whose fault a refusal is, whether it lasts, and what
//! staff can do.
//!
//! One table judges the replies of relays, the reports in returned mail, and the reasons that providers pass
//! on, so that they agree.

mod blame;
mod status_code;
mod table;
#[cfg(test)]
mod tests;
mod words;

#[cfg(test)]
pub(crate) use self::table::samples;
pub use self::{
    blame::{Blame, Judgement},
    status_code::{NotAStatusCode, StatusCode},
    table::judge,
    words::code_of_words,
};

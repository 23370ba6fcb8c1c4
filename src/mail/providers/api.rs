//! How letters are sent through a provider: its HTTP interface with the account's credentials.

use reqwest::Request;

use super::{
    request::Post,
    response::{Answer, Verdict},
};
use crate::{
    domain::letter::Letter,
    mail::{MessageBuilder, Rendered, fault::Secrets},
};

/// The sending API of a provider, with the account's credentials. Its functions are pure.
pub(in crate::mail) trait ProviderApi: Send + Sync {
    /// The part of the account that may be shown beside the provider's name.
    fn account(&self) -> Option<&str> {
        None
    }

    /// The request that sends a letter, without credentials.
    fn request(&self, letter: &Letter, builder: &MessageBuilder, content: Rendered) -> Post;

    /// Adds what proves who asks: mostly a header with a key. It sees the whole request (method, URL,
    /// headers, body), so that a signature can cover all of it.
    fn sign(&self, request: &mut Request);

    /// What the answer means for the letter. A success must name the letter to count.
    fn verdict(&self, answer: &Answer) -> Verdict;

    /// What must not be repeated in logs and timelines.
    fn secrets(&self) -> Secrets;
}

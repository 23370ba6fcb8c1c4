//! How letters are sent through a provider: its HTTP interface with the account's credentials.

use reqwest::Request;

use super::{
    request::{Get, Post},
    response::{Answer, Verdict},
    status::{AskedLetter, StatusStep},
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

    /// The address of the API, without a slash at its end, where it follows from the account.
    fn base(&self) -> Option<String> {
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

    /// The first request that asks what became of a letter: by its message id, or where the provider did not
    /// answer with one, by this service's id. `None` where the provider has no such interface, or cannot be
    /// searched by what is known.
    fn status_request(&self, _asked: &AskedLetter<'_>) -> Option<Get> {
        None
    }

    /// What a successful answer tells of the letter, or the request that must be answered, too. `None` for an
    /// answer that has not the documented form.
    fn status(&self, _asked: &AskedLetter<'_>, _answer: &Answer) -> Option<StatusStep> {
        None
    }

    /// What the account and the key need for such questions, as a sentence that follows on a refusal; empty
    /// where nothing special is needed.
    fn status_needs(&self) -> &'static str {
        ""
    }

    /// Whether a refusal of such a question says that it came too often, where the HTTP status does not.
    fn is_throttled(&self, _answer: &Answer) -> bool {
        false
    }
}

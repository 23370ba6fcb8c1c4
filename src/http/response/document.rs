//! Documents that are part of the program: the contract, and the files of its browser.

use std::sync::OnceLock;

use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, http::header::VARY, web::Bytes};
use flate2::Compression;

use super::{
    compression::{ACCEPTED_ENCODING, accepts_gzip, gzip},
    digest::digest,
    representation::{tagged, tagged_gzip},
};

/// A document that does not change while the process runs. It is compressed once, when it is first asked for.
pub struct Document {
    text: Bytes,
    tag: String,
    gzip: OnceLock<Bytes>,
}

impl Document {
    /// The document with this text.
    pub fn new(text: Bytes) -> Self {
        Self { tag: digest(&text), text, gzip: OnceLock::new() }
    }

    /// The answer; `response` has its type and the other headers.
    pub fn answer(&self, request: &HttpRequest, mut response: HttpResponseBuilder) -> HttpResponse {
        response.insert_header((VARY, ACCEPTED_ENCODING));
        if !accepts_gzip(request) {
            return tagged(request, response, &self.tag, || self.text.clone());
        }
        let compressed = || self.gzip.get_or_init(|| gzip(&self.text, Compression::best())).clone();
        tagged_gzip(request, response, &self.tag, compressed)
    }

    /// Its tag, without quotation marks.
    pub fn tag(&self) -> &str {
        &self.tag
    }
}

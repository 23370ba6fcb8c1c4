//! `/docs/`: the files of Swagger UI, which are part of the program.

use std::{borrow::Cow, sync::Arc};

use actix_web::{
    HttpResponse, Resource, guard,
    http::header::{CONTENT_ENCODING, ContentEncoding},
    web::{self, Bytes},
};
use utoipa_swagger_ui::Config;

use crate::http::response::problem::{Problem, not_found};

/// Serves them below `/docs/`. The library's own route copies a file for each answer, and a megabyte would
/// wait with each client that takes none of it; here all answers share one.
pub fn files() -> Resource {
    let config = Config::from("/openapi.json")
        .display_request_duration(true)
        .try_it_out_enabled(true)
        // A token that was pasted is gone with the page: nothing of it stays in the browser's storage.
        .persist_authorization(false)
        // The badge would send the address of this document to a host on the internet.
        .validator_url("none");
    let config = Arc::new(config);
    let file = move |path: web::Path<String>| std::future::ready(file(&path, config.clone()));
    web::resource("/docs/{_:.*}").guard(guard::Get()).to(file)
}

fn file(path: &str, config: Arc<Config<'static>>) -> Result<HttpResponse, Problem> {
    let file = utoipa_swagger_ui::serve(path, config).ok().flatten().ok_or_else(not_found)?;
    let mut response = HttpResponse::Ok();
    if file.gzpipped {
        response.insert_header((CONTENT_ENCODING, ContentEncoding::Gzip));
    }
    let bytes = match file.bytes {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => bytes.into(),
    };
    Ok(response.content_type(file.content_type).body(bytes))
}

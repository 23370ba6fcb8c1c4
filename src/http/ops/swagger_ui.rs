//! `/docs/`: the files of Swagger UI, which are part of the program.

use std::{
    io::Read,
    sync::{Arc, LazyLock},
};

use actix_web::{
    HttpRequest, HttpResponse, Resource, guard,
    http::header::CACHE_CONTROL,
    web::{self, Bytes},
};
use flate2::read::GzDecoder;
use utoipa_swagger_ui::Config;

use crate::http::response::{
    document::Document,
    problem::{Problem, not_found},
};

/// The page, which names the other files.
const INDEX: &str = "index.html";
/// What it loads.
const PARTS: [&str; 7] = [
    "swagger-ui.css",
    "index.css",
    "swagger-ui-bundle.js",
    "swagger-ui-standalone-preset.js",
    "swagger-initializer.js",
    "favicon-32x32.png",
    "favicon-16x16.png",
];

/// A file of the browser.
struct DocsFile {
    name: &'static str,
    content_type: String,
    content: Document,
}

/// The page and what it loads. The library has more files, which nothing asks for.
static FILES: LazyLock<Vec<DocsFile>> = LazyLock::new(|| {
    let mut files: Vec<DocsFile> = PARTS.into_iter().filter_map(|name| read(name, |text| text)).collect();
    files.extend(read(INDEX, |page| with_tags(&page, &files)));
    files
});

static CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| {
    // Relative to the page, so that it is found below any base path.
    let config = Config::from("../openapi.json")
        .display_request_duration(true)
        .try_it_out_enabled(true)
        // A token that was pasted is gone with the page: nothing of it stays in the browser's storage.
        .persist_authorization(false)
        // The badge would send the address of this document to a host on the internet.
        .validator_url("none");
    Arc::new(config)
});

/// Serves them below `/docs/`. The library's own route copies a file for each answer, and a megabyte would
/// wait with each client that takes none of it; here all answers share one.
pub fn files() -> Resource {
    let file = |path: web::Path<String>, request: HttpRequest| std::future::ready(file(&path, &request));
    web::resource("/docs/{_:.*}").guard(guard::Get()).to(file)
}

/// A file of the library. Its feature `gzip` makes the program 3 MB smaller; they are expanded once, when the
/// first of them is asked for.
fn read(name: &'static str, edit: impl FnOnce(Bytes) -> Bytes) -> Option<DocsFile> {
    let file = utoipa_swagger_ui::serve(name, CONFIG.clone()).ok().flatten()?;
    let text = if file.gzpipped { expanded(&file.bytes)? } else { file.bytes.into_owned().into() };
    Some(DocsFile { name, content_type: file.content_type, content: Document::new(edit(text)) })
}

fn expanded(compressed: &[u8]) -> Option<Bytes> {
    let mut text = Vec::new();
    GzDecoder::new(compressed).read_to_end(&mut text).ok()?;
    Some(text.into())
}

fn file(path: &str, request: &HttpRequest) -> Result<HttpResponse, Problem> {
    let path = if path.is_empty() { INDEX } else { path };
    let file = FILES.iter().find(|file| file.name == path).ok_or_else(not_found)?;
    // A URL with the tag never changes its content.
    let is_tagged = request.query_string() == format!("v={}", file.content.tag());
    let caching = if is_tagged { "public, max-age=31536000, immutable" } else { "no-cache" };
    let mut response = HttpResponse::Ok();
    response.content_type(file.content_type.as_str()).insert_header((CACHE_CONTROL, caching));
    Ok(file.content.answer(request, response))
}

/// The page with the tags in the URLs of what it loads.
fn with_tags(page: &[u8], parts: &[DocsFile]) -> Bytes {
    let page = String::from_utf8_lossy(page).into_owned();
    let tagged = parts.iter().fold(page, |page, DocsFile { name, content, .. }| {
        page.replace(&format!("{name}\""), &format!("{name}?v={}\"", content.tag()))
    });
    tagged.into()
}

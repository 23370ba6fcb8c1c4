#!/usr/bin/env bash
# mime 0.3.17 and actix-web 4.18.1: a `Content-Type` with a blank before the `;` of a parameter, which RFC
# 9110 §5.6.6 allows, cannot be parsed, so that `Json` and `Form` refuse a body that they take without that
# blank. The blank behind the `;` is taken.
# Here http/extract/media_type.rs reads the header itself.
# Seen:
#   application/json; charset=utf-8                       200
#   application/json ; charset=utf-8                      400
#   application/x-www-form-urlencoded; charset=utf-8      200
#   application/x-www-form-urlencoded ; charset=utf-8     415
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
cat > Cargo.toml <<'TOML'
[package]
name = "blank-before-semicolon"
version = "0.0.0"
edition = "2024"
[dependencies]
actix-web = { version = "=4.18.1", default-features = false, features = ["macros"] }
mime = "=0.3.17"
serde = { version = "1", features = ["derive"] }
TOML
mkdir src
cat > src/main.rs <<'RUST'
use actix_web::{
    App, HttpResponse,
    test::{TestRequest, call_service, init_service},
    web::{self, Form, Json},
};

#[derive(serde::Deserialize)]
struct Body {
    name: String,
}

async fn json(body: Json<Body>) -> HttpResponse {
    HttpResponse::Ok().body(body.into_inner().name)
}

async fn form(body: Form<Body>) -> HttpResponse {
    HttpResponse::Ok().body(body.into_inner().name)
}

/// The status of the answer to a body of that type.
async fn status(kind: &str) -> u16 {
    let app = App::new().route("/json", web::post().to(json)).route("/form", web::post().to(form));
    let app = init_service(app).await;
    let (path, body) = match kind.contains("json") {
        true => ("/json", r#"{"name": "Ada"}"#),
        false => ("/form", "name=Ada"),
    };
    let request = TestRequest::post().uri(path).insert_header(("content-type", kind)).set_payload(body);
    call_service(&app, request.to_request()).await.status().as_u16()
}

#[actix_web::main]
async fn main() {
    for (kind, refused) in [("application/json", 400), ("application/x-www-form-urlencoded", 415)] {
        let (usual, blank) = (format!("{kind}; charset=utf-8"), format!("{kind} ; charset=utf-8"));
        assert!(usual.parse::<mime::Mime>().is_ok());
        assert!(blank.parse::<mime::Mime>().is_err(), "the behaviour has changed: mime parses {blank}");
        assert_eq!(status(&usual).await, 200);
        assert_eq!(status(&blank).await, refused, "the behaviour has changed: {blank}");
    }
    println!("a blank before the ; of Content-Type, and actix refuses the body");
}
RUST
cargo run --quiet

//! What the benchmarks need of this crate and cannot get from the program: yardsticks to measure beside, and live links.
//!
//! ```text
//! yardstick constant PORT BYTES   serves constant JSON of that size: what HTTP alone costs
//! yardstick argon2 SECONDS        prints the median time of one password hash, in microseconds
//! yardstick links                 turns invitations' ids, a line each, into their first links' tokens (reads SECRET_KEY)
//! ```

use std::{
    env,
    error::Error,
    io::{self, BufRead, Write},
    time::{Duration, Instant},
};

use actix_web::{App, HttpResponse, HttpServer, web};
use invitation_service::{
    domain::{
        password::Password,
        token::{LinkClaim, LinkKeys},
    },
    services::hasher::Hasher,
};

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["constant", port, bytes] => constant(port.parse()?, bytes.parse()?).await,
        ["argon2", seconds] => argon2(Duration::from_secs_f64(seconds.parse()?)).await,
        ["links"] => links(),
        _ => Err("usage: yardstick constant PORT BYTES | argon2 SECONDS | links".into()),
    }
}

async fn constant(port: u16, bytes: usize) -> Result<(), Box<dyn Error>> {
    let body = web::Bytes::from(format!("{{\"text\":\"{}\"}}", "x".repeat(bytes.saturating_sub(11))));
    let app = move || {
        let body = body.clone();
        // With the request's body read, as the service does.
        let answer = move |_: web::Bytes| {
            let answer = HttpResponse::Ok().content_type("application/json").body(body.clone());
            async { answer }
        };
        App::new().default_service(web::to(answer))
    };
    Ok(HttpServer::new(app).bind(("127.0.0.1", port))?.run().await?)
}

/// One hash at a time, as the service makes them: the same parameters, by the same code.
async fn argon2(time: Duration) -> Result<(), Box<dyn Error>> {
    let (hasher, mut times) = (Hasher::new(), Vec::new());
    let end = Instant::now() + time;
    while times.is_empty() || Instant::now() < end {
        let place = hasher.place().await.map_err(|_| "no place at the hasher")?;
        let began = Instant::now();
        hasher.hash(place, Password::new("seven green bicycles sing")).await.map_err(|_| "no hash")?;
        times.push(began.elapsed());
    }
    times.sort();
    println!("{}", times[times.len() / 2].as_micros());
    Ok(())
}

fn links() -> Result<(), Box<dyn Error>> {
    let keys = LinkKeys::derive(&env::var("SECRET_KEY")?.into(), None);
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let claim = LinkClaim { invitation: line?.parse()?, generation: 1 };
        writeln!(out, "{}", keys.sign(claim).expose())?;
    }
    Ok(())
}

//! What the benchmarks need of this crate and cannot get from the program: yardsticks to measure beside, and
//! live links.
//!
//! ```text
//! yardstick constant PORT BYTES   serves constant JSON of that size: what HTTP alone costs
//! yardstick argon2 SECONDS HASHES prints the time a password hash takes, in microseconds: the whole time by
//!                                 the number of hashes, of which HASHES are made at once
//! yardstick links                 turns invitations' ids, a line each, into their first links' tokens (reads
//!                                 SECRET_KEY)
//! yardstick returned-mail         reads the names of files with returned mail, a line each, and prints what
//!                                 each is read as (tests/bounces)
//! yardstick returned-mail-rate SECONDS    prints how many returned messages are read in a second, and the
//!                                         highest resident memory in megabytes
//! yardstick digest-rate SECONDS           prints how many of the same messages are hashed in a second
//! ```

#[path = "yardstick/returned_mail.rs"]
mod returned_mail;

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
    services::password_hasher::Hasher,
};

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["constant", port, bytes] => constant(port.parse()?, bytes.parse()?).await,
        ["argon2", seconds, hashes] => {
            argon2(Duration::from_secs_f64(seconds.parse()?), hashes.parse()?).await
        }
        ["links"] => links(),
        ["returned-mail"] => returned_mail::verdicts(),
        ["returned-mail-rate", seconds] => returned_mail::rate(seconds.parse()?),
        ["digest-rate", seconds] => {
            returned_mail::digest_rate(seconds.parse()?);
            Ok(())
        }
        _ => Err("usage: yardstick constant PORT BYTES | argon2 SECONDS HASHES | links | returned-mail | \
            returned-mail-rate SECONDS | digest-rate SECONDS"
            .into()),
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

/// The same parameters as the service's, by the same code. The mean, so that work beside it weighs on this
/// side of the ratio as on the other.
async fn argon2(time: Duration, at_once: usize) -> Result<(), Box<dyn Error>> {
    let (hasher, began) = (Hasher::new(), Instant::now());
    let one_after_another = || async {
        let mut made = 0;
        while made == 0 || began.elapsed() < time {
            let place = hasher.place().await.map_err(|_| "no place at the hasher")?;
            hasher.hash(place, Password::new("seven green bicycles sing")).await.map_err(|_| "no hash")?;
            made += 1;
        }
        Ok::<u128, &str>(made)
    };
    let made = futures_util::future::try_join_all((0..at_once).map(|_| one_after_another())).await?;
    println!("{}", began.elapsed().as_micros() / made.iter().sum::<u128>());
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

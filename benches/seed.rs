//! Fills a database with people, as a service has them that has run for two years, to measure and to try it
//! at size: `make seed`. It migrates the database first.
//!
//! | variable | |
//! |---|---|
//! | `DATABASE_URL` | the database, as the service takes it |
//! | `USERS` | how many people, 1,000,000 unless given |
//! | `SEED` | another number gives other people, 1 unless given |
//! | `FORCE=1` | adds them to the people who are there, instead of refusing with exit code 65 |

#[path = "seed/connect.rs"]
mod connect;
#[path = "seed/population.rs"]
mod population;
#[path = "seed/report.rs"]
mod report;

use std::{
    env,
    process::ExitCode,
    time::{Duration, Instant},
};

use invitation_service::{
    clock::Clock,
    db::{AnyConnection, DatabaseUrl, Db},
};

use self::population::Population;

/// What ends the program early, with its exit code of sysexits.h.
struct Fault(u8, String);

/// `EX_USAGE`: a variable is missing or wrong.
const USAGE: u8 = 64;
/// `EX_DATAERR`: the database has people.
const OCCUPIED: u8 = 65;
/// Any other failure.
const FAILED: u8 = 1;

impl<E: std::error::Error> From<E> for Fault {
    fn from(error: E) -> Self {
        Self(FAILED, error.to_string())
    }
}

fn main() -> ExitCode {
    match seed() {
        Ok(()) => ExitCode::SUCCESS,
        Err(Fault(code, text)) => {
            eprintln!("seed: {text}");
            ExitCode::from(code)
        }
    }
}

fn seed() -> Result<(), Fault> {
    let url = env::var("DATABASE_URL").map_err(|_| Fault(USAGE, "DATABASE_URL is not set".to_owned()))?;
    let users = number("USERS", 1_000_000)?;
    let seed = number("SEED", 1)?;
    let address = DatabaseUrl::parse(&url).map_err(|error| Fault(USAGE, format!("DATABASE_URL: {error}")))?;
    // Held to the end: the service must not use a SQLite file meanwhile.
    let db = Db::open(&address)?;
    tokio::runtime::Runtime::new()?.block_on(db.migrate())?;
    let mut connection = connect::open(&url)?;
    if connect::has_people(&mut connection)? && env::var("FORCE").as_deref() != Ok("1") {
        let text = format!("{} has people already; FORCE=1 adds to them", address.describe());
        return Err(Fault(OCCUPIED, text));
    }
    let population = Population::new(seed.into(), users, Clock::system().now());
    let Filled { rows, took: times } = fill(population, &mut connection, users)?;
    report::print(&rows, times);
    Ok(())
}

/// What was written.
struct Filled {
    /// The number of rows in each table.
    rows: Vec<(&'static str, usize)>,
    /// How long it took to write them, and to finish what the database leaves for later.
    took: [Duration; 2],
}

/// Writes them, and finishes what the database leaves for later.
fn fill(population: Population, connection: &mut AnyConnection, users: u32) -> Result<Filled, Fault> {
    let began = Instant::now();
    let rows = population.write_to(connection, |people| report::progress(people, users, began.elapsed()))?;
    let written = began.elapsed();
    let tables: Vec<&str> = rows.iter().map(|(table, _)| *table).collect();
    connect::finish(connection, &tables)?;
    Ok(Filled { rows, took: [written, began.elapsed().saturating_sub(written)] })
}

fn number(name: &str, default: u32) -> Result<u32, Fault> {
    let Ok(text) = env::var(name) else { return Ok(default) };
    let fault = || Fault(USAGE, format!("{name} is a whole number from 1 to {}, not {text:?}", u32::MAX));
    text.parse().ok().filter(|number| *number > 0).ok_or_else(fault)
}

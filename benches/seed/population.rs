//! People with their accounts, invitations, letters and timelines, as a service has them that has run for two
//! years. Used by the program `seed` and by tests.

mod addresses;
mod batch;
mod bulk_load;
mod cell;
mod chance;
mod company;
mod course;
mod directory;
mod letters;
mod names;
mod person;
mod place;
mod planned_invitation;
mod rows;
mod tables;
mod timeline;

use std::{sync::mpsc, thread};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{QueryResult, QueryableByName, RunQueryDsl, sql_query, sql_types::Text};
use invitation_service::db::AnyConnection;

use self::{
    addresses::Addresses,
    batch::{Batch, Counts},
    chance::Chance,
    company::Companies,
    course::Course,
    directory::Directory,
    person::World,
    tables::TABLES,
};

/// The people of one transaction.
const BATCH: u32 = 10_000;
/// How many transactions are prepared ahead of the one that is written.
const AHEAD: usize = 1;
/// When the first were invited: within what the service keeps by default.
const HISTORY: TimeDelta = TimeDelta::days(720);
/// One in so many was invited in the last day, and at least [`FEWEST`] were.
const NEW_SHARE: u32 = 100;
const FEWEST: u32 = 20;

/// People, the same ones for the same seed, number and time.
#[derive(Debug, Clone, Copy)]
pub struct Population {
    seed: u64,
    users: u32,
    now: DateTime<Utc>,
}

impl Population {
    /// So many people, of whom the last were invited just before `now`.
    #[must_use]
    pub fn new(seed: u64, users: u32, now: DateTime<Utc>) -> Self {
        Self { seed, users, now }
    }

    /// Writes them to a database whose migrations have run, beside those that it has. `progress` is called
    /// with the number of people so far. Returns the number of rows in each table.
    ///
    /// # Errors
    /// What the database reports; nothing is written then.
    pub fn write_to(
        self,
        connection: &mut AnyConnection,
        mut progress: impl FnMut(u32),
    ) -> QueryResult<Vec<(&'static str, usize)>> {
        let (mut addresses, taken) = (Addresses::default(), taken(connection)?);
        for key in &taken {
            addresses.take(key);
        }
        // Others than those that the same seed gave before.
        let people = Self { seed: self.seed.wrapping_add(taken.len() as u64), ..self };
        let loading = bulk_load::begin(connection, &TABLES.each_ref().map(|table| table.name))?;
        let (sender, batches) = mpsc::sync_channel(AHEAD);
        let counts = thread::scope(|threads| {
            threads.spawn(move || {
                for batch in people.batches(addresses) {
                    // No batch is received when the database has failed.
                    if sender.send(batch).is_err() {
                        return;
                    }
                }
            });
            let mut counts = Counts::default();
            for (people, batch) in batches {
                let batch: Batch = batch;
                let written = batch.write(connection)?;
                counts.iter_mut().zip(written).for_each(|(count, rows)| *count += rows);
                progress(people);
            }
            QueryResult::Ok(counts)
        })?;
        loading.commit(connection)?;
        Ok(TABLES.iter().map(|table| table.name).zip(counts).collect())
    }

    /// The rows of each transaction, and the number of people with it.
    fn batches(self, addresses: Addresses) -> impl Iterator<Item = (u32, Batch)> {
        let mut chance = Chance::new(self.seed);
        let companies = Companies::new(&mut chance);
        let directory = Directory::default();
        let mut world = World { chance, addresses, directory, companies, now: self.now };
        let starts = (0..self.users).step_by(BATCH as usize);
        starts.map(move |start| {
            let end = self.users.min(start.saturating_add(BATCH));
            let mut batch = Batch::default();
            for number in start..end {
                let (at, course) = self.arrival(&mut world.chance, number);
                world.person(&mut batch, (number, at, course));
            }
            (end, batch)
        })
    }

    /// When the person of this number was invited, and what becomes of it. Later numbers come later.
    fn arrival(self, chance: &mut Chance, number: u32) -> (DateTime<Utc>, Course) {
        let new = (self.users / NEW_SHARE).max(FEWEST).min(self.users);
        let old = self.users - new;
        let (first, span, index, count) = if number < old {
            (self.now - HISTORY, HISTORY - planned_invitation::OLD, number, old)
        } else {
            let (first, last) = (TimeDelta::hours(20), TimeDelta::minutes(10));
            (self.now - first, first - last, number - old, new)
        };
        let step = span.num_milliseconds() / i64::from(count);
        let at = first + TimeDelta::milliseconds(step * i64::from(index));
        let at = at + chance.between(TimeDelta::zero(), TimeDelta::milliseconds(step - 1));
        (at, if number < old { Course::old(index) } else { Course::new(index) })
    }
}

/// The addresses of those who are there.
fn taken(connection: &mut AnyConnection) -> QueryResult<Vec<String>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        email_key: String,
    }
    let query = sql_query("SELECT email_key FROM users");
    let rows = match connection {
        AnyConnection::Postgres(c) => query.get_results::<Row>(c)?,
        AnyConnection::Sqlite(c) => query.get_results::<Row>(c)?,
    };
    Ok(rows.into_iter().map(|row| row.email_key).collect())
}

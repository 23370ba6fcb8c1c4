//! What tests stand on: the app on a database of its own, callers with typed answers, a mailbox, a clock that
//! is told to move.

pub mod api_clients;
pub mod app;
pub mod batches;
pub mod browser;
pub mod client;
pub mod cluster;
pub mod collector;
pub mod customers;
pub mod database;
pub mod dkim;
pub mod extent;
pub mod forwarder;
pub mod handed_over;
pub mod identity_provider;
pub mod imports;
pub mod lists;
pub mod mailbox;
pub mod name_server;
#[path = "../../benches/seed/population.rs"]
pub mod population;
pub mod process;
pub mod provider;
pub mod receiver;
pub mod relay;
pub mod role_table;
pub mod sns;
pub mod template;

pub use app::TestApp;
pub use client::{Answer, Client};
pub use database::Backend;
pub use mailbox::Mail;
pub use process::Home;
pub use relay::Relay;

use std::time::{Duration, Instant};

pub use serde_json::json;

/// A password that every rule accepts.
pub const PASSWORD: &str = "seven green bicycles sing at noon";

/// Runs each test on SQLite and on PostgreSQL: `on_both_databases! { async fn name(app: TestApp) { … } }`.
/// `with [("VARIABLE", "value")]` before the tests configures the service.
macro_rules! on_both_databases {
    (with $variables:expr; $($(#[$meta:meta])* async fn $name:ident($app:ident: TestApp) $body:block)+) => {$(
        $(#[$meta])*
        mod $name {
            use super::*;

            async fn test($app: TestApp) $body

            #[tokio::test]
            async fn sqlite() {
                test(TestApp::start($crate::support::Backend::Sqlite, &$variables).await).await;
            }

            #[tokio::test]
            async fn postgres() {
                test(TestApp::start($crate::support::Backend::Postgres, &$variables).await).await;
            }
        }
    )+};
    ($($tests:tt)+) => { on_both_databases! { with []; $($tests)+ } };
}
pub(crate) use on_both_databases;

/// As [`on_both_databases`], for tests that start what they need by themselves: `on_each! { async fn
/// name(backend: Backend) { … } }`.
macro_rules! on_each {
    ($($(#[$meta:meta])* async fn $name:ident($backend:ident: Backend) $body:block)+) => {$(
        $(#[$meta])*
        mod $name {
            use super::*;

            async fn test($backend: Backend) $body

            #[tokio::test]
            async fn sqlite() {
                test(Backend::Sqlite).await;
            }

            #[tokio::test]
            async fn postgres() {
                test(Backend::Postgres).await;
            }
        }
    )+};
}
pub(crate) use on_each;

/// Looks again and again until there is something to see, and gives it; the test ends when that takes longer
/// than `limit`.
pub async fn eventually<T>(what: &str, limit: Duration, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(started.elapsed() < limit, "this did not come to pass within {limit:?}: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

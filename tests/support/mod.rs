//! What tests stand on: the app on a database of its own, callers with typed answers, a mailbox, a clock that is told to move.

pub mod app;
pub mod client;
pub mod database;
pub mod mailbox;

pub use app::TestApp;
pub use client::{Answer, Client};
pub use database::Backend;
pub use mailbox::Mail;

pub use serde_json::json;

/// A password that every rule accepts.
pub const PASSWORD: &str = "seven green bicycles sing at noon";

/// Runs each test on SQLite and on PostgreSQL: `on_both! { async fn name(app: TestApp) { … } }`.
/// `with [("VARIABLE", "value")]` before the tests configures the service.
macro_rules! on_both {
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
    ($($tests:tt)+) => { on_both! { with []; $($tests)+ } };
}
pub(crate) use on_both;

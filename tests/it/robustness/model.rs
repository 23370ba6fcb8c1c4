//! Any sequence of verbs against a model that is simple enough to be right: after every step, service and
//! model agree.

mod agree;
mod answer;
mod belief;
mod change;
mod invite;
mod run;
mod step;

use proptest::test_runner::{Config, TestRunner};

use self::{run::Run, step::step};
use crate::support::Backend;

const CASES: u32 = 3;
const STEPS: std::ops::Range<usize> = 70..100;
const PEOPLE: [&str; 2] = ["ada@example.com", "eve@example.com"];

fn any_sequence(backend: Backend) {
    let config =
        Config { cases: CASES, max_shrink_iters: 20, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&proptest::collection::vec(step(), STEPS), |steps| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut run = Run::start(backend).await;
            for step in steps {
                run.take(step).await;
                run.agree().await;
            }
            run.links().await;
        });
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn any_sequence_sqlite() {
    any_sequence(Backend::Sqlite);
}

#[test]
fn any_sequence_postgres() {
    any_sequence(Backend::Postgres);
}

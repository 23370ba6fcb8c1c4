//! Runs the service's tasks until a signal. A task that ends by itself is an error; a second signal stops
//! without waiting.

use std::{future::Future, io};

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    task::{JoinError, JoinHandle},
};
use tokio_util::sync::CancellationToken;

/// Why a run ended with an error.
#[derive(Debug, thiserror::Error)]
pub(super) enum RunError {
    /// A task ended that should run until the stop.
    #[error("{0} ended by itself: {1}")]
    Ended(&'static str, String),
    /// The signal handlers cannot be installed.
    #[error("cannot listen for signals: {0}")]
    Signals(#[from] io::Error),
    /// A second signal arrived.
    #[error("received a second stop signal: stopped at once, with requests or letters unfinished")]
    SecondSignal,
}

/// The signals that end a process: SIGTERM and SIGINT.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// A task of the service.
pub(super) struct Part {
    name: &'static str,
    task: JoinHandle<io::Result<()>>,
}

impl Part {
    pub(super) fn spawn(
        name: &'static str,
        work: impl Future<Output = io::Result<()>> + Send + 'static,
    ) -> Self {
        Self { name, task: tokio::spawn(work) }
    }

    async fn ended(&mut self) -> Result<(), RunError> {
        let name = self.name;
        match (&mut self.task).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(RunError::Ended(name, error.to_string())),
            Err(error) => Err(RunError::Ended(name, why(error))),
        }
    }
}

fn why(error: JoinError) -> String {
    match error.try_into_panic() {
        Ok(_) => "a panic".to_owned(),
        Err(error) => error.to_string(),
    }
}

/// Runs until a signal (`signal` waits for the next one), or until a part ends, which is an error. Then stops
/// all of them at the same time, by `stop` and by `stop_server`, and waits until they have finished their
/// work, or for a second signal.
pub(super) async fn run_until_signal(
    mut signal: impl AsyncFnMut(),
    mut parts: Vec<Part>,
    stop: CancellationToken,
    stop_server: impl Future<Output = ()>,
) -> Result<(), RunError> {
    let first = run_until_first(&mut signal, &mut parts).await;
    match &first {
        Ok(()) => tracing::info!("stopping after the requests and letters in progress"),
        Err(error) => tracing::error!(%error, "stopping"),
    }
    stop.cancel();
    let all = async { tokio::join!(stop_server, all_ended(&mut parts)).1 };
    let second = tokio::select! {
        outcome = all => outcome,
        () = signal() => Err(RunError::SecondSignal),
    };
    if let Err(error) = &second {
        tracing::error!(%error, "stopped");
    }
    first.and(second)
}

/// Runs until a signal, or until a part ends, which is taken out.
async fn run_until_first(signal: &mut impl AsyncFnMut(), parts: &mut Vec<Part>) -> Result<(), RunError> {
    let (ended, index) = {
        let any = futures_util::future::select_all(parts.iter_mut().map(|part| Box::pin(part.ended())));
        tokio::select! {
            () = signal() => return Ok(()),
            (ended, index, _) = any => (ended, index),
        }
    };
    let name = parts.remove(index).name;
    Err(ended.err().unwrap_or_else(|| RunError::Ended(name, "it returned without an error".to_owned())))
}

/// Waits for all parts. Their first error counts.
async fn all_ended(parts: &mut [Part]) -> Result<(), RunError> {
    let mut outcome = Ok(());
    for part in parts {
        outcome = outcome.and(part.ended().await);
    }
    outcome
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn stays(stop: &CancellationToken) -> Part {
        let stop = stop.clone();
        Part::spawn("one that stays", async move {
            stop.cancelled().await;
            Ok(())
        })
    }

    #[tokio::test]
    async fn a_part_that_ends_by_itself_ends_the_rest_and_is_named() {
        for (ends, because) in [
            (Part::spawn("the courier", async { panic!("a defect, as a test has it") }), "a panic"),
            (Part::spawn("the courier", async { Err(io::Error::other("no more")) }), "no more"),
            (Part::spawn("the courier", async { Ok(()) }), "returned without an error"),
        ] {
            let stop = CancellationToken::new();
            let parts = vec![stays(&stop), ends];
            let run = run_until_signal(async || std::future::pending().await, parts, stop, async {});
            let outcome = tokio::time::timeout(Duration::from_secs(5), run).await.unwrap();
            let Err(RunError::Ended("the courier", why)) = outcome else { panic!("{outcome:?}") };
            assert!(why.contains(because), "{why}");
        }
    }

    #[tokio::test]
    async fn all_parts_are_stopped_at_the_same_time() {
        let stop = CancellationToken::new();
        let parts = vec![stays(&stop), stays(&stop)];
        // A server that is still busy when the courier is stopped.
        let stopping = stop.clone();
        let server = async move { stopping.cancelled().await };
        let mut signals = 0;
        let signal = async || {
            signals += 1;
            if signals > 1 {
                std::future::pending::<()>().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(5), run_until_signal(signal, parts, stop, server))
            .await
            .unwrap()
            .unwrap();
    }

    #[tokio::test]
    async fn a_second_signal_ends_what_does_not_stop() {
        let stuck = Part::spawn("one that is stuck", std::future::pending());
        let run = run_until_signal(async || (), vec![stuck], CancellationToken::new(), async {});
        let outcome = tokio::time::timeout(Duration::from_secs(5), run).await.unwrap();
        assert!(matches!(outcome, Err(RunError::SecondSignal)));
    }
}

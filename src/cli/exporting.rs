//! The export of spans and metrics beside the service.

use std::time::Duration;

use tokio::{task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;

use super::running::{RunError, Signals};
use crate::{
    app::{self, Parts},
    http::CourierWatch,
};

/// How long the last spans and metrics may take at a shutdown, after everything else: together with the
/// requests and letters under way within the 30 seconds that supervisors of processes usually wait.
const FLUSH: Duration = Duration::from_secs(3);

/// The task of the export. Without a collector it ends at once.
pub(super) struct Exporting {
    task: JoinHandle<()>,
    stop: CancellationToken,
}

impl Exporting {
    pub(super) fn spawn(parts: &Parts, courier: CourierWatch) -> Self {
        let stop = CancellationToken::new();
        let task = tokio::spawn(app::run_export(parts.clone(), courier, stop.clone()));
        Self { task, stop }
    }

    /// Sends what is left, after a run with this outcome. A further signal ends the process without that.
    pub(super) async fn finish(self, outcome: &Result<(), RunError>, signals: &mut Signals) {
        if matches!(outcome, Err(RunError::SecondSignal)) {
            return;
        }
        self.stop.cancel();
        let in_time = tokio::select! {
            ended = timeout(FLUSH, self.task) => ended.is_ok(),
            () = signals.next() => false,
        };
        if !in_time {
            tracing::warn!("the last spans and metrics were not exported in time");
        }
    }
}

//! One letter from its claim to its record, and the tasks that do so side by side.

use std::{future::Future, panic, pin::pin};

use tokio::{
    task::{JoinError, JoinSet},
    time::sleep,
};
use tokio_util::sync::CancellationToken;

use super::{Courier, claimed_batch::ClaimedBatch, send_slots::SendPermits, timing::LEASE};
use crate::{
    db::{
        DbFault,
        letters::outbox::{self, Claimed, Outcome},
    },
    domain::letter::LetterPurpose,
    otel::Span,
};

/// What was done with a claimed letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Processed {
    /// It was handed to the relay, or found not to be sent any more; the outcome is recorded.
    Tried,
    /// Its lease was ended, for another courier or a later claim.
    GivenBack,
}

/// The letters under way, one task each.
#[derive(Default)]
pub(super) struct Processing {
    tasks: JoinSet<Result<Processed, DbFault>>,
    tried: usize,
    fault: Option<DbFault>,
}

impl Processing {
    /// Waits for `what`, and takes the results of tasks that end meanwhile.
    pub(super) async fn alongside<T>(&mut self, what: impl Future<Output = T>) -> T {
        let mut what = pin!(what);
        loop {
            tokio::select! {
                done = &mut what => return done,
                Some(ended) = self.tasks.join_next() => self.take(ended),
            }
        }
    }

    /// Waits until every task has ended, also where one of them failed: how many letters were tried.
    pub(super) async fn finish(&mut self) -> Result<usize, DbFault> {
        while let Some(ended) = self.tasks.join_next().await {
            self.take(ended);
        }
        self.fault.take().map_or(Ok(self.tried), Err)
    }

    fn take(&mut self, ended: Result<Result<Processed, DbFault>, JoinError>) {
        match ended.map_err(JoinError::try_into_panic) {
            Ok(Ok(Processed::Tried)) => self.tried += 1,
            // None of them is cancelled while this one lives.
            Ok(Ok(Processed::GivenBack)) | Err(Err(_)) => {}
            Ok(Err(fault)) => {
                tracing::warn!(error = %fault, "the courier cannot reach the outbox");
                self.fault = Some(fault);
            }
            // A defect ends the courier, and with it the process, whose supervisor starts it again.
            Err(Ok(panic)) => panic::resume_unwind(panic),
        }
    }
}

impl Courier {
    /// Starts a task for each letter of the batch as soon as there is a slot for it. The others are given
    /// back.
    pub(super) async fn start(&self, batch: ClaimedBatch, processing: &mut Processing) {
        for letter in &batch.letters {
            let permits = processing.alongside(batch.permits(self)).await;
            let (courier, letter, pause) = (self.clone(), letter.clone(), batch.pause.clone());
            processing.tasks.spawn(async move {
                if let Some(permits) = permits {
                    return courier.process(letter, permits, &pause).await;
                }
                let at = courier.clock.now();
                courier.record(letter, Outcome::Untried { at }).await.map(|()| Processed::GivenBack)
            });
        }
    }

    /// Sends a letter and records the outcome, in the trace of the request that wrote it.
    async fn process(
        &self,
        letter: Claimed,
        permits: SendPermits,
        pause: &CancellationToken,
    ) -> Result<Processed, DbFault> {
        let span = self.tracer.consumer("send letter", letter.trace_parent);
        if span.is_recording() {
            span.set("letter.id", letter.id.to_string());
            span.set("letter.subject", letter.subject.to_string());
            span.set("letter.purpose", letter.purpose.as_str());
            span.set("letter.attempt", i64::from(letter.attempt));
        }
        span.enclose(self.send_and_record(letter, (permits, pause), &span)).await
    }

    async fn send_and_record(
        &self,
        letter: Claimed,
        (permits, pause): (SendPermits, &CancellationToken),
        span: &Span,
    ) -> Result<Processed, DbFault> {
        // Boxed, so that a letter that waits for its record does not keep the memory of an SMTP session.
        let sending = self.leased(&letter, Box::pin(self.deliver(&letter)));
        let (outcome, _until_recorded) = permits.send(sending).await;
        let outcome = outcome?;
        Self::note(span, &letter, &outcome);
        if let Some(until) = outcome.held_until()
            && !pause.is_cancelled()
        {
            pause.cancel();
            tracing::warn!(%until, relay = self.mailer.describe(), "the relay asks for a pause: no letters \
                are sent to it");
        }
        if matches!(outcome, Outcome::Untried { .. }) {
            return self.record(letter, outcome).await.map(|()| Processed::GivenBack);
        }
        // Leased until the outcome is stored: another courier would send the letter again.
        self.leased(&letter, self.record(letter.clone(), outcome)).await.map(|()| Processed::Tried)
    }

    /// Says in the span of a letter what became of it. Of one that resets a password that would tell whether
    /// its address has a user.
    fn note(span: &Span, letter: &Claimed, outcome: &Outcome) {
        if letter.purpose == LetterPurpose::PasswordReset {
            return;
        }
        span.set("letter.outcome", outcome.as_str());
        if matches!(outcome, Outcome::Retry { .. } | Outcome::Failed { .. }) {
            span.fail();
        }
    }

    /// Does `work` on a letter, and renews the letter's lease as long as it takes.
    async fn leased<T>(&self, letter: &Claimed, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return done,
                () = sleep(self.renew_every) => self.renew(letter.clone()),
            }
        }
    }

    /// In a task of its own: a slow database must not stop the sending.
    fn renew(&self, letter: Claimed) {
        let courier = self.clone();
        tokio::spawn(async move {
            let clock = courier.clock.clone();
            // Counted from when it is written: a database that was away writes it long after it was asked to.
            let renewed = courier.db.write(move |tx| outbox::renew(tx, &letter, clock.now() + LEASE));
            if let Err(error) = courier.watch_outage(renewed).await {
                tracing::warn!(%error, "the lease of a letter under way was not renewed");
            }
        });
    }
}

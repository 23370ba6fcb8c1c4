//! A stream whose peer has so long for the head of each request, and takes its answers in time.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use actix_web::rt::{
    net::TcpStream,
    time::{Sleep, sleep_until},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{
    connections::Connection,
    timeouts::{KEEP_ALIVE_TIMEOUT, REQUEST_HEAD_TIMEOUT},
};

/// How long an answer may be stuck...
const WRITE_STALL: Duration = Duration::from_secs(15);
/// ... before so much more of it has been taken.
const WRITE_PROGRESS: usize = 16 * 1024;

/// How much is read in one turn. A connection that has sent more waits until others had theirs. It is a
/// hundred small requests, which the HTTP library takes apart at once, into 5 KiB each.
const READ_TURN: usize = 2 * 1024;

/// An accepted connection.
pub struct GuardedStream {
    stream: TcpStream,
    connection: Arc<Connection>,
    head: Timer,
    write: Timer,
    /// How much was written since the write timer was set.
    written: usize,
    /// How much was read in this turn.
    read: usize,
    /// How much was read since a request is worked on: of those that were sent ahead of its answer.
    ahead: usize,
    /// Whether reading waits for that answer.
    waits: bool,
}

impl GuardedStream {
    pub(super) fn new(stream: TcpStream, connection: Arc<Connection>) -> Self {
        // Nagle's algorithm would hold the end of an answer back until the client has acknowledged its
        // beginning, which many do 40 ms later. A stream that refuses this is at its end.
        let _ = stream.set_nodelay(true);
        Self {
            stream,
            connection,
            head: Timer::default(),
            write: Timer::default(),
            written: 0,
            read: 0,
            ahead: 0,
            waits: false,
        }
    }

    pub(super) fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }

    /// Whether enough was read for now: the HTTP library takes apart whatever it gets.
    fn is_enough(&mut self) -> bool {
        let is_working = self.connection.is_working();
        if !is_working {
            self.ahead = 0;
        }
        self.waits = is_working && self.ahead >= READ_TURN;
        // No more requests are read from a client who does not read answers: each answer would stay in
        // memory.
        self.waits || self.connection.holds_back()
    }

    fn check_evicted(&self) -> io::Result<()> {
        if self.connection.is_evicted() { Err(io::ErrorKind::ConnectionAborted.into()) } else { Ok(()) }
    }

    /// Whether the peer's time is up, or the connection is closed for another.
    fn check_head(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        self.connection.waker.register(cx.waker());
        self.check_evicted()?;
        match self.connection.waits_since() {
            Some(since) if self.head.is_over(since + KEEP_ALIVE_TIMEOUT + REQUEST_HEAD_TIMEOUT, cx) => {
                Err(io::ErrorKind::TimedOut.into())
            }
            Some(_) => Ok(()),
            None => {
                self.head.stop();
                Ok(())
            }
        }
    }

    /// Counts what was written, and how long nothing could be.
    fn check_write<T>(
        &mut self,
        cx: &mut Context<'_>,
        outcome: Poll<io::Result<T>>,
        written: usize,
    ) -> Poll<io::Result<T>> {
        self.written += written;
        if outcome.is_ready() {
            self.connection.set_writing(false);
            if self.written >= WRITE_PROGRESS {
                self.write.stop();
            }
            return outcome;
        }
        self.connection.set_writing(true);
        if !self.write.is_set() {
            self.written = 0;
        }
        let until = self.write.until.unwrap_or_else(|| Instant::now() + WRITE_STALL);
        if self.write.is_over(until, cx) {
            Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
        } else {
            Poll::Pending
        }
    }
}

impl AsyncRead for GuardedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check_head(cx)?;
        if self.is_enough() {
            return Poll::Pending;
        }
        if self.read >= READ_TURN {
            // The HTTP library reads 128 KiB before it works on any of it: thousands of requests.
            self.read = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let room = (READ_TURN - self.read).min(buffer.remaining());
        let mut part = ReadBuf::new(buffer.initialize_unfilled_to(room));
        let outcome = Pin::new(&mut self.stream).poll_read(cx, &mut part);
        let more = part.filled().len();
        buffer.advance(more);
        self.read += more;
        self.ahead += more;
        if outcome.is_pending() {
            self.read = 0;
            self.connection.caught_up();
        }
        outcome
    }
}

impl AsyncWrite for GuardedStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.check_evicted()?;
        let outcome = Pin::new(&mut self.stream).poll_write(cx, bytes);
        let written = if let Poll::Ready(Ok(written)) = &outcome { *written } else { 0 };
        self.check_write(cx, outcome, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check_evicted()?;
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        let written = if let Poll::Ready(Ok(written)) = &outcome { *written } else { 0 };
        self.check_write(cx, outcome, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        // Everything was written: the next answer has its own time, and a waiting reader continues.
        self.write.stop();
        let goes_on = self.waits && !self.connection.is_working();
        if self.connection.released() || goes_on {
            self.waits = false;
            cx.waker().wake_by_ref();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// A timer that is set anew when its end changes.
#[derive(Default)]
struct Timer {
    until: Option<Instant>,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Timer {
    fn is_set(&self) -> bool {
        self.until.is_some()
    }

    fn stop(&mut self) {
        self.until = None;
    }

    /// Whether that instant has come; until then, the task is woken by it.
    fn is_over(&mut self, until: Instant, cx: &mut Context<'_>) -> bool {
        let sleep = match &mut self.sleep {
            Some(sleep) => {
                if self.until != Some(until) {
                    sleep.as_mut().reset(until.into());
                }
                sleep
            }
            empty => empty.insert(Box::pin(sleep_until(until.into()))),
        };
        self.until = Some(until);
        sleep.as_mut().poll(cx).is_ready()
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use super::{
        super::{connections::Connections, limits::ConnectionLimits},
        *,
    };

    #[tokio::test]
    async fn the_end_of_an_answer_is_not_held_back() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let connections = Connections::new(ConnectionLimits::of_process(), Vec::new());
        let connection = connections.admit(Ipv4Addr::LOCALHOST.into()).unwrap();
        assert!(GuardedStream::new(stream, connection).stream.nodelay().unwrap());
    }
}

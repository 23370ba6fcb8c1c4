//! `HEAD` among requests that a client has sent ahead of answers (pipelining, RFC 9112 §9.3.2).
//!
//! actix-http has one flag a connection that says whether an answer is without a body: it is about the
//! request that was read last, and not about the one that is answered
//! (findings/actix-http-pipelined-head.sh). Two rules keep every answer right: a `HEAD` is handed on when all
//! requests before it were answered ([`HeadRequestStream`]), so that no answer to them loses its body; and
//! the answer to it has no body of its own ([`without_body`]), so that requests behind it may be handed on.

use std::{
    io, mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use actix_web::{
    body::{BodySize, BoxBody, MessageBody},
    dev::ServiceResponse,
    http::header::{CONTENT_LENGTH, HeaderValue},
    web::{Bytes, BytesMut},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::connections::Connection;

/// The beginning of a request line. Methods are case-sensitive, and one space follows.
const START: &[u8] = b"HEAD ";

/// A stream that hands a `HEAD` on when no other request is being worked on.
///
/// It does not take requests apart: it stops wherever [`START`] is, in a body or a header too, and continues
/// once what was handed on is answered or waits for more. Other bytes pass unchanged, and are not copied.
///
/// A body that has it, of a request that is itself behind another one, comes late by that: the library then
/// closes the connection after the answer to the earlier one, as with each body that is still on its way, and
/// the client repeats the request (RFC 9112 §9.3.2).
pub struct HeadRequestStream<S> {
    stream: S,
    connection: Arc<Connection>,
    /// What was read and not handed on; it begins as [`START`] does.
    held: BytesMut,
    /// Whether bytes were handed on since the HTTP library was last sent away: it has not looked at them.
    is_undecoded: bool,
    /// Whether reading waits for an answer.
    waits: bool,
}

impl<S> HeadRequestStream<S> {
    pub(super) fn new(stream: S, connection: Arc<Connection>) -> Self {
        Self { stream, connection, held: BytesMut::new(), is_undecoded: false, waits: false }
    }

    /// The stream itself.
    pub(super) fn inner(&self) -> &S {
        &self.stream
    }

    /// Hands on what is held, up to the next [`START`], unless a request is being worked on.
    fn poll_held(&mut self, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if mem::take(&mut self.is_undecoded) {
            // There may be a request in it.
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.waits = self.connection.is_working();
        if self.waits {
            return Poll::Pending;
        }
        let end = possible_start(&self.held[1..]).map_or(self.held.len(), |at| at + 1);
        let end = end.min(buffer.remaining());
        buffer.put_slice(&self.held.split_to(end));
        if self.held.is_empty() {
            // An idle connection keeps no buffer.
            self.held = BytesMut::new();
        }
        self.is_undecoded = true;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for HeadRequestStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if !this.held.is_empty() {
            return this.poll_held(cx, buffer);
        }
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut this.stream).poll_read(cx, buffer);
        let Some(at) = possible_start(&buffer.filled()[before..]) else {
            this.is_undecoded = outcome.is_ready();
            return outcome;
        };
        this.held.extend_from_slice(&buffer.filled()[before + at..]);
        buffer.set_filled(before + at);
        if at == 0 {
            return this.poll_held(cx, buffer);
        }
        this.is_undecoded = true;
        outcome
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for HeadRequestStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        // The library flushes after each turn, whether or not there was anything to write.
        if self.waits && !self.connection.is_working() {
            self.waits = false;
            cx.waker().wake_by_ref();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Where [`START`] is, or its beginning at the end of these bytes.
fn possible_start(bytes: &[u8]) -> Option<usize> {
    memchr::memchr_iter(START[0], bytes).find(|at| {
        let rest = &bytes[*at..];
        let length = rest.len().min(START.len());
        rest[..length] == START[..length]
    })
}

/// The answer to `HEAD`: the headers of the answer to `GET`, and no body, whatever the library takes the
/// request for.
pub(super) fn without_body(answer: ServiceResponse<impl MessageBody + 'static>) -> ServiceResponse<BoxBody> {
    answer.map_body(|head, body| {
        match body.size() {
            // There is no body already.
            BodySize::None | BodySize::Sized(0) => return body.boxed(),
            BodySize::Sized(length) => {
                head.headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
            }
            // Its length is unknown, and may be left out (RFC 9110 §8.6).
            BodySize::Stream => {}
        }
        // A body of unknown length, since the library writes the length of a known one itself and demands
        // that many bytes.
        head.no_chunking(true);
        NoBytes.boxed()
    })
}

/// A body of unknown length that has no bytes.
struct NoBytes;

impl MessageBody for NoBytes {
    type Error = std::convert::Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Poll::Ready(None)
    }
}

#[cfg(test)]
mod tests {
    use super::possible_start;

    #[test]
    fn a_start_is_found_also_where_it_is_cut() {
        for (bytes, expected) in [
            ("HEAD /", Some(0)),
            ("GET / HTTP/1.1\r\nHost: x\r\n\r\nHEAD /", Some(27)),
            ("HHEAD ", Some(1)),
            ("HEAHEAD ", Some(3)),
            ("xH", Some(1)),
            ("xHE", Some(1)),
            ("xHEA", Some(1)),
            ("xHEAD", Some(1)),
            ("HEAD", Some(0)),
            ("", None),
            ("HEADS OF STATE", None),
            ("head / HTTP/1.1\r\n\r\n", None),
            ("GET / HTTP/1.1\r\nHost: HEAD\r\n\r\n", None),
        ] {
            assert_eq!(possible_start(bytes.as_bytes()), expected, "{bytes:?}");
        }
    }
}

//! Requests that are not HTTP, and heads that are too large or too slow. The HTTP library refuses them
//! itself, below the application.
//!
//! It writes a status without a body and closes the connection. This stream replaces that answer by a problem
//! with a request id. Every answer of the application has an `X-Request-Id` and passes unchanged.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use actix_web::http::{StatusCode, header};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::super::{
    middleware::{browser_headers, request_log},
    response::{
        error_codes::{self, Code},
        no_store::sealed,
        problem::Problem,
    },
    state::State,
};

/// Writes the whole answer for a status that the library refused a request with; `None` for one that it does
/// not refuse with.
pub type Refusal = Arc<dyn Fn(u16) -> Option<Vec<u8>> + Send + Sync>;

/// The answer to a refused request.
pub fn refusal(state: Arc<State>) -> Refusal {
    Arc::new(move |status| {
        let (code, detail) = match status {
            400 => {
                (error_codes::MALFORMED_REQUEST, "This is not an HTTP/1.1 request. The connection is closed.")
            }
            408 => (
                error_codes::REQUEST_TIMEOUT,
                "The request did not arrive in time. The connection is closed.",
            ),
            431 => (
                error_codes::HEADERS_TOO_LARGE,
                "The request line and the headers are too large. The connection is closed.",
            ),
            _ => return None,
        };
        Some(answer(&state, status, code, detail))
    })
}

/// The whole answer, from the status line to the body.
fn answer(state: &State, status: u16, code: &'static Code, detail: &str) -> Vec<u8> {
    let id = request_log::new_request_id(state);
    let mut response = sealed(Problem::new(code, detail).respond(&state.settings.public_url, &id));
    browser_headers::add(response.headers_mut(), "", state.settings.https);
    let body = Problem::new(code, detail).document(&state.settings.public_url, &id).to_string();
    let reason =
        StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or_default();
    let date = state.services.clock.now().format("%a, %d %b %Y %H:%M:%S GMT");
    let mut answer = format!(
        "HTTP/1.1 {status} {reason}\r\n{}: {}\r\nconnection: close\r\ndate: {date}\r\nx-request-id: \
            {id}\r\n",
        header::CONTENT_LENGTH,
        body.len(),
    );
    for (name, value) in response.headers() {
        answer.extend([name.as_str(), ": ", value.to_str().unwrap_or_default(), "\r\n"]);
    }
    answer.extend(["\r\n", &body]);
    state.metrics.request("unknown", "unknown", status, 0.0);
    tracing::info!(request_id = id, status, "a request that could not be read was refused");
    answer.into_bytes()
}

/// A stream that replaces bare error answers by problems.
pub struct ProblemStream<S> {
    stream: S,
    refusal: Refusal,
    /// What is written in place of a bare answer, how many bytes of it were written, and the length of the
    /// bare one.
    instead: Option<(Vec<u8>, usize, usize)>,
}

impl<S> ProblemStream<S> {
    /// Around an accepted stream.
    pub fn new(stream: S, refusal: Refusal) -> Self {
        Self { stream, refusal, instead: None }
    }

    /// The stream itself.
    pub fn inner(&self) -> &S {
        &self.stream
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ProblemStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ProblemStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if this.instead.is_none() {
            match bare_answer(bytes) {
                // The bytes before it are written first; the rest is passed in again.
                Some((start, _)) if start > 0 => {
                    return Pin::new(&mut this.stream).poll_write(cx, &bytes[..start]);
                }
                Some((_, status)) => {
                    this.instead = (this.refusal)(status).map(|answer| (answer, 0, bytes.len()));
                }
                None => {}
            }
        }
        let Some((answer, written, length)) = &mut this.instead else {
            return Pin::new(&mut this.stream).poll_write(cx, bytes);
        };
        while *written < answer.len() {
            match ready!(Pin::new(&mut this.stream).poll_write(cx, &answer[*written..]))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                more => *written += more,
            }
        }
        let length = *length;
        this.instead = None;
        Poll::Ready(Ok(length))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Where a bare error answer begins in these bytes, and its status: the library's last answer on a
/// connection, a head without a body and without a request id.
fn bare_answer(bytes: &[u8]) -> Option<(usize, u16)> {
    const MAX_LEN: usize = 512;
    const END: &[u8] = b"\r\n\r\n";
    const START: &[u8] = b"HTTP/1.";
    if !bytes.ends_with(END) {
        return None;
    }
    let from = bytes.len().saturating_sub(MAX_LEN);
    let start = from + bytes[from..].windows(START.len()).rposition(|window| window == START)?;
    let head = std::str::from_utf8(&bytes[start..]).ok()?.to_ascii_lowercase();
    let status = head.get("http/1.1 ".len()..)?.get(..3)?.parse().ok()?;
    let is_bare = head.find("\r\n\r\n") == Some(head.len() - END.len())
        && head.contains("\r\ncontent-length: 0\r\n")
        && !head.contains("\r\nx-request-id:");
    (is_bare && [400, 408, 431].contains(&status)).then_some((start, status))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    const BARE: &str =
        "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\ndate: Tue, 24 Nov 2026 12:00:00 GMT\r\n\r\n";
    const OURS: &str = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nx-request-id: req_1\r\n\r\n";

    /// What arrives, through a pipe of so few bytes at a time.
    async fn written(bytes: &str, pipe: usize) -> String {
        let (ours, mut theirs) = tokio::io::duplex(pipe);
        let refusal: Refusal = Arc::new(|status| Some(format!("[{status}]").repeat(9).into_bytes()));
        let mut stream = ProblemStream::new(ours, refusal);
        let write = async {
            stream.write_all(bytes.as_bytes()).await.unwrap();
            drop(stream);
        };
        let mut read = String::new();
        let ((), read_all) = tokio::join!(write, theirs.read_to_string(&mut read));
        read_all.unwrap();
        read
    }

    #[actix_web::test]
    async fn a_bare_refusal_is_replaced_and_nothing_else() {
        for pipe in [1, 7, 4096] {
            assert_eq!(written(BARE, pipe).await, "[400]".repeat(9));
            assert_eq!(written(&format!("{OURS}{BARE}"), pipe).await, format!("{OURS}{}", "[400]".repeat(9)));
            let other = BARE.replace("400 Bad Request", "431 Request Header Fields Too Large");
            assert_eq!(written(&other, pipe).await, "[431]".repeat(9));
            for kept in [
                OURS,
                "HTTP/1.1 100 Continue\r\n\r\n",
                "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
                "{}",
                "",
            ] {
                assert_eq!(written(kept, pipe).await, kept);
            }
        }
    }
}

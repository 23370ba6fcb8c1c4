//! Makes a relay's replies valid SMTP before lettre reads them.
//!
//! lettre fails on a reply that is not UTF-8, on one with a bare line feed, on one with a line of more than
//! 1,000 bytes, and on one whose code has a second digit above 5, and the code is lost with the text: a
//! letter that was accepted would be sent again, one that was refused retried for a day.

use std::{
    collections::VecDeque,
    fmt, io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll, ready},
};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncBufRead, AsyncRead, AsyncWrite, ReadBuf};

/// How much of a line is passed on, in bytes. RFC 5321 §4.5.3.1.5 allows 512, lettre accepts 1,000.
const LONGEST_LINE: usize = 900;
/// How many lines of one reply are passed on; lettre accepts 100,000 bytes.
const MOST_LINES: usize = 100;
/// How much is read at once.
const PIECE: usize = 4096;

/// The received text, as complete and valid lines.
#[derive(Debug, Default)]
struct ReplyBuffer {
    line: Vec<u8>,
    lines: usize,
    ready: VecDeque<u8>,
}

impl ReplyBuffer {
    fn feed(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match byte {
                b'\n' => self.end_line(),
                b'\r' | 0 => {}
                byte if self.line.len() < LONGEST_LINE => self.line.push(*byte),
                _ => {}
            }
        }
    }

    /// A line whose fourth character is a hyphen is followed by another of the same reply (RFC 5321 §4.2.1).
    /// lettre does not accept a code without text (findings/lettre-code-without-words.sh).
    fn end_line(&mut self) {
        let mut line = std::mem::take(&mut self.line);
        let goes_on = line.get(3) == Some(&b'-');
        readable(&mut line, self.lines == 0);
        self.lines = if goes_on { self.lines + 1 } else { 0 };
        if self.lines > MOST_LINES {
            return;
        }
        let words = String::from_utf8_lossy(&line).replace(char::REPLACEMENT_CHARACTER, "?");
        let blank = if line.len() == 3 { " " } else { "" };
        self.ready.extend(words.bytes().chain(blank.bytes()).chain(*b"\r\n"));
    }
}

/// RFC 5321 §4.2.1 has no second digit above 5, but relays send 571 and the like. For an unknown code the
/// first digit counts (§4.3.2): it is converted to the x50 of its class, and the original code is kept in
/// front of the text.
fn readable(line: &mut Vec<u8>, is_first: bool) {
    let [b'2'..=b'5', b'6'..=b'9', b'0'..=b'9', rest @ ..] = line.as_slice() else { return };
    let own: &[u8] = match rest.first() {
        None | Some(b' ' | b'-') if is_first => line.get(..3).unwrap_or_default(),
        None | Some(b' ' | b'-') => &[],
        Some(_) => return,
    };
    let (sign, words) = rest.split_at_checked(1).unwrap_or((b" ", b""));
    let blank: &[u8] = if own.is_empty() || words.is_empty() { b"" } else { b" " };
    *line = [line.get(..1).unwrap_or_default(), b"50", sign, own, blank, words].concat();
}

/// A connection whose replies are sanitised; data that is written is unchanged.
pub(super) struct ReplySanitizer<S> {
    stream: S,
    peer: SocketAddr,
    buffer: ReplyBuffer,
    /// Discards written data until the end of its first line.
    drops_line: bool,
}

impl<S> ReplySanitizer<S> {
    pub(super) fn new(stream: S, peer: SocketAddr) -> Self {
        Self { stream, peer, buffer: ReplyBuffer::default(), drops_line: false }
    }

    /// Makes `words` the next data to be read, and discards the first line that is written: they are its
    /// answer.
    pub(super) fn answering(mut self, words: &str) -> Self {
        let unread = std::mem::take(&mut self.buffer.ready);
        self.buffer.ready = words.bytes().chain(unread).collect();
        Self { drops_line: true, ..self }
    }

    /// The connection itself, unless there is received data that was not read.
    pub(super) fn into_inner(self) -> Option<S> {
        (self.buffer.ready.is_empty() && self.buffer.line.is_empty()).then_some(self.stream)
    }
}

impl<S: AsyncRead + Unpin> AsyncBufRead for ReplySanitizer<S> {
    fn poll_fill_buf(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let tidy = self.get_mut();
        while tidy.buffer.ready.is_empty() {
            let mut piece = [0; PIECE];
            let mut piece = ReadBuf::new(&mut piece);
            ready!(Pin::new(&mut tidy.stream).poll_read(context, &mut piece))?;
            if piece.filled().is_empty() {
                // The end of the stream; an incomplete line is discarded.
                break;
            }
            tidy.buffer.feed(piece.filled());
        }
        Poll::Ready(Ok(tidy.buffer.ready.as_slices().0))
    }

    fn consume(self: Pin<&mut Self>, length: usize) {
        self.get_mut().buffer.ready.drain(..length);
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ReplySanitizer<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let front = ready!(self.as_mut().poll_fill_buf(context))?;
        let length = front.len().min(buffer.remaining());
        buffer.put_slice(front.get(..length).unwrap_or_default());
        self.consume(length);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ReplySanitizer<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let tidy = self.get_mut();
        if tidy.drops_line {
            let end = bytes.iter().position(|byte| *byte == b'\n');
            tidy.drops_line = end.is_none();
            return Poll::Ready(Ok(end.map_or(bytes.len(), |end| end + 1)));
        }
        Pin::new(&mut tidy.stream).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

impl<S: AsyncRead + AsyncWrite + Send + Sync + Unpin> AsyncTokioStream for ReplySanitizer<S> {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.peer)
    }
}

impl<S> fmt::Debug for ReplySanitizer<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReplySanitizer({})", self.peer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tidied(bytes: &[u8]) -> String {
        let mut whole = ReplyBuffer::default();
        whole.feed(bytes);
        let mut pieces = ReplyBuffer::default();
        for byte in bytes {
            pieces.feed(&[*byte]);
        }
        assert_eq!(whole.ready, pieces.ready);
        String::from_utf8(whole.ready.into()).unwrap()
    }

    #[test]
    fn whatever_is_said_becomes_lines_of_text() {
        for (said, buffer) in [
            (b"250 ok\r\n" as &[u8], "250 ok\r\n"),
            (b"250-a\n250 b\n", "250-a\r\n250 b\r\n"),
            (b"250 2.0.0 accept\xe9\r\n", "250 2.0.0 accept?\r\n"),
            ("550 5.1.1 bo\u{ee}te inconnue\r\n".as_bytes(), "550 5.1.1 bo\u{ee}te inconnue\r\n"),
            (b"250 a\0b\rc\r\n", "250 abc\r\n"),
            (b"250\r\n", "250 \r\n"),
            (b"571 5.7.1 no\r\n", "550 571 5.7.1 no\r\n"),
            (b"571-5.7.1 no\r\n571 such\r\n550 next\r\n", "550-571 5.7.1 no\r\n550 such\r\n550 next\r\n"),
            (b"471 4.7.1 wait\r\n299\r\n361 \r\n", "450 471 4.7.1 wait\r\n250 299\r\n350 361\r\n"),
            (b"5711 no\r\n671 no\r\n57x no\r\n", "5711 no\r\n671 no\r\n57x no\r\n"),
            (b"250 begun", ""),
        ] {
            assert_eq!(tidied(said), buffer);
        }
    }

    #[test]
    fn neither_a_line_nor_a_reply_is_longer_than_can_be_read() {
        let line = tidied(format!("250 {}\r\n250 next\r\n", "x".repeat(100_000)).as_bytes());
        assert_eq!((line.find('\r'), line.lines().count()), (Some(LONGEST_LINE), 2));
        let reply = tidied(format!("{}250 end\r\n250 next\r\n", "250-more\r\n".repeat(1000)).as_bytes());
        assert_eq!(reply.lines().count(), MOST_LINES + 2);
    }
}

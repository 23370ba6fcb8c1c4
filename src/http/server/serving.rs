//! A connection is busy until the answer to its request is made.

use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, ready},
};

use actix_web::{
    Error,
    body::{BodySize, BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::Method,
    middleware::Next,
    web::Bytes,
};

use super::{
    connections::{Connection, Serving, connection},
    head_requests::without_body,
};

/// Marks the connection of a request as busy until its answer's body is made, whatever becomes of the
/// request.
pub(in crate::http) async fn middleware(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let connection = connection(request.request());
    let serving = connection.as_ref().map(Connection::serving);
    if let Some(connection) = &connection {
        // Requests that were sent ahead are not worked on while an answer is stuck: the HTTP library would
        // hold theirs too, however many. It polls this itself, in the task that the stream wakes once
        // everything was taken.
        poll_fn(|_| if connection.holds_back() { Poll::Pending } else { Poll::Ready(()) }).await;
    }
    if connection.is_some_and(|connection| connection.should_yield()) {
        // Requests that were sent ahead are answered without waiting for anything, and other connections
        // would wait for all of them.
        tokio::task::yield_now().await;
    }
    let is_head = request.method() == Method::HEAD;
    let answer = next.call(request).await?.map_into_boxed_body();
    let answer = if is_head { without_body(answer) } else { answer };
    Ok(answer.map_body(|_, body| Served { body, left: Bytes::new(), _serving: serving }))
}

/// How much of an answer is handed on at once. The HTTP library copies it, and holds the copy for as long as
/// the client takes nothing.
const CHUNK_SIZE: usize = 16 * 1024;

/// An answer's body; its end is the request's.
struct Served {
    body: BoxBody,
    /// What is left of the piece that was made last.
    left: Bytes,
    _serving: Option<Serving>,
}

impl MessageBody for Served {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        if self.left.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_next(cx)) {
                Some(Ok(made)) => self.left = made,
                end => return Poll::Ready(end),
            }
        }
        let piece = self.left.len().min(CHUNK_SIZE);
        Poll::Ready(Some(Ok(self.left.split_to(piece))))
    }
}

"""A transport that repeats what can be repeated: requests that change nothing, and those with an `Idempotency-Key`. It
waits as long as `Retry-After` says."""

import time

import httpx

RETRIED = {429, 503}
ATTEMPTS = 4


class Retrying(httpx.BaseTransport):
    def __init__(self, inner: httpx.BaseTransport) -> None:
        self.inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        is_repeatable = request.method in {"GET", "HEAD"} or "Idempotency-Key" in request.headers
        for attempt in range(1, ATTEMPTS + 1):
            is_last = not is_repeatable or attempt == ATTEMPTS
            try:
                response = self.inner.handle_request(request)
            except httpx.TransportError:
                if is_last:
                    raise
                time.sleep(0.1 * 2**attempt)
                continue
            if is_last or response.status_code not in RETRIED:
                return response
            response.close()
            time.sleep(float(response.headers.get("Retry-After", 1)))
        raise AssertionError("the last attempt returns or raises")


class Losing(httpx.BaseTransport):
    """A network that loses the first answer to each request with an `Idempotency-Key`, after the service has sent it."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self.inner = inner
        self.lost: set[str] = set()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self.inner.handle_request(request)
        key = request.headers.get("Idempotency-Key")
        if key is None or key in self.lost:
            return response
        self.lost.add(key)
        response.read()
        response.close()
        raise httpx.ReadError("the connection was closed before the answer arrived", request=request)

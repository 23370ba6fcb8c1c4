// A `fetch` that repeats what can be repeated: requests that change nothing, and those with an `Idempotency-Key`. It
// waits as long as `Retry-After` says. Clients that take a `fetch` of one's own (openapi-fetch, hey-api, orval) take it.

const RETRIED = [429, 503];
const ATTEMPTS = 4;

const wait = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

export function retrying(send: typeof fetch): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const isRepeatable = ["GET", "HEAD"].includes(request.method) || request.headers.has("idempotency-key");
    for (let attempt = 1; ; attempt++) {
      const isLast = !isRepeatable || attempt === ATTEMPTS;
      try {
        // A body can be read once: each attempt sends a copy.
        const response = await send(request.clone());
        if (isLast || !RETRIED.includes(response.status)) return response;
        await wait(Number(response.headers.get("retry-after") ?? 1));
      } catch (error) {
        if (isLast) throw error;
        await wait(0.1 * 2 ** attempt);
      }
    }
  };
}

/** A network that loses the first answer to each request with an `Idempotency-Key`, after the service has sent it. */
export function losing(send: typeof fetch): typeof fetch {
  const lost = new Set<string>();
  return async (input, init) => {
    const request = new Request(input, init);
    const key = request.headers.get("idempotency-key");
    const response = await send(request);
    if (key === null || lost.has(key)) return response;
    lost.add(key);
    await response.arrayBuffer();
    throw new TypeError("the connection was closed before the answer arrived");
  };
}

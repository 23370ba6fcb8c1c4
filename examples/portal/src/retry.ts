/**
 * Sends requests again where that is safe, as the contract describes under "Retries": reads, and changes with an
 * `Idempotency-Key`, which have their effect once however often they arrive.
 */

/** How often a request is sent at most. */
const ATTEMPTS = 4;
/** The longest wait between two attempts, in milliseconds. A longer `Retry-After` is for the person to read. */
const LONGEST_WAIT = 5_000;

type Send = (request: Request) => Promise<Response>;

/** `send`, with retries after a lost connection, a 503, and a 409 that says the first request is still running. */
export function retrying(send: Send, pause: (ms: number) => Promise<void> = sleep): Send {
  return async (request) => {
    for (let attempt = 1; ; attempt++) {
      const last = attempt === ATTEMPTS || !isRepeatable(request);
      const backoff = 250 * 2 ** attempt;
      try {
        const response = await send(request.clone());
        const wait = await waitBeforeRetry(response, backoff);
        if (last || wait === null || wait > LONGEST_WAIT) return response;
        await pause(wait);
      } catch (error) {
        // No answer came: whether the request had its effect is unknown.
        if (last || request.signal.aborted) throw error;
        await pause(backoff);
      }
    }
  };
}

function isRepeatable(request: Request): boolean {
  return request.method === "GET" || request.headers.has("Idempotency-Key");
}

/** Milliseconds to wait before the next attempt; `null` where this answer is final. */
async function waitBeforeRetry(response: Response, backoff: number): Promise<number | null> {
  const running = response.status === 409 && (await codeOf(response)) === "idempotency_in_progress";
  if (response.status !== 503 && !running) return null;
  const seconds = Number(response.headers.get("Retry-After"));
  return seconds > 0 ? seconds * 1000 : backoff;
}

async function codeOf(response: Response): Promise<unknown> {
  const body: unknown = await response.clone().json().catch(() => null);
  return typeof body === "object" && body !== null && "code" in body ? body.code : null;
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

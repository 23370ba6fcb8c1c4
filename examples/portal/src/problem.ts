/** Answers of the API as values, and its errors as exceptions. */

import type { components } from "./contract";

export type Schemas = components["schemas"];
export type Problem = Schemas["Problem"];

/** An answer of the service that is an error: RFC 9457, with the contract's stable `code`. */
export class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail);
  }

  /** Whether a request with the same `Idempotency-Key` would get this answer again. */
  get isFinal(): boolean {
    const { status, code } = this.problem;
    return status < 500 && ![401, 408, 429].includes(status) && code !== "idempotency_in_progress";
  }
}

/** No answer came. A change may have had its effect, or not. */
export class Unanswered extends Error {
  constructor() {
    super("The service did not answer. Try again: nothing is sent twice.");
  }
}

/** A field that is empty, found before anything is sent. */
export class Missing extends Error {
  constructor(readonly member: string, detail: string) {
    super(detail);
  }
}

export interface Result<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The data of an answer and its `ETag`. Throws `Refused` or `Unanswered`. */
export async function tagged<T>(call: Promise<Result<T>>): Promise<{ data: T; etag: string }> {
  const result = await call.catch(() => {
    throw new Unanswered();
  });
  if (!result.response.ok) throw new Refused(problemOf(result));
  return { data: result.data as T, etag: result.response.headers.get("ETag") ?? "" };
}

/** The data of an answer. Throws `Refused` or `Unanswered`. */
export async function answer<T>(call: Promise<Result<T>>): Promise<T> {
  return (await tagged(call)).data;
}

/** The problem in an answer; one of our own where a proxy has answered with something else. */
function problemOf({ error, response }: Result<unknown>): Problem {
  if (typeof error === "object" && error !== null && "code" in error && "detail" in error) return error as Problem;
  return {
    type: "about:blank",
    title: "The service cannot be reached",
    status: response.status,
    detail: `The answer had the status ${response.status} and no explanation. Try again later.`,
    code: response.status < 500 ? "malformed_request" : "unavailable",
    request_id: response.headers.get("X-Request-Id") ?? "",
  };
}

/** What to show of any exception. */
export function explain(error: unknown): string {
  if (!(error instanceof Refused)) return error instanceof Error ? error.message : String(error);
  const { detail, code, status, request_id } = error.problem;
  if (status < 500) return detail;
  return `${detail} (${code}${request_id ? `, request ${request_id}` : ""})`;
}

/** The client, generated from the contract. */

import createClient, { type Client } from "openapi-fetch";
import type { paths } from "./contract";
import { Refused, answer, type Result } from "./problem";
import { retrying } from "./retry";

export let api: Client<paths>;

/** The part of a session that requests need. */
interface Credentials {
  /** The access token, refreshed where it is about to end; `null` when signed out. */
  token(): Promise<string | null>;
  /** The token was refused. */
  ended(): void;
}

/** Routes that make or end tokens, and take none. */
const isAboutSessions = (path: string) => /^\/v1\/auth\/(token|refresh|sign-out)$/.test(path);

/** Sets the client up for the service at this address. */
export function connect(baseUrl: string, credentials: Credentials): void {
  api = createClient<paths>({
    baseUrl,
    fetch: retrying((request) => fetch(request)),
    // Filters with several values are separated by commas.
    querySerializer: { array: { style: "form", explode: false } },
  });
  api.use({
    async onRequest({ request, schemaPath }) {
      if (isAboutSessions(schemaPath)) return;
      const token = await credentials.token();
      if (token) request.headers.set("Authorization", `Bearer ${token}`);
    },
    onResponse({ response, schemaPath }) {
      if (response.status === 401 && !isAboutSessions(schemaPath)) credentials.ended();
    },
  });
}

/**
 * The `Idempotency-Key` of a change that a person asks for. It stays the same while the outcome is unknown and the
 * body is the same: pressing the button once more after a lost connection has no second effect. A known outcome, or
 * another body, is followed by a new key.
 */
export class ChangeKey {
  #key = crypto.randomUUID() as string;
  #body = "";

  /** Sends this body with its key. */
  async send<Body, T>(body: Body, post: (header: KeyHeader, body: Body) => Promise<Result<T>>): Promise<T> {
    const text = JSON.stringify(body) ?? "";
    if (text !== this.#body) this.#renew(text);
    try {
      const data = await answer(post({ "Idempotency-Key": this.#key }, body));
      this.#renew(text);
      return data;
    } catch (error) {
      if (error instanceof Refused && error.isFinal) this.#renew(text);
      throw error;
    }
  }

  #renew(body: string): void {
    this.#key = crypto.randomUUID();
    this.#body = body;
  }
}

interface KeyHeader {
  "Idempotency-Key": string;
}

// Starts the service as a child process, on loopback, with everything that it writes in one folder.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { openSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";

/** The secret of those who pass returned mail on. Of this machine alone. */
const DSN_SECRET = "demo-of-returned-mail";

/** A port that was free a moment ago. */
export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return address !== null && typeof address === "object" ? address.port : 0;
}

/** @typedef {Awaited<ReturnType<typeof startService>>} Service */

/**
 * @param {{ program: string, folder: string, port: number, origins: string[], database?: string | undefined,
 *   settings?: Record<string, string> }} options `folder` gets database, key, log and letters; `origins` those of
 *   the portals
 */
export async function startService({ program, folder, port, origins, database, settings = {} }) {
  await mkdir(folder, { recursive: true });
  const url = `http://127.0.0.1:${port}`;
  const log = join(folder, "service.log");
  const mail = join(folder, "mail");
  const env = {
    PATH: process.env["PATH"],
    HOME: folder,
    DATABASE_URL: database ?? `sqlite://${join(folder, "invitations.db")}`,
    LISTEN_ADDR: `127.0.0.1:${port}`,
    SECRET_KEY: await key(folder),
    MAIL_URL: `directory:${mail}`,
    MAIL_EVENTS_DSN: DSN_SECRET,
    CORS_ORIGINS: origins.join(","),
    OPERATOR_NAME: "Voltmark",
    RESEND_COOLDOWN: "5s",
    ...settings,
  };
  const output = openSync(log, "a");
  const child = spawn(program, ["serve"], { cwd: folder, env, stdio: ["ignore", output, output] });
  const ended = once(child, "exit");
  const stop = async () => {
    child.kill("SIGTERM");
    await ended;
  };
  await Promise.race([ready(url), ended.then(async () => {
    throw new Error(`the service ended:\n${await readFile(log, "utf8")}`);
  })]);
  /** An access token of the command line, for what no person can do: inviting the first admin. */
  const token = async (/** @type {string} */ subject) => {
    const run = promisify(execFile)(program, ["token", "--role", "admin", "--subject", subject], { cwd: folder, env });
    return (await run).stdout.trim();
  };
  return { url, mail, dsnSecret: DSN_SECRET, token, stop };
}

/** The root of the service's keys, drawn once for a folder. @param {string} folder */
async function key(folder) {
  const file = join(folder, "demo.key");
  const found = await readFile(file, "utf8").catch(() => null);
  if (found) return found;
  const drawn = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("hex");
  await writeFile(file, drawn, { mode: 0o600 });
  return drawn;
}

/** @param {string} url */
async function ready(url) {
  for (const end = Date.now() + 60_000; Date.now() < end; ) {
    const answer = await fetch(`${url}/readyz`).catch(() => null);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`the service is not ready at ${url}`);
}

// The databases of the tests: SQLite, and PostgreSQL where TEST_POSTGRES_URL names a server (tests/with-postgres).

import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serveMail } from "../demo/mail-view.mjs";
import { servePortal } from "../demo/portal.mjs";
import { changeLanguage, inviteOwners, seed, seedExpired } from "../demo/seed.mjs";
import { freePort, startService } from "../demo/service.mjs";
import { openBrowser } from "./browser.mjs";

const server = process.env["TEST_POSTGRES_URL"];

/** @type {{ name: string, skip: string | false, url: () => string | undefined }[]} */
export const DATABASES = [
  { name: "SQLite", skip: false, url: () => undefined },
  { name: "PostgreSQL", skip: server ? false : "TEST_POSTGRES_URL names no server", url: createDatabase },
];

function createDatabase() {
  const name = `portal_${Date.now()}_${process.pid}`;
  const createdb = join(process.env["PGBIN"] ?? "", "createdb");
  execFileSync(createdb, [`--maintenance-db=${server}`, name]);
  const url = new URL(server ?? "");
  url.pathname = `/${name}`;
  return url.href;
}

/**
 * A service with the people of the demo, the portal on another origin, and a browser.
 * @param {(typeof DATABASES)[number]} database
 */
export async function stage(database) {
  const program = process.env["SERVICE"];
  if (!program) throw new Error("SERVICE names the program of the service");
  const folder = await mkdtemp(join(tmpdir(), "portal-"));
  const port = await freePort();
  const api = `http://127.0.0.1:${port}`;
  const portal = await servePortal({ folder: join(import.meta.dirname, "../dist"), api, port: 0 });
  const options = { program, folder, port, origins: [portal.url], database: database.url() };
  const brief = await startService({ ...options, settings: { INVITATION_TTL: "1s" } });
  await seedExpired(brief);
  await brief.stop();
  const service = await startService({ ...options, settings: { RESEND_COOLDOWN: "0s" } });
  await seed(service);
  const mail = await serveMail({ folder: service.mail, port: 0 });
  const person = await openBrowser();
  const close = async () => {
    await person.close();
    await Promise.all([portal.stop(), mail.stop(), service.stop()]);
    await rm(folder, { recursive: true });
  };
  const owners = (/** @type {string} */ account, /** @type {string[]} */ emails) => inviteOwners(service, account, emails);
  const change = (/** @type {string} */ email, /** @type {string} */ locale) => changeLanguage(service, email, locale);
  const loseAnswers = (/** @type {string} */ path, /** @type {number} */ count) => lose(person.page, path, count);
  return { service, portal, mail, person, close, owners, loseAnswers, changeLanguage: change };
}

/**
 * The service gets these requests and acts on them, and the connection breaks before the first `count` answers.
 * @param {import("playwright-core").Page} page
 * @param {string} path
 * @param {number} count
 */
async function lose(page, path, count) {
  /** @type {string[]} */
  const keys = [];
  await page.route(`**${path}`, async (route) => {
    if (route.request().method() !== "POST") return route.continue();
    keys.push(route.request().headers()["idempotency-key"] ?? "none");
    if (keys.length > count) return route.continue();
    await route.fetch();
    return route.abort("connectionreset");
  });
  return { keys };
}

// Starts the service with seeded people, a view of its letters, and the portal, on loopback; prints where they are and
// how to sign in; and stops them at Ctrl-C.
//
//   SERVICE=PROGRAM [DEMO_FOLDER=FOLDER] [DATABASE_URL=postgres://…] node demo/start.mjs
//
// SERVICE_PORT, PORTAL_PORT and MAIL_PORT choose other ports.

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { serveMail } from "./mail-view.mjs";
import { servePortal } from "./portal.mjs";
import { ADMIN, OWNER, PASSWORD, seed, seedExpired } from "./seed.mjs";
import { startService } from "./service.mjs";

const port = (/** @type {string} */ name, /** @type {number} */ usual) => Number(process.env[name] ?? usual);
const PORTS = { service: port("SERVICE_PORT", 8080), portal: port("PORTAL_PORT", 5173), mail: port("MAIL_PORT", 8025) };

const program = process.env["SERVICE"];
if (!program) throw new Error("SERVICE names the program of the service");
const folder = process.env["DEMO_FOLDER"] ?? join(process.cwd(), "demo-data");
const database = process.env["DATABASE_URL"];

const portal = await servePortal({
  folder: join(import.meta.dirname, "../dist"), api: `http://127.0.0.1:${PORTS.service}`, port: PORTS.portal,
});
const options = { program, folder, port: PORTS.service, origins: [portal.url], database };
const isNew = (await readdir(join(folder, "mail")).catch(() => [])).length === 0;
if (isNew) {
  // Links that have expired: made by a service whose links expire after a second.
  const brief = await startService({ ...options, settings: { INVITATION_TTL: "1s" } });
  await seedExpired(brief);
  await brief.stop();
}
const service = await startService(options);
const mail = await serveMail({ folder: service.mail, port: PORTS.mail });
if (isNew) await seed(service);

console.log(`
  the portal   ${portal.url}
  letters      ${mail.url}
  contract     ${service.url}/docs

  Sign in as ${ADMIN} (admin) or ${OWNER} (account owner of Acme B.V.), password: ${PASSWORD}
  Everything is in ${folder}; remove that folder to begin anew. Ctrl-C stops the demo.
`);

let stopping = false;
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) {
  process.on(signal, () => {
    if (stopping) return;
    stopping = true;
    Promise.all([portal.stop(), mail.stop(), service.stop()]).then(() => process.exit(0));
  });
}

// Starts the service with seeded people, a view of its letters, and the portal, on loopback; prints where they are and
// how to sign in; and stops them at Ctrl-C.
//
//   SERVICE=PROGRAM [DEMO_FOLDER=FOLDER] node demo/start.mjs
//
// SERVICE_PORT, PORTAL_PORT and MAIL_PORT choose other ports.

import { existsSync, readdirSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
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

/**
 * @template T
 * @param {string} name the variable that chooses the port
 * @param {Promise<T>} server
 */
async function started(name, server) {
  try {
    return await server;
  } catch (error) {
    const busy = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
    console.error(busy ? `The port is in use: choose another one with ${name}.` : error);
    process.exit(1);
  }
}

/** Whether an earlier demo made this folder: it has the service's key in it, or nothing. */
const isOurs = (/** @type {string} */ path) => existsSync(join(path, "demo.key")) || readdirSync(path).length === 0;

/** The service, with the people of the demo. They are made once; what an interrupted start left is removed. */
async function seeded(/** @type {string} */ origin) {
  const options = { program: program ?? "", folder, port: PORTS.service, origins: [origin] };
  const mark = join(folder, "seeded");
  if (existsSync(mark)) return startService(options);
  if (existsSync(folder) && !isOurs(folder)) throw new Error(`${folder} has other files in it`);
  await rm(folder, { recursive: true, force: true });
  console.log("Inviting the people of the demo …");
  // Links that have expired: made by a service whose links expire after a second.
  const brief = await startService({ ...options, settings: { INVITATION_TTL: "1s" } });
  await seedExpired(brief);
  await brief.stop();
  const service = await startService(options);
  await seed(service);
  await writeFile(mark, "");
  return service;
}

const portal = await started("PORTAL_PORT", servePortal({
  folder: join(import.meta.dirname, "../dist"), api: `http://127.0.0.1:${PORTS.service}`, port: PORTS.portal,
}));
const mail = await started("MAIL_PORT", serveMail({ folder: join(folder, "mail"), port: PORTS.mail }));
const service = await started("SERVICE_PORT", seeded(portal.url));

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

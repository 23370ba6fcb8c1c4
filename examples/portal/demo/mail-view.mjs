// Shows the letters in a folder, as the people who get them would see them.

import { createServer } from "node:http";
import { listen } from "./listen.mjs";
import { letters } from "./mailbox.mjs";

const STYLE = `body { font: 1rem/1.5 system-ui, sans-serif; max-width: 50rem; margin: 0 auto; padding: 1rem; color: #1b2430 }
a { color: #0b5c4a } ul { list-style: none; padding: 0 } li { border-top: 1px solid #c3cad4; padding: .6rem 0 }
.soft { color: #4a5665 } pre { white-space: pre-wrap; overflow-wrap: anywhere; background: #f5f7fa; padding: 1rem }
iframe { width: 100%; height: 34rem; border: 1px solid #c3cad4 }`;

/** @type {Record<string, string>} */
const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escape = (/** @type {string} */ text) => text.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? "");

const page = (/** @type {string} */ title, /** @type {string} */ body) =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escape(title)}</title><link rel="icon" href="data:,"><style>${STYLE}</style><main>${body}</main></html>`;

/** @param {import("./mailbox.mjs").Letter[]} all */
function overview(all) {
  const rows = all.map(({ file, to, subject, date }) =>
    `<li><a href="/letters/${encodeURIComponent(file)}">${escape(subject)}</a><br>
<span class="soft">to ${escape(to)}, <time datetime="${escape(date)}">${escape(date)}</time></span></li>`);
  const none = all.length === 0 ? "<p>No letters yet.</p>" : "";
  return page("Letters", `<h1>Letters</h1><p><a href="/">Look again</a></p>${none}<ul>${rows.join("")}</ul>`);
}

/** @param {import("./mailbox.mjs").Letter} letter */
function one({ file, to, from, subject, text }) {
  const links = escape(text).replace(/https?:\/\/[^\s<]+/g, (link) => `<a href="${link}" rel="noreferrer">${link}</a>`);
  return page(subject, `<p><a href="/">All letters</a></p><h1>${escape(subject)}</h1>
<p class="soft">from ${escape(from)} to ${escape(to)}</p>
<iframe title="The letter with its layout" src="/letters/${encodeURIComponent(file)}/html"
 sandbox="allow-popups allow-popups-to-escape-sandbox"></iframe>
<h2>As plain text</h2><pre>${links}</pre>`);
}

/** @param {{ folder: string, port: number }} options */
export function serveMail({ folder, port }) {
  const server = createServer(async (request, response) => {
    const [, name, file, html] = new URL(request.url ?? "/", "http://mail").pathname.split("/");
    const all = await letters(folder);
    const letter = all.find((letter) => letter.file === decodeURIComponent(file ?? ""));
    const body = !name ? overview(all) : name !== "letters" || !letter ? null
      // Links open beside the frame, where the activation page allows itself to be shown.
      : html ? `<base target="_blank">${letter.html}` : one(letter);
    response.writeHead(body === null ? 404 : 200, {
      "Content-Type": "text/html; charset=utf-8",
      // Letters may hold anything: no scripts, and nothing from elsewhere.
      "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-src 'self'",
      "Referrer-Policy": "no-referrer",
      "Cache-Control": "no-store",
    });
    response.end(body ?? "Not found");
  });
  return listen(server, port);
}

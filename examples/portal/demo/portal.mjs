// Serves the built portal, with the address of the service in settings.json.

import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";
import { listen } from "./listen.mjs";

/** @type {Record<string, string>} */
const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
};

/**
 * @param {{ folder: string, api: string, port: number }} options `api`: where the service is; port 0 is any free one
 * @returns the server's address, and how to stop it
 */
export function servePortal({ folder, api, port }) {
  const headers = {
    // Scripts and styles of its own, and requests to the service alone.
    "Content-Security-Policy": `default-src 'self'; connect-src 'self' ${api}; img-src 'self' data:; ` +
      "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
  };
  const server = createServer(async (request, response) => {
    const path = normalize(new URL(request.url ?? "/", "http://portal").pathname);
    if (path === "/settings.json") {
      return response.writeHead(200, { ...headers, "Content-Type": "application/json" }).end(JSON.stringify({ api }));
    }
    const file = join(folder, path === "/" ? "index.html" : path);
    const body = await readFile(file).catch(() => null);
    if (!body) return response.writeHead(404, headers).end("Not found");
    return response.writeHead(200, { ...headers, "Content-Type": TYPES[extname(file)] ?? "text/plain" }).end(body);
  });
  return listen(server, port);
}

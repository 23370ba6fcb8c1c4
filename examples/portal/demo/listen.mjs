// A server on loopback.

import { once } from "node:events";

/**
 * @param {import("node:http").Server} server
 * @param {number} port 0 is any free one
 * @returns {Promise<{ url: string, stop: () => Promise<void> }>}
 */
export async function listen(server, port) {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no address");
  return {
    url: `http://127.0.0.1:${address.port}`,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

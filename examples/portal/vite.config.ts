import { defineConfig } from "vite";

export default defineConfig({
  // Loopback alone, at one origin: the one that CORS_ORIGINS of the service names.
  server: { host: "127.0.0.1", port: 5173, strictPort: true },
  // Relative, so that the portal may be served below any path.
  base: "./",
  build: { target: "es2022", sourcemap: true },
});

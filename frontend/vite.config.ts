import { fileURLToPath } from "node:url";

import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const server = "http://127.0.0.1:8000";

export default defineConfig(({ command }) => ({
  // Django serves the assets below this address; the document itself answers at every other one.
  base: command === "build" ? "/static/dashboard/" : "/",
  plugins: [react()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: { manifest: true, sourcemap: false },
  server: {
    proxy: {
      "/api": server,
      "/login": server,
      "/logout": server,
      "/admin": server,
      "/static": server,
      "/ws": { target: server, ws: true },
    },
  },
  test: {
    environment: "jsdom",
    environmentOptions: { jsdom: { url: "http://localhost:3000/" } },
    setupFiles: ["src/testing/setup.ts"],
    restoreMocks: true,
  },
}));

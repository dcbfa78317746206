import { fileURLToPath } from "node:url";

import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const server = "http://127.0.0.1:8000";

export default defineConfig(({ command }) => ({
  // Django serves the assets below this address; the document itself answers at every other one.
  base: command === "build" ? "/static/dashboard/" : "/",
  // Each answer's own nonce stands here instead, put in by Django: incidents/dashboard.py.
  html: command === "build" ? { cspNonce: "NONCE_OF_THIS_ANSWER" } : {},
  plugins: [react()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  // The budget is in scripts/check-size.mjs.
  build: { manifest: true, chunkSizeWarningLimit: 1000 },
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
    // Every file would load the component library anew; src/testing/setup.ts leaves nothing behind instead.
    isolate: false,
    // A page takes a second; a busy machine takes several.
    testTimeout: 20_000,
  },
}));

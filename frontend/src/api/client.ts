import createClient from "openapi-fetch";

import type { components, paths } from "./schema";

export type Schema = components["schemas"];

/** The read API, on the server that served this page. */
export const client = createClient<paths>({
  baseUrl: window.location.origin,
  // Looked up at each call: tests put their own in its place.
  fetch: (request) => globalThis.fetch(request),
});

import createClient from "openapi-fetch";

import { csrfToken } from "./csrf";
import type { paths } from "./schema";

const LONGEST_ANSWER_MS = 30_000;

/** The API, on the server that served this page. */
export const client = createClient<paths>({
  baseUrl: window.location.origin,
  // A connection that died silently must not keep a page waiting. fetch is looked up at each call: tests replace it.
  fetch: (request) =>
    globalThis.fetch(request, { signal: AbortSignal.any([request.signal, AbortSignal.timeout(LONGEST_ANSWER_MS)]) }),
});

client.use({
  onRequest: ({ request }) => {
    if (request.method !== "GET") request.headers.set("X-CSRFToken", csrfToken());
    return request;
  },
});

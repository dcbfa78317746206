import { render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { onTestFinished } from "vitest";

import type { Incident } from "@/api/types";
import { App } from "@/app/app";
import { makeQueryClient } from "@/app/query-client";
import { makeRouter } from "@/app/router";

import { serveIncident } from "./api";
import { FakeWebSocket } from "./fake-web-socket";
import { incident } from "./rows";

/** Open the dashboard at an address, as a browser does, and return the person in front of it. */
export function openPage(address: string) {
  window.history.replaceState(null, "", address);
  const queryClient = makeQueryClient();
  queryClient.setDefaultOptions({ queries: { ...queryClient.getDefaultOptions().queries, retryDelay: 0 } });
  const router = makeRouter();
  onTestFinished(() => {
    router.history.destroy();
    queryClient.clear();
  });
  render(<App router={router} queryClient={queryClient} env="test" />);
  return userEvent.setup({ delay: null });
}

/** Open the page of incident 7 and wait until it is shown. */
export async function openIncident(change: Partial<Incident> = {}) {
  serveIncident(incident(change));
  const person = openPage("/incidents/7");
  await screen.findByRole("heading", { level: 1 });
  return person;
}

/** Return the newest live feed, once the page has opened it. */
export async function liveFeed(count = 1): Promise<FakeWebSocket> {
  await waitFor(() => {
    if (FakeWebSocket.opened.length < count) throw new Error(`${FakeWebSocket.opened.length} of ${count} are open`);
  });
  return FakeWebSocket.newest;
}

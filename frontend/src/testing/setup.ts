import "@testing-library/jest-dom/vitest";

import { cleanup, configure } from "@testing-library/react";
import { afterAll, afterEach, beforeAll, beforeEach, vi } from "vitest";

import { api } from "./api";
import { FakeWebSocket } from "./fake-web-socket";

// A change is told up to a second after the one before, and a busy machine takes its time.
configure({ asyncUtilTimeout: 8_000 });

// What Mantine asks a browser for and jsdom does not have.
class NoResizeObserver {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
}
vi.stubGlobal("ResizeObserver", NoResizeObserver);
window.matchMedia = (media) =>
  Object.assign(new EventTarget(), {
    media,
    matches: false,
    onchange: null,
    addListener: () => undefined,
    removeListener: () => undefined,
  });
// A text field that grows measures itself again once fonts have come.
Object.defineProperty(document, "fonts", { value: new EventTarget(), configurable: true });
window.scrollTo = () => undefined;
Element.prototype.scrollIntoView = () => undefined;

beforeAll(() => {
  api.listen({ onUnhandledRequest: "error" });
  vi.stubGlobal("WebSocket", FakeWebSocket);
});

beforeEach(() => {
  FakeWebSocket.opened = [];
  window.localStorage.clear();
});

afterEach(() => {
  vi.useRealTimers();
  cleanup();
  api.resetHandlers();
  // Tests set it for every path: a cookie of one page's path would go before it in the next file.
  document.cookie = "csrftoken=; path=/; max-age=0";
});

afterAll(() => {
  api.close();
});

import { act, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { useTextOfNow } from "./use-now";

let drawn = 0;

function Minutes() {
  drawn += 1;
  return <p>{useTextOfNow((now) => `${Math.floor(now / 60_000) % 60} min`)}</p>;
}

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2026-01-01T10:05:30Z") });
});

afterEach(() => {
  vi.useRealTimers();
});

test("what is said of now follows the clock, and is drawn only when it says something else", () => {
  render(<Minutes />);
  expect(screen.getByText("5 min")).toBeVisible();
  const before = drawn;

  act(() => vi.advanceTimersByTime(20_000));
  expect(drawn).toBe(before);

  act(() => vi.advanceTimersByTime(15_000));
  expect(screen.getByText("6 min")).toBeVisible();
});

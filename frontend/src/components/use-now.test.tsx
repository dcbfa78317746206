import { act, render, screen } from "@testing-library/react";
import { Profiler } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { useTextOfNow } from "./use-now";

function Minutes() {
  return <p>{useTextOfNow((now) => `${Math.floor(now / 60_000) % 60} min`)}</p>;
}

function pass(milliseconds: number): void {
  act(() => {
    vi.advanceTimersByTime(milliseconds);
  });
}

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2026-01-01T10:05:30Z") });
});

afterEach(() => {
  vi.useRealTimers();
});

test("what is said of now follows the clock, and is drawn only when it says something else", () => {
  const drawn = vi.fn();
  render(
    <Profiler id="minutes" onRender={drawn}>
      <Minutes />
    </Profiler>,
  );
  expect(screen.getByText("5 min")).toBeVisible();
  drawn.mockClear();

  pass(20_000);
  expect(drawn).not.toHaveBeenCalled();

  pass(15_000);
  expect(screen.getByText("6 min")).toBeVisible();
});

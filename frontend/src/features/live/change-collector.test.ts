import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { ChangeCollector, type Changes } from "./change-collector";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

function collector(dealWith: () => Promise<void> = () => Promise.resolve()) {
  const told: Changes[] = [];
  const changes = new ChangeCollector((each) => {
    told.push(each);
    return dealWith();
  });
  return { changes, told };
}

test("a single change is told at once", () => {
  const { changes, told } = collector();
  changes.add(7);

  expect(told).toEqual([new Set([7])]);
});

test("a storm is told once a second, each incident once", async () => {
  const { changes, told } = collector();
  for (let milliseconds = 0; milliseconds < 2500; milliseconds += 100) {
    changes.add(1);
    changes.add(2);
    await vi.advanceTimersByTimeAsync(100);
  }

  expect(told).toEqual([new Set([1]), new Set([2, 1]), new Set([1, 2])]);
});

test("the next is not told before the last was dealt with", async () => {
  let finish: () => void = () => undefined;
  const { changes, told } = collector(() => new Promise((resolve) => (finish = resolve)));
  changes.add(1);
  changes.add(2);
  await vi.advanceTimersByTimeAsync(5000);
  expect(told).toHaveLength(1);

  finish();
  await vi.advanceTimersByTimeAsync(0);
  expect(told).toEqual([new Set([1]), new Set([2])]);
});

test("everything includes every single change", async () => {
  const { changes, told } = collector();
  changes.add(1);
  changes.add(2);
  changes.addEverything();
  await vi.advanceTimersByTimeAsync(5000);

  expect(told).toEqual([new Set([1]), "everything"]);
});

test("after the end nothing is told", async () => {
  const { changes, told } = collector();
  changes.add(1);
  changes.add(2);
  changes.stop();
  await vi.advanceTimersByTimeAsync(5000);

  expect(told).toHaveLength(1);
});

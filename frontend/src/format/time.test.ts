import { expect, test } from "vitest";

import { ageText, clockText, durationText, runningText, secondsBetween } from "./time";

test.each([
  [-1, "0 s"],
  [0.44, "0.4 s"],
  [9.94, "9.9 s"],
  [9.96, "10 s"],
  [59.4, "59 s"],
  [59.6, "1 min"],
  [184, "3 min 4 s"],
  [3599.6, "1 h"],
  [7500, "2 h 5 min"],
  [86_399, "1 d"],
  [3 * 86_400 + 3600, "3 d 1 h"],
])("%f seconds took %s", (seconds, text) => {
  expect(durationText(seconds)).toBe(text);
});

test.each([
  [-3, "0 s"],
  [4.9, "4 s"],
  [75.9, "1 min 15 s"],
])("what has run for %f seconds has run for %s", (seconds, text) => {
  expect(runningText(seconds)).toBe(text);
});

test.each([
  [-30, "now"],
  [4.9, "now"],
  [5, "5 s"],
  [59.9, "59 s"],
  [60, "1 min"],
  [3600, "1 h"],
  [86_400 * 2.9, "2 d"],
])("what was %f seconds ago was %s ago", (seconds, text) => {
  expect(ageText(seconds)).toBe(text);
});

test("a moment has its date where it is not today", () => {
  const now = new Date();
  const before = new Date(now.getTime() - 3 * 86_400_000);

  expect(clockText(now.toISOString())).not.toContain(String(now.getFullYear()));
  expect(clockText(before.toISOString())).toContain(String(before.getFullYear()));
});

test("the span between two moments does not depend on how they are written", () => {
  expect(secondsBetween("2026-01-01T11:00:00+01:00", "2026-01-01T10:00:01.500Z")).toBe(1.5);
  expect(secondsBetween("2026-01-01T10:00:00Z", Date.parse("2026-01-01T09:59:58Z"))).toBe(-2);
});

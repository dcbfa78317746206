import { expect, test } from "vitest";

import { answerText } from "./answer-text";

test("an answer is said by what decides about it, in one order", () => {
  expect(answerText({ severity: "P1", reasoning: "long", classification: "duplicate", duplicate_of: 7 })).toBe(
    "duplicate, P1, of #7",
  );
  expect(answerText({ refused: false, problems: [] })).toBe("not refused");
});

test("an answer of another shape is shown whole", () => {
  expect(answerText({ other: 1 })).toBe('{\n  "other": 1\n}');
  expect(answerText(null)).toBe("null");
});

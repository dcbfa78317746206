import { expect, test } from "vitest";

import { outsideJson, outsideText, printedText } from "./outside-text";

test("ordinary text of any language stays as it is", () => {
  const text = "naïve\tشبكة 東京 👩‍💻\nsecond line";

  expect(outsideText(text)).toBe(text);
});

test.each([
  ["a reversed reading direction", "access\u202e//\u2066", "access\ufffd//\ufffd"],
  ["a space of no width", "ad\u200bmin", "ad\ufffdmin"],
  ["letters of the tag block", "a\u{e0041}b", "a\ufffdb"],
  ["a bell and an escape", "\u0007\u001b[31m", "␇␛[31m"],
  ["a return that would overwrite the line", "safe\revil", "safe␍evil"],
])("%s is made visible", (_what, text, visible) => {
  expect(outsideText(text)).toBe(visible);
});

test("lines that end as on Windows end as elsewhere", () => {
  expect(outsideText("one\r\ntwo")).toBe("one\ntwo");
});

test("every text in a JSON value is made visible, names included", () => {
  expect(outsideJson({ "a\u200b": ["\u202e", 1, null, { deep: "\u0000" }] })).toEqual({
    "a\ufffd": ["\ufffd", 1, null, { deep: "␀" }],
  });
});

test("printed text loses its colours and titles", () => {
  const printed = outsideText("\u001b[1;31mFAIL\u001b[0m \u001b]0;title\u0007checkout");

  expect(printedText(printed)).toBe("FAIL checkout");
});

test.each(["\u001b]0;\nthe rest", "\u001b]0;\nthe rest\u0007"])(
  "a sequence hides no line of what follows it: %j",
  (printed) => {
    expect(printedText(outsideText(printed))).toContain("the rest");
  },
);

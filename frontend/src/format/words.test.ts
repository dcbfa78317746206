import { expect, test } from "vitest";

import { plural, words } from "./words";

test("a word of the API becomes words for people", () => {
  expect(words("not_wanted")).toBe("Not wanted");
  expect(words("")).toBe("");
});

test("only one thing is in the singular", () => {
  expect(plural(0, "alarm")).toBe("0 alarms");
  expect(plural(1, "alarm")).toBe("1 alarm");
  expect(plural(1204, "alarm")).toBe("1,204 alarms");
});

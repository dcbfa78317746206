import { expect, test } from "vitest";

import { jsonText } from "./json";

test("a JSON value is written over several lines, and what is missing is null", () => {
  expect(jsonText({ a: [1] })).toBe('{\n  "a": [\n    1\n  ]\n}');
  expect(jsonText(undefined)).toBe("null");
});

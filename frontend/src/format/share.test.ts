import { expect, test } from "vitest";

import { shareWithInterval } from "./share";

test("a share comes with its interval where it has one", () => {
  expect(shareWithInterval(2 / 3, 0.3, 0.903)).toBe("66.7 % [30.0 %, 90.3 %]");
  expect(shareWithInterval(1)).toBe("100.0 %");
  expect(shareWithInterval(null, null, null)).toBe("–");
});

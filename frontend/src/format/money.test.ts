import { expect, test } from "vitest";

import { costText, tokensText } from "./money";

test.each([
  ["0.000000", "$0"],
  ["0.000400", "<$0.001"],
  ["0.012300", "$0.012"],
  ["0.999400", "$0.999"],
  ["0.999600", "$1.00"],
  [12.345, "$12.35"],
])("%s dollars are said as %s", (usd, text) => {
  expect(costText(usd)).toBe(text);
});

test("many tokens are said in thousands", () => {
  expect(tokensText(950)).toBe("950");
  expect(tokensText(12_345)).toBe("12.3K");
});

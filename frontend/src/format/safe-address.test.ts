import { expect, test } from "vitest";

import { safeAddress } from "./safe-address";

test("an address on the web or on this server may be followed", () => {
  expect(safeAddress("https://code.example/pull/1")).toBe("https://code.example/pull/1");
  expect(safeAddress("/pulls/acme/orders/1/")).toBe("http://localhost:3000/pulls/acme/orders/1/");
});

test.each(["javascript:alert(1)", "java\nscript:alert(1)", " javascript:alert(1)", "data:text/html,x", "http://["])(
  "%j may not be followed",
  (address) => {
    expect(safeAddress(address)).toBeUndefined();
  },
);

import { expect, test } from "vitest";

import { readFilters } from "./filters";

test("the filters of an address are read", () => {
  expect(
    readFilters({ status: ["pr_open", "open"], severity: "P0", service: " orders ", search: "cart", show: "ended" }),
  ).toEqual({ status: ["open", "pr_open"], severity: ["P0"], service: "orders", search: "cart", show: "ended" });
});

test("what this release does not know is left out", () => {
  expect(
    readFilters({ status: ["exploded"], severity: 3, service: ["a", "b"], search: " ", show: "all", page: "2" }),
  ).toEqual({});
});

import { expect, test } from "vitest";

import { parseSearch, stringifySearch } from "./search-params";

test("a name that comes twice is a list", () => {
  expect(parseSearch("?status=open&status=fixing&service=a%20b&search=")).toEqual({
    status: ["open", "fixing"],
    service: "a b",
    search: "",
  });
});

test("what was written is read again, without what is empty", () => {
  const search = stringifySearch({ status: ["open", "fixing"], service: "a&b=c", search: "", show: undefined });

  expect(search).toBe("?status=open&status=fixing&service=a%26b%3Dc");
  expect(parseSearch(search)).toEqual({ status: ["open", "fixing"], service: "a&b=c" });
});

test("nothing is written as nothing", () => {
  expect(stringifySearch({})).toBe("");
});

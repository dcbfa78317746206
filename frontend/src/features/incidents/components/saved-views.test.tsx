import { screen } from "@testing-library/react";
import { expect, test } from "vitest";

import { openPage } from "@/testing/render-app";

import { isSameView, viewsRead } from "../saved-views";

test("filters are kept under a name, found again, and forgotten", async () => {
  const person = openPage("/?severity=P1&status=fixing");
  await person.click(await screen.findByRole("button", { name: "Views" }));
  await person.type(screen.getByLabelText("Save these filters as"), "Hot fixes{Enter}");
  expect(await screen.findByRole("button", { name: "Hot fixes" })).toBeVisible();

  await person.click(screen.getByRole("button", { name: "Clear" }));
  await person.click(await screen.findByRole("button", { name: "Views" }));
  await person.click(screen.getByRole("button", { name: "Hot fixes" }));
  expect(new URLSearchParams(window.location.search).get("severity")).toBe("P1");

  await person.click(screen.getByRole("button", { name: "Hot fixes" }));
  await person.click(await screen.findByRole("button", { name: "Forget Hot fixes" }));
  expect(await screen.findByRole("button", { name: "Views" })).toBeVisible();
});

test("of what is stored only what this release knows is used", () => {
  expect(viewsRead('[{"name":"a","filters":{"severity":["P1","P9"],"search":5}}]')).toEqual([
    { name: "a", filters: { severity: ["P1"] } },
  ]);
  expect(viewsRead("not JSON")).toEqual([]);
  expect(viewsRead('[{"name":1}]')).toEqual([]);
});

test("the order of choices makes no other view", () => {
  expect(isSameView({ status: ["open", "fixing"] }, { status: ["fixing", "open"] })).toBe(true);
  expect(isSameView({ severity: ["P1"] }, {})).toBe(false);
});

import { expect, test } from "vitest";

import { serviceSettings } from "@/testing/rows";

import { changesOf, draftOf } from "./draft";

test("a form that nobody touched changes nothing", () => {
  const draft = draftOf(serviceSettings());

  expect(changesOf(draft, draftOf(serviceSettings()))).toEqual({});
});

test("only what was changed is sent, a list without its empty lines", () => {
  const draft = draftOf(serviceSettings());

  const changes = changesOf(draft, { ...draft, mode: "observe", alarm_patterns: "orders-*\n\n checkout-* \n" });

  expect(changes).toEqual({ mode: "observe", alarm_patterns: ["orders-*", "checkout-*"] });
});

test("patterns of risk are sent as a whole", () => {
  const draft = draftOf(serviceSettings());
  const risk_patterns = [{ pattern: "src/ledger/*", risk: "HIGH" as const, why: "money" }];

  expect(changesOf(draft, { ...draft, risk_patterns })).toEqual({ risk_patterns });
});

import type { Severity, Status } from "@/api/types";

import { SEVERITIES, STATUSES } from "./choices";

/** What the address of the list says; what is not said is not in it. */
export type Filters = {
  status?: Status[];
  severity?: Severity[];
  service?: string;
  search?: string;
  show?: "open" | "ended";
};

/** Return the filters in the address, without what this release does not know. */
export function readFilters(search: Record<string, unknown>): Filters {
  const status = known(search.status, STATUSES);
  const severity = known(search.severity, SEVERITIES);
  const service = text(search.service);
  const words = text(search.search);
  return {
    ...(status.length > 0 && { status }),
    ...(severity.length > 0 && { severity }),
    ...(service && { service }),
    ...(words && { search: words }),
    ...((search.show === "open" || search.show === "ended") && { show: search.show }),
  };
}

function known<Choice extends string>(value: unknown, choices: readonly Choice[]): Choice[] {
  const given: unknown[] = Array.isArray(value) ? value : [value];
  return choices.filter((choice) => given.includes(choice));
}

function text(value: unknown): string {
  return typeof value === "string" ? value.trim() : "";
}

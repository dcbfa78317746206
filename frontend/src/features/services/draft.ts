import type { Risk, ServiceSettings } from "@/api/types";

export const RISKS: readonly Risk[] = ["LOW", "MEDIUM", "HIGH", "CRITICAL"];

export type RiskRow = { pattern: string; risk: Risk | ""; why: string };

const LISTS = ["alarm_patterns", "log_groups", "allowed_paths", "owners"] as const;
const WORDS = [
  "repository",
  "default_branch",
  "deployed_ref",
  "test_command",
  "sandbox_image",
  "approval_threshold",
  "mode",
  "merge_policy",
  "alarm_policy",
  "incidents_per_hour",
  "budget_usd_per_incident",
  "budget_usd_per_day",
] as const;

export type ListField = (typeof LISTS)[number];
export type WordField = (typeof WORDS)[number];

/** The settings as they stand in the form: lists with an entry on each line, numbers as they are typed. */
export type Draft = Record<ListField | WordField, string> & { risk_patterns: RiskRow[] };

export function draftOf(service: ServiceSettings): Draft {
  return {
    ...texts(LISTS, (name) => service[name].join("\n")),
    ...texts(WORDS, (name) => String(service[name])),
    risk_patterns: service.risk_patterns.map(({ pattern, risk, why }) => ({ pattern, risk, why })),
  };
}

function texts<Name extends string>(names: readonly Name[], text: (name: Name) => string) {
  return Object.fromEntries(names.map((name) => [name, text(name)])) as Record<Name, string>;
}

/** Return what the form would change, as the API takes it; what stays as it was is left out. */
export function changesOf(before: Draft, draft: Draft): Record<string, unknown> {
  const changes: Record<string, unknown> = {};
  for (const name of LISTS) if (draft[name] !== before[name]) changes[name] = lines(draft[name]);
  for (const name of WORDS) if (draft[name] !== before[name]) changes[name] = draft[name].trim();
  if (JSON.stringify(draft.risk_patterns) !== JSON.stringify(before.risk_patterns)) {
    changes.risk_patterns = draft.risk_patterns;
  }
  return changes;
}

function lines(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
}

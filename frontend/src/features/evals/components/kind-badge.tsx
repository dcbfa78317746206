import { Badge } from "@mantine/core";

import type { EvalRunRow } from "@/api/types";

const KINDS: Record<EvalRunRow["kind"], { color: string; text: string }> = {
  model: { color: "indigo", text: "model" },
  floor: { color: "gray", text: "floor" },
  harness: { color: "yellow", text: "tests the harness" },
};

/** Whether an entrant's figures say anything about the agents. */
export function KindBadge({ kind, note }: { kind: EvalRunRow["kind"]; note: string }) {
  return (
    <Badge color={KINDS[kind].color} title={note}>
      {KINDS[kind].text}
    </Badge>
  );
}

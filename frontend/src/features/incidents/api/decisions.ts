import { useMutation, useQueryClient } from "@tanstack/react-query";

import { client } from "@/api/client";
import { csrfToken } from "@/api/csrf";
import { queryKeys } from "@/api/query-keys";
import type { RejectionReason } from "@/api/types";
import { outsideText } from "@/format/outside-text";

/** What a person decides about exactly the bytes that they were shown. */
export type Decision =
  | { kind: "approve"; comment: string; mayMerge: boolean }
  | { kind: "reject"; reason: RejectionReason; comment: string };

type Question = { incident: number; approval: number; shownSha256: string };

/** Why a decision did not count, in the server's words. */
export class DecisionRefused extends Error {}

/** Send a decision; afterwards the incident is read again, whatever came of it. */
export function useDecide({ incident, approval, shownSha256 }: Question) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: async (decision: Decision) => {
      await send(approval, shownSha256, decision);
    },
    onSettled: () => queryClient.invalidateQueries({ queryKey: queryKeys.incident(incident) }),
  });
}

async function send(approval: number, shownSha256: string, decision: Decision): Promise<void> {
  const params = { path: { id: approval } };
  const headers = { "X-CSRFToken": csrfToken() };
  const shown = { diff_sha256: shownSha256, comment: decision.comment };
  let answer;
  try {
    answer =
      decision.kind === "approve"
        ? await client.POST("/api/approvals/{id}/approve/", {
            params,
            headers,
            body: { ...shown, may_merge: decision.mayMerge },
          })
        : await client.POST("/api/approvals/{id}/reject/", {
            params,
            headers,
            body: { ...shown, reason: decision.reason, better_diff: "" },
          });
  } catch {
    throw new DecisionRefused("The server could not be reached. It may have counted all the same: see below.");
  }
  if (!answer.response.ok) throw new DecisionRefused(refusal(answer.error, answer.response.status));
}

function refusal(given: unknown, status: number): string {
  const isNamed = typeof given === "object" && given !== null && "detail" in given && typeof given.detail === "string";
  return isNamed ? outsideText(given.detail as string) : `The server answered with status ${status}.`;
}

import { Alert, Button, Checkbox, Group, Select, Stack, Text, Textarea } from "@mantine/core";
import { useState } from "react";

import type { Approval, Fix, Incident, RejectionReason } from "@/api/types";
import { words } from "@/format/words";

import { type Decision, useDecide } from "../api/decisions";
import { attemptName } from "../api/run";

const REASONS: Record<RejectionReason, string> = {
  analysis_wrong: "Analysis wrong",
  fix_wrong: "Fix wrong",
  fix_incomplete: "Fix incomplete",
  style: "Style",
  not_wanted: "Not wanted",
  already_fixed: "Already fixed",
  unclear: "Unclear",
};
const REASON_CHOICES = Object.entries(REASONS).map(([value, label]) => ({ value, label }));

type Props = { incident: Incident; approval: Approval; fix: Fix };

/** The two answers to a question, about exactly the diff that this page shows. */
export function DecisionForm({ incident, approval, fix }: Props) {
  const [kind, setKind] = useState<Decision["kind"] | null>(null);
  const decide = useDecide({ incident: incident.id, approval: approval.id, shownSha256: fix.diff_sha256 });
  const cancel = () => {
    setKind(null);
    decide.reset();
  };

  return (
    <Stack gap="xs">
      <Text size="sm">
        You decide about {attemptName(incident, fix).toLowerCase()} as it is shown below, {fix.diff_sha256.slice(0, 12)}.
      </Text>
      {kind === null && (
        <Group gap="xs">
          <Button
            size="sm"
            color="teal.9"
            onClick={() => {
              setKind("approve");
            }}
          >
            Approve…
          </Button>
          <Button
            size="sm"
            variant="default"
            c="light-dark(var(--mantine-color-red-9), var(--mantine-color-red-4))"
            onClick={() => {
              setKind("reject");
            }}
          >
            Reject…
          </Button>
        </Group>
      )}
      {kind === "approve" && (
        <Approving
          mayMergeItself={incident.service.merge_policy === "when_green"}
          isSending={decide.isPending}
          onDecide={decide.mutate}
          onCancel={cancel}
        />
      )}
      {kind === "reject" && <Rejecting isSending={decide.isPending} onDecide={decide.mutate} onCancel={cancel} />}
      {decide.error && (
        <Alert color="red" title="Your decision was not counted" py="xs">
          {decide.error.message}
        </Alert>
      )}
      {decide.isSuccess && <Text size="sm">Your decision is recorded: {words(kind ?? "").toLowerCase()}.</Text>}
    </Stack>
  );
}

type FormProps = { isSending: boolean; onDecide: (decision: Decision) => void; onCancel: () => void };

function Approving({ mayMergeItself, isSending, onDecide, onCancel }: FormProps & { mayMergeItself: boolean }) {
  const [comment, setComment] = useState("");
  const [mayMerge, setMayMerge] = useState(false);
  return (
    <form
      aria-label="Approve"
      onSubmit={(event) => {
        event.preventDefault();
        onDecide({ kind: "approve", comment, mayMerge });
      }}
    >
      <Stack gap="xs">
        <Textarea
          label="Comment"
          description="Optional; it stays with the decision."
          rows={3}
          value={comment}
          onChange={(event) => {
            setComment(event.currentTarget.value);
          }}
        />
        {mayMergeItself && (
          <Checkbox
            label="The platform may merge it when its checks are green"
            checked={mayMerge}
            onChange={(event) => {
              setMayMerge(event.currentTarget.checked);
            }}
          />
        )}
        <Buttons name="Approve and open the pull request" color="teal.9" isSending={isSending} onCancel={onCancel} />
      </Stack>
    </form>
  );
}

function Rejecting({ isSending, onDecide, onCancel }: FormProps) {
  const [reason, setReason] = useState<RejectionReason | null>(null);
  const [comment, setComment] = useState("");
  const [isTried, setIsTried] = useState(false);
  const isCommented = comment.trim() !== "";
  return (
    <form
      aria-label="Reject"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setIsTried(true);
        if (reason !== null && isCommented) onDecide({ kind: "reject", reason, comment });
      }}
    >
      <Stack gap="xs">
        <Select
          label="Reason"
          placeholder="What is wrong with it"
          data={REASON_CHOICES}
          value={reason}
          onChange={(value) => {
            setReason(value as RejectionReason | null);
          }}
          error={isTried && reason === null && "Say what is wrong with it."}
          allowDeselect={false}
          required
        />
        <Textarea
          label="Comment"
          description="The next fix for this error is told."
          rows={3}
          value={comment}
          onChange={(event) => {
            setComment(event.currentTarget.value);
          }}
          error={isTried && !isCommented && "Say in a sentence what the next fix should do otherwise."}
          required
        />
        <Buttons name="Reject" color="red.9" isSending={isSending} onCancel={onCancel} />
      </Stack>
    </form>
  );
}

type ButtonsProps = { name: string; color: string; isSending: boolean; onCancel: () => void };

function Buttons({ name, color, isSending, onCancel }: ButtonsProps) {
  return (
    <Group gap="xs">
      <Button type="submit" size="sm" color={color} loading={isSending}>
        {name}
      </Button>
      <Button size="sm" variant="default" onClick={onCancel} disabled={isSending}>
        Not now
      </Button>
    </Group>
  );
}

import { Alert, Button, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { client } from "@/api/client";
import { meQuery } from "@/api/me";
import { queryKeys } from "@/api/query-keys";
import { summaryQuery } from "@/api/summary";
import { Refused, write } from "@/api/write";
import { Age } from "@/components/age";
import { problemWords } from "@/components/problem-words";
import { Quiet } from "@/components/quiet";
import { Section } from "@/components/section";

/** Whether everything stands still, and the switch for those who may press it. */
export function PauseSwitch() {
  const { data: summary } = useQuery(summaryQuery);
  const { data: me } = useQuery(meQuery);
  const [reason, setReason] = useState("");
  const queryClient = useQueryClient();
  const change = useMutation({
    mutationFn: async (act: "pause" | "go on") => {
      await (act === "pause"
        ? write(client.POST("/api/pause/", { body: { reason } }))
        : write(client.DELETE("/api/pause/")));
    },
    onSuccess: () => {
      setReason("");
    },
    onSettled: () => queryClient.invalidateQueries({ queryKey: queryKeys.summary }),
  });
  if (summary === undefined || me === undefined) return null;
  const { pause } = summary;
  return (
    <Section title="Pipeline">
      <Stack gap="sm">
        {pause ? (
          <Text size="sm">
            Paused by {pause.started_by.replace(/^user:/, "")} <Age at={pause.started_at} suffix=" ago" />:{" "}
            {pause.reason}
          </Text>
        ) : (
          <Text size="sm">Running.</Text>
        )}
        {change.error && <PauseProblem error={change.error} />}
        {!me.may_pause && <Quiet>Your account may not pause it.</Quiet>}
        {me.may_pause && pause && (
          <Button
            loading={change.isPending}
            onClick={() => {
              change.mutate("go on");
            }}
          >
            Let everything go on
          </Button>
        )}
        {me.may_pause && !pause && (
          <form
            onSubmit={(event) => {
              event.preventDefault();
              change.mutate("pause");
            }}
          >
            <Stack gap="xs">
              <TextInput
                label="Reason"
                description="What people read who wonder why nothing moves."
                value={reason}
                maxLength={500}
                error={change.error instanceof Refused && change.error.fields.reason}
                onChange={(event) => {
                  setReason(event.currentTarget.value);
                }}
              />
              <Button type="submit" color="orange" loading={change.isPending} disabled={reason.trim() === ""}>
                Pause everything
              </Button>
            </Stack>
          </form>
        )}
      </Stack>
    </Section>
  );
}

function PauseProblem({ error }: { error: Error }) {
  if (error instanceof Refused && error.fields.reason) return null;
  return (
    <Alert color="red" role="alert" title="The switch was not pressed">
      {error instanceof Refused ? error.message : problemWords(error).title}
    </Alert>
  );
}

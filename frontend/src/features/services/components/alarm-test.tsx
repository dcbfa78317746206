import { Alert, Button, Stack, Text, Textarea } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { client } from "@/api/client";
import type { RouteTest } from "@/api/types";
import { Refused, write } from "@/api/write";
import { PageLink } from "@/components/page-link";
import { problemWords } from "@/components/problem-words";
import { Quiet } from "@/components/quiet";
import { Section } from "@/components/section";
import { words } from "@/format/words";

/** Where a pasted alarm would go, and why. */
export function AlarmTest() {
  const [payload, setPayload] = useState("");
  const test = useMutation({ mutationFn: () => write(client.POST("/api/route-test/", { body: { payload } })) });
  const refusal = test.error instanceof Refused ? test.error.message : undefined;
  return (
    <Section title="Test an alarm" aside={<Quiet>nothing is stored or started</Quiet>}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          test.mutate();
        }}
      >
        <Stack gap="sm" align="flex-start">
          <Textarea
            label="Payload"
            description="An SNS message, or the alarm that CloudWatch publishes, as JSON."
            value={payload}
            onChange={(event) => {
              setPayload(event.currentTarget.value);
            }}
            error={refusal}
            autosize
            minRows={5}
            maxRows={18}
            w="100%"
            spellCheck={false}
            styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: 13 } }}
          />
          <Button type="submit" loading={test.isPending} disabled={payload.trim() === ""}>
            Where would it go?
          </Button>
        </Stack>
      </form>
      {test.error && refusal === undefined && (
        <Alert color="red" mt="sm" role="alert" title={problemWords(test.error).title}>
          {problemWords(test.error).text}
        </Alert>
      )}
      {test.data && <Answer found={test.data} />}
    </Section>
  );
}

const WHAT: Record<RouteTest["disposition"], string> = {
  received: "It would be stored",
  opened: "It would open an incident",
  attached: "It would join an open incident",
  ok: "It says that all is well again",
  insufficient_data: "It says that there is too little data",
  unrouted: "It would stay unrouted until a person routes it",
  confirmed: "It would confirm the subscription",
  unsubscribed: "It would note that the subscription ended",
};

function Answer({ found }: { found: RouteTest }) {
  const { alarm, service, incident, known_event: known, pause } = found;
  return (
    <Alert
      mt="md"
      color={found.disposition === "unrouted" ? "orange" : "teal"}
      variant="light"
      role="status"
      title={known === null ? WHAT[found.disposition] : `Delivered before as event ${known}: nothing more would happen`}
    >
      <Stack gap={6}>
        {known !== null && <Text size="sm">Were it new: {WHAT[found.disposition].toLowerCase()}.</Text>}
        <Text size="sm">{found.reason}</Text>
        {alarm && (
          <Text size="sm">
            {alarm.name} is {alarm.state}, account {alarm.account || "not named"}, region{" "}
            {alarm.region || "not named"}
          </Text>
        )}
        {service && (
          <Text size="sm">
            Service{" "}
            <PageLink to="/services/$serviceId" params={{ serviceId: String(service.id) }}>
              {service.name}
            </PageLink>
            {service.mode === "observe" && ", which is only observed: no pull request would be opened"}
          </Text>
        )}
        {incident && (
          <Text size="sm">
            Incident{" "}
            <PageLink to="/incidents/$incidentId" params={{ incidentId: String(incident.id) }}>
              #{incident.id} {incident.title}
            </PageLink>
            , {words(incident.status).toLowerCase()}
          </Text>
        )}
        {found.resolves && (
          <Text size="sm">{incident ? "That incident" : "The new incident"} would be resolved at once.</Text>
        )}
        {pause && <Text size="sm">The pipeline is paused ({pause.reason}): it would wait for the end of that.</Text>}
        {found.hold && <Text size="sm">{found.hold}</Text>}
        {found.remarks.map((remark) => (
          <Text key={remark} size="sm">
            {remark}
          </Text>
        ))}
      </Stack>
    </Alert>
  );
}

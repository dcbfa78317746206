import { Alert, Badge, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import { summaryQuery } from "@/api/summary";
import type { WorkQueues } from "@/api/types";
import { DataTable } from "@/components/data-table";
import { Loaded } from "@/components/loaded";
import { Quiet } from "@/components/quiet";
import { Section } from "@/components/section";
import { plural } from "@/format/words";

import { workQuery } from "../api/queries";

/** What waits in each queue and who takes it. */
export function WorkSection() {
  const work = useQuery(workQuery);
  const { data: summary } = useQuery(summaryQuery);
  return (
    <Section title="Queues and workers">
      <Loaded query={work} what="the queues">
        {(found) => <Queues work={found} />}
      </Loaded>
      {summary?.waiting.map(({ service, count, incidents_per_hour: limit }) => (
        <Text key={service} size="sm" mt="xs">
          {plural(count, "incident")} of {service} not begun; its limit is {limit} an hour.
        </Text>
      ))}
    </Section>
  );
}

function Queues({ work }: { work: WorkQueues }) {
  if (!work.is_known) {
    return (
      <Alert color="orange" title="Nobody knows who works">
        The broker does not answer. Nothing is lost: work goes on when it is back.
      </Alert>
    );
  }
  return (
    <>
      <DataTable label="Queues" head={["Queue", "Waiting", "Taken by"]}>
        {work.queues.map(({ name, waiting, workers }) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>{waiting ?? "–"}</td>
            <td>
              {workers.length > 0 ? workers.map(shortName).join(", ") : <Badge color="red">no worker</Badge>}
            </td>
          </tr>
        ))}
      </DataTable>
      <Quiet>{plural(work.workers.length, "worker")} answered just now.</Quiet>
    </>
  );
}

/** `worker@host-1.internal` -> `worker@host-1`. */
function shortName(name: string): string {
  return name.replace(/^([^@]+@[^.]+).*$/, "$1");
}

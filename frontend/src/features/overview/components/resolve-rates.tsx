import { Progress } from "@mantine/core";

import type { Overview } from "@/api/types";
import { DataTable } from "@/components/data-table";
import { Quiet } from "@/components/quiet";
import { Section } from "@/components/section";
import { shareWithInterval } from "@/format/share";

/** What became of each service's real incidents. */
export function ResolveRates({ services }: { services: Overview["services"] }) {
  return (
    <Section title="Resolve rate by service">
      {services.length === 0 ? (
        <Quiet>No real incident has entered the pipeline in this span.</Quiet>
      ) : (
        <DataTable
          label="Resolve rate by service"
          head={["Service", "Resolved of ended, with its 95 % interval", "", "by our fix", "unsolved", "still moving"]}
        >
          {services.map((row) => (
            <tr key={row.service}>
              <th scope="row">{row.service}</th>
              <td>{shareWithInterval(row.rate, row.low, row.high)}</td>
              <td style={{ minWidth: "6rem" }} aria-hidden>
                <Progress value={100 * (row.rate ?? 0)} mt={6} color="teal" />
              </td>
              <td>
                {row.resolved_by_fix} of {row.resolved}
              </td>
              <td>{row.unsolved}</td>
              <td>{row.moving}</td>
            </tr>
          ))}
        </DataTable>
      )}
    </Section>
  );
}

import { Progress } from "@mantine/core";

import type { Overview } from "@/api/types";
import { DataTable } from "@/components/data-table";
import { Quiet } from "@/components/quiet";
import { Section } from "@/components/section";
import { costText } from "@/format/money";

/** What today's model calls cost, against what they may. */
export function SpendToday({ overview }: { overview: Overview }) {
  const rows = [
    ...overview.spent_today_by_service.map((row) => ({ name: row.service, of: row.budget_usd, spent: row.spent_usd })),
    { name: "All services", of: overview.budget_today_usd, spent: overview.spent_today_usd },
  ];
  return (
    <Section title="Spent today" aside={<Quiet>since midnight UTC</Quiet>}>
      <DataTable label="Spent today" head={["Service", "Spent", "", "Budget of a day"]}>
        {rows.map(({ name, of, spent }) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>{costText(spent)}</td>
            <td style={{ minWidth: "6rem" }} aria-hidden>
              <Progress
                value={Number(of) > 0 ? Math.min(100, (100 * Number(spent)) / Number(of)) : 0}
                mt={6}
                color={Number(spent) > 0.8 * Number(of) ? "orange" : "indigo"}
              />
            </td>
            <td>{costText(of)}</td>
          </tr>
        ))}
      </DataTable>
    </Section>
  );
}

import type { EvalRun } from "@/api/types";
import { DataTable } from "@/components/data-table";
import { Section } from "@/components/section";
import { shareText } from "@/format/share";

/** Right answers within each tag of the cases. */
export function GroupTable({ groups }: { groups: EvalRun["groups"] }) {
  return (
    <Section title="By tag">
      <DataTable label="By tag" head={["Tag", "Right", "95 % interval"]}>
        {groups.map(({ name, right, total, low, high }) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>
              {right} of {total}
            </td>
            <td>{low == null || high == null ? "–" : `${shareText(low)} to ${shareText(high)}`}</td>
          </tr>
        ))}
      </DataTable>
    </Section>
  );
}

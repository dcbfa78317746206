import { Progress } from "@mantine/core";

import type { EvalRun } from "@/api/types";
import { DataTable } from "@/components/data-table";
import { Quiet } from "@/components/quiet";
import { Section } from "@/components/section";
import { shareText } from "@/format/share";

/** What answers of like confidence claimed, and how often they were right. */
export function CalibrationTable({ bins }: { bins: EvalRun["calibration"] }) {
  return (
    <Section title="Calibration" aside={<Quiet>a calibrated model is as often right as it claims</Quiet>}>
      <DataTable label="Calibration" head={["Claimed", "", "Right", "", "Answers"]}>
        {bins.map(({ claimed, right, count }) => (
          <tr key={claimed}>
            <td>{shareText(claimed)}</td>
            <td style={{ minWidth: "8rem" }} aria-hidden>
              <Progress value={100 * claimed} mt={6} color="gray" />
            </td>
            <td>{shareText(right)}</td>
            <td style={{ minWidth: "8rem" }} aria-hidden>
              <Progress value={100 * right} mt={6} color="teal" />
            </td>
            <td>{count}</td>
          </tr>
        ))}
      </DataTable>
    </Section>
  );
}

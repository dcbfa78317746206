import type { Matrix } from "@/api/types";
import { DataTable } from "@/components/data-table";

import styles from "./matrix-table.module.css";

/** Counts by expected and given label; the darker a cell, the more of its row are in it. */
export function MatrixTable({ matrix: { title, labels, counts } }: { matrix: Matrix }) {
  return (
    <DataTable label={title} head={["", ...labels]}>
      {counts.map((row, place) => {
        const total = row.reduce((sum, count) => sum + count, 0);
        return (
          <tr key={labels[place]}>
            <th scope="row">{labels[place]}</th>
            {row.map((count, column) => (
              <td
                key={labels[column]}
                className={styles.cell}
                style={{
                  "--strength": total === 0 ? 0 : count / total,
                  "--tone": column === place ? "var(--mantine-color-teal-6)" : "var(--mantine-color-red-6)",
                }}
              >
                {count}
              </td>
            ))}
          </tr>
        );
      })}
    </DataTable>
  );
}

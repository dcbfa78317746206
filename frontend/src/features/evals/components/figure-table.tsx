import type { Figure } from "@/api/types";
import { DataTable } from "@/components/data-table";

import { figureName, figureNamed, figureText } from "../figures";

type Props = { label: string; columns: { name: string; figures: Figure[] }[] };

/** Figures side by side, in the order of the first column. */
export function FigureTable({ label, columns }: Props) {
  return (
    <DataTable label={label} head={["Figure", "Better", ...columns.map(({ name }) => name), "n"]}>
      {columns[0]?.figures.map((figure) => (
        <tr key={figure.name}>
          <th scope="row">{figureName(figure)}</th>
          <td>{figure.better === "high" ? "higher" : "lower"}</td>
          {columns.map(({ name, figures }) => (
            <td key={name}>{figureText(figureNamed(figures, figure.name))}</td>
          ))}
          <td>{figure.n}</td>
        </tr>
      ))}
    </DataTable>
  );
}

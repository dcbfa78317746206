import type { ReactNode } from "react";

import styles from "./data-table.module.css";

type Props = { label: string; head: ReactNode[]; children: ReactNode };

/** A plain table, which scrolls in itself where a phone is too narrow for it; a keyboard can scroll it too. */
export function DataTable({ label, head, children }: Props) {
  return (
    <div className={styles.scroll} tabIndex={0} role="group" aria-label={label}>
      <table className={styles.table}>
        <thead>
          <tr>
            {head.map((cell, column) => (
              <th key={column} scope="col">
                {cell}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

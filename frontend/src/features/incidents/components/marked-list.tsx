import type { ReactNode } from "react";

import styles from "./marked-list.module.css";

type Props = { items: { mark: ReactNode; content: ReactNode }[] };

/** A list whose items each begin with a badge, one below the other. */
export function MarkedList({ items }: Props) {
  return (
    <ul className={styles.list}>
      {items.map(({ mark, content }, index) => (
        // Items of a stored document never move.
        <li key={index}>
          {mark}
          <div>{content}</div>
        </li>
      ))}
    </ul>
  );
}

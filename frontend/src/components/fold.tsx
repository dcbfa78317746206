import { type ReactNode, useState } from "react";

import styles from "./fold.module.css";

type Props = { summary: ReactNode; isOpenAtFirst?: boolean; children: () => ReactNode };

/** Something folded away; it is built, and what it needs is asked for, when it is first opened. */
export function Fold({ summary, isOpenAtFirst = false, children }: Props) {
  const [isOpen, setIsOpen] = useState(isOpenAtFirst);
  const [isBuilt, setIsBuilt] = useState(isOpenAtFirst);
  return (
    <details
      className={styles.fold}
      open={isOpen}
      onToggle={(event) => {
        setIsOpen(event.currentTarget.open);
        if (event.currentTarget.open) setIsBuilt(true);
      }}
    >
      <summary>{summary}</summary>
      {isBuilt && <div className={styles.content}>{children()}</div>}
    </details>
  );
}

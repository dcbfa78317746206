import { type ReactNode, useState } from "react";

import styles from "./fold.module.css";

type Props = { summary: ReactNode; isOpenAtFirst?: boolean; children: () => ReactNode };

/**
 * Something folded away; it is built, and what it needs is asked for, when it is first opened. It opens by itself at
 * first, and once more where `isOpenAtFirst` becomes true later; what a person opened or closed otherwise stays.
 */
export function Fold({ summary, isOpenAtFirst = false, children }: Props) {
  const [isOpen, setIsOpen] = useState(isOpenAtFirst);
  const [isBuilt, setIsBuilt] = useState(isOpenAtFirst);
  const [wasOpenAtFirst, setWasOpenAtFirst] = useState(isOpenAtFirst);
  if (isOpenAtFirst !== wasOpenAtFirst) {
    setWasOpenAtFirst(isOpenAtFirst);
    if (isOpenAtFirst) {
      setIsOpen(true);
      setIsBuilt(true);
    }
  }
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

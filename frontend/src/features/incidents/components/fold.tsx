import { type ReactNode, useState } from "react";

import classes from "./fold.module.css";

interface FoldProps {
  summary: ReactNode;
  isOpenAtFirst?: boolean;
  children: () => ReactNode;
}

/** Something folded away; it is built, and what it needs is asked for, when it is first opened. */
export function Fold({ summary, isOpenAtFirst = false, children }: FoldProps) {
  const [isBuilt, setIsBuilt] = useState(isOpenAtFirst);
  return (
    <details
      className={classes.fold}
      open={isOpenAtFirst}
      onToggle={(event) => {
        if (event.currentTarget.open) setIsBuilt(true);
      }}
    >
      <summary>{summary}</summary>
      {isBuilt && <div className={classes.content}>{children()}</div>}
    </details>
  );
}

import { Code } from "@mantine/core";
import type { ReactNode } from "react";

import type { Incident } from "@/api/types";
import { OutsideLink } from "@/components/outside-link";

import styles from "./code-reference.module.css";

type Props = { incident: Incident; reference: string; more?: string };

/** A place in the code, `path:line`: a link to it at the commit, if the code host shows files. */
export function CodeReference({ incident, reference, more = "" }: Props) {
  const address = incident.code_links[reference];
  const shown = <Code>{reference + more}</Code>;
  return address === undefined ? (
    shown
  ) : (
    <Checked>
      <OutsideLink to={address} inherit>
        {shown}
      </OutsideLink>
    </Checked>
  );
}

/** Something in the code whose existence was checked. */
export function Checked({ children }: { children: ReactNode }) {
  return (
    <span className={styles.checked} title="Checked: it is in the repository at the deployed commit">
      {children}
    </span>
  );
}

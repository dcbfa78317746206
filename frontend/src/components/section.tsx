import { Group, Title } from "@mantine/core";
import { type ReactNode, useId } from "react";

import styles from "./section.module.css";

type Props = { title: string; aside?: ReactNode; children: ReactNode };

/** A card with a heading that names it. */
export function Section({ title, aside, children }: Props) {
  const id = useId();
  return (
    <section className={styles.section} aria-labelledby={id}>
      <Group justify="space-between" mb="sm" gap="xs">
        <Title order={2} size="h5" id={id}>
          {title}
        </Title>
        {aside}
      </Group>
      {children}
    </section>
  );
}

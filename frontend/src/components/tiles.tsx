import { Text } from "@mantine/core";
import type { ReactNode } from "react";

import styles from "./tiles.module.css";

/** Figures side by side. */
export function Tiles({ children }: { children: ReactNode }) {
  return <dl className={styles.tiles}>{children}</dl>;
}

type TileProps = { label: string; value: string | undefined; note: string; isUrgent?: boolean };

/** One figure; without a value it is still being read. */
export function Tile({ label, value, note, isUrgent = false }: TileProps) {
  return (
    <div className={styles.tile} data-urgent={isUrgent}>
      <dt className={styles.label}>{label}</dt>
      <dd className={styles.value}>{value ?? " "}</dd>
      <Text component="dd" size="xs" c="dimmed" m={0}>
        {value === undefined ? " " : note}
      </Text>
    </div>
  );
}

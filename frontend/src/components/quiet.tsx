import { Text } from "@mantine/core";
import type { ReactNode } from "react";

/** A remark beside what matters. */
export function Quiet({ children }: { children: ReactNode }) {
  return (
    <Text size="sm" c="dimmed">
      {children}
    </Text>
  );
}

import { Text } from "@mantine/core";

export function Confidence({ value }: { value: number }) {
  return (
    <Text size="sm" c="dimmed">
      {Math.round(value * 100)} % confident
    </Text>
  );
}

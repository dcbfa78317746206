import { ActionIcon, Button, Fieldset, Group, Input, Select, Text, TextInput } from "@mantine/core";
import { Cross2Icon } from "@radix-ui/react-icons";

import { type RiskRow, RISKS } from "../draft";

type Props = {
  rows: RiskRow[];
  error: string | undefined;
  isReadOnly: boolean;
  onChange: (rows: RiskRow[]) => void;
};

/** The paths that raise the risk of a fix, each with how far and why. */
export function RiskPatternRows({ rows, error, isReadOnly, onChange }: Props) {
  const set = (place: number, change: Partial<RiskRow>) => {
    onChange(rows.map((row, index) => (index === place ? { ...row, ...change } : row)));
  };
  return (
    <Fieldset legend="Paths that raise the risk" mt="md">
      {rows.length === 0 && (
        <Text size="sm" c="dimmed">
          None besides those that raise it everywhere.
        </Text>
      )}
      {rows.map((row, place) => (
        <Group key={place} gap="xs" mb="xs" wrap="nowrap">
          <TextInput
            aria-label={`Pattern ${place + 1}`}
            placeholder="src/ledger/*"
            value={row.pattern}
            readOnly={isReadOnly}
            onChange={(event) => {
              set(place, { pattern: event.currentTarget.value });
            }}
            flex={2}
          />
          <Select
            aria-label={`Risk of pattern ${place + 1}`}
            placeholder="Risk"
            data={[...RISKS]}
            value={row.risk || null}
            readOnly={isReadOnly}
            allowDeselect={false}
            onChange={(risk) => {
              if (risk !== null) set(place, { risk });
            }}
            flex={1}
          />
          <TextInput
            aria-label={`Reason of pattern ${place + 1}`}
            placeholder="money"
            value={row.why}
            readOnly={isReadOnly}
            onChange={(event) => {
              set(place, { why: event.currentTarget.value });
            }}
            flex={2}
          />
          {!isReadOnly && (
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={`Remove pattern ${place + 1}`}
              onClick={() => {
                onChange(rows.filter((_, index) => index !== place));
              }}
            >
              <Cross2Icon />
            </ActionIcon>
          )}
        </Group>
      ))}
      {error && <Input.Error>{error}</Input.Error>}
      {!isReadOnly && (
        <Button
          variant="default"
          size="xs"
          mt="xs"
          onClick={() => {
            onChange([...rows, { pattern: "", risk: "", why: "" }]);
          }}
        >
          Add a path
        </Button>
      )}
    </Fieldset>
  );
}

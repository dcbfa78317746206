import { Badge, Code, Group, List, Stack, Text } from "@mantine/core";

import type { Fix, Incident } from "@/api/types";
import { Fold } from "@/components/fold";
import { Quiet } from "@/components/quiet";
import { plural } from "@/format/words";

import { CodeReference } from "./code-reference";

type Radius = NonNullable<Fix["blast_radius"]>;
type Props = { incident: Incident; radius: Radius };

/** What a change can reach by the call graph of the deployed commit. */
export function BlastRadius({ incident, radius: { changed, callers, contracts, is_cut: isCut } }: Props) {
  const reach =
    callers.length === 0 && contracts.length === 0
      ? "no caller is known"
      : `${plural(callers.length, "caller")}, ${plural(contracts.length, "contract")}${isCut ? " and more" : ""}`;
  return (
    <Fold summary={`What it can reach: ${reach}`}>
      {() => (
        <Stack gap="sm">
          <Names name="Changed" color="indigo" names={changed} />
          <Names name="Contracts at the end" color="orange" names={contracts} />
          {callers.length > 0 && (
            <List size="sm" spacing={6} listStyleType="none" m={0} aria-label="Callers">
              {callers.map(({ path, line, name, depth, is_certain: isCertain }) => (
                <List.Item key={`${path}:${line} ${name}`}>
                  <Group gap={8} component="span">
                    <Code>{name}</Code>
                    <CodeReference incident={incident} reference={`${path}:${line}`} />
                    <Text span size="xs" c="dimmed">
                      {plural(depth, "call")} away{!isCertain && ", by the method's name alone"}
                    </Text>
                  </Group>
                </List.Item>
              ))}
            </List>
          )}
          {isCut && <Quiet>There is more than is listed.</Quiet>}
        </Stack>
      )}
    </Fold>
  );
}

function Names({ name, color, names }: { name: string; color: string; names: string[] }) {
  if (names.length === 0) return null;
  return (
    <Group gap={8}>
      <Badge variant="dot" color={color}>
        {name} · {names.length}
      </Badge>
      {names.map((each) => (
        <Code key={each}>{each}</Code>
      ))}
    </Group>
  );
}

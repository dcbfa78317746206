import { Group, Loader, SegmentedControl, Stack } from "@mantine/core";
import { useLocalStorage, useMediaQuery } from "@mantine/hooks";
import { lazy, Suspense } from "react";

import { RunGraph, type RunProps } from "./run-graph";

// The graph library is needed on one page, and there on wide screens only.
const RunFlow = lazy(() => import("./run-flow").then(({ RunFlow: component }) => ({ default: component })));

const CHOICES = [
  { value: "graph", label: "Graph" },
  { value: "list", label: "List" },
];

/** The run in two forms that say the same: a graph that moves, and lists for phones, keyboards and screen readers. */
export function RunView(props: RunProps) {
  const isWide = useMediaQuery("(min-width: 62em)", false, { getInitialValueInEffect: false });
  const [chosen, setChosen] = useLocalStorage({ key: "run-view", getInitialValueInEffect: false });
  const shown = chosen ?? (isWide ? "graph" : "list");
  return (
    <Stack gap="xs">
      <Group justify="flex-end">
        <SegmentedControl size="xs" aria-label="Show the run as" data={CHOICES} value={shown} onChange={setChosen} />
      </Group>
      {shown === "graph" ? (
        <Suspense fallback={<Loader size="sm" role="img" aria-label="Loading the graph" />}>
          <RunFlow {...props} />
        </Suspense>
      ) : (
        <RunGraph {...props} />
      )}
    </Stack>
  );
}

import { Group, SegmentedControl, Stack, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";

import type { Overview } from "@/api/types";
import { Loaded } from "@/components/loaded";

import { overviewQuery } from "../api/queries";
import { type By, readSpan, type Span, SPANS, USUAL_BY, USUAL_DAYS } from "../span";

import { FigureTiles } from "./figure-tiles";
import styles from "./overview-page.module.css";
import { PauseSwitch } from "./pause-switch";
import { Providers } from "./providers";
import { ResolveRates } from "./resolve-rates";
import { SpeedSection } from "./speed-section";
import { SpendToday } from "./spend-today";
import { WorkSection } from "./work-section";

const route = getRouteApi("/overview");

export function OverviewPage() {
  const span = route.useSearch();
  const navigate = route.useNavigate();
  const overview = useQuery(overviewQuery(span));
  return (
    <Stack gap="md">
      <title>Overview · agent-platform</title>
      <Group justify="space-between" gap="sm">
        <Title order={1} size="h2">
          Overview
        </Title>
        <SpanChoice span={span} onChange={(search) => void navigate({ search, replace: true })} />
      </Group>
      <Loaded query={overview} what="the overview">
        {(found) => <Whole overview={found} by={span.by ?? USUAL_BY} />}
      </Loaded>
    </Stack>
  );
}

function SpanChoice({ span, onChange }: { span: Span; onChange: (span: Span) => void }) {
  return (
    <Group gap="xs">
      <SegmentedControl
        aria-label="How far back"
        data={[...SPANS]}
        value={span.days ?? USUAL_DAYS}
        onChange={(days) => {
          onChange(readSpan({ ...span, days }));
        }}
      />
      <SegmentedControl
        aria-label="Length of a period"
        data={[
          { value: "day", label: "By day" },
          { value: "week", label: "By week" },
        ]}
        value={span.by ?? USUAL_BY}
        onChange={(by) => {
          onChange(readSpan({ ...span, by }));
        }}
      />
    </Group>
  );
}

function Whole({ overview, by }: { overview: Overview; by: By }) {
  return (
    <>
      <FigureTiles overview={overview} />
      <div className={styles.columns}>
        <Stack gap="md">
          <SpeedSection speeds={overview.time_to_pull_request} by={by} />
          <ResolveRates services={overview.services} />
          <SpendToday overview={overview} />
        </Stack>
        <Stack gap="md">
          <PauseSwitch />
          <WorkSection />
          <Providers />
        </Stack>
      </div>
    </>
  );
}

import { Alert, Badge, Code, Group, List, Loader, Stack, Text, Title } from "@mantine/core";
import { lazy, Suspense } from "react";

import type { Fix, Incident } from "@/api/types";
import { Fold } from "@/components/fold";
import { Prose } from "@/components/prose";
import { RawText } from "@/components/raw-text";
import { printedText } from "@/format/outside-text";
import { durationText } from "@/format/time";
import { plural } from "@/format/words";

import { isIsolated, outputRead, TrialReport, Warnings } from "../api/outputs";
import { attemptName, repetitionText } from "../api/run";

import { VerdictBadge } from "./badges";
import { BlastRadius } from "./blast-radius";
import { UnreadOutput } from "./unread-output";

// The diff viewer and its grammars are the largest part of the dashboard, and many visits see no diff.
const DiffView = lazy(() => import("./diff-view").then(({ DiffView: component }) => ({ default: component })));

type Props = { incident: Incident; fix: Fix; isOpenAtFirst: boolean };

/** One attempt: what was changed and why, and what the sandbox says of it. */
export function FixAttempt({ incident, fix, isOpenAtFirst }: Props) {
  const report = outputRead(TrialReport, fix.report);
  const warnings = outputRead(Warnings, fix.warnings);
  const name = attemptName(incident, fix);
  const repetition = repetitionText(incident, fix);
  return (
    <Stack gap="sm" component="article" aria-label={name}>
      <Group gap="xs">
        <Title order={3} fz="md" fw={600}>
          {name}
        </Title>
        {repetition ? <Badge color="gray">Same change</Badge> : <VerdictBadge verdict={fix.verdict} />}
        {fix.verdict !== "" && !isIsolated(fix) && (
          <Badge
            color="red.9"
            variant="filled"
            title="The tests ran without a sandbox around them: read the change first."
          >
            NOT ISOLATED
          </Badge>
        )}
      </Group>
      <Text size="sm">
        <Prose text={fix.rationale} />
      </Text>
      {repetition && (
        <Text size="sm" c="dimmed">
          {repetition}
        </Text>
      )}
      {warnings.is === "read" && warnings.output.length > 0 && (
        <Alert color="yellow" title="Warnings" py="xs">
          <List size="sm">
            {warnings.output.map((warning) => (
              <List.Item key={warning}>{warning}</List.Item>
            ))}
          </List>
        </Alert>
      )}
      {warnings.is === "unreadable" && <UnreadOutput given={warnings.given} />}
      {report.is === "read" && <Report report={report.output} />}
      {report.is === "unreadable" && <UnreadOutput given={report.given} />}
      {fix.blast_radius && <BlastRadius incident={incident} radius={fix.blast_radius} />}
      <Fold summary="Diff" isOpenAtFirst={isOpenAtFirst}>
        {() => (
          <Suspense fallback={<Loader size="sm" role="img" aria-label="Loading the diff" />}>
            <DiffView diff={fix.diff} />
          </Suspense>
        )}
      </Fold>
    </Stack>
  );
}

function Report({ report }: { report: TrialReport }) {
  return (
    <Stack gap="xs">
      <Text size="sm" c="dimmed">
        {report.reason} {plural(report.pass_to_pass, "other test")} still pass, in {durationText(report.fix_seconds)} on{" "}
        {report.runner}.
      </Text>
      {report.by_exit_code && (
        <Alert color="yellow" py="xs">
          <Text size="sm">
            Judged by the exit code of the test command alone: it leaves no report of single tests.
          </Text>
        </Alert>
      )}
      <Tests name="FAIL_TO_PASS" color="green" tests={report.fail_to_pass} />
      <Tests name="Broken by it" color="red" tests={report.broken} />
      <Tests name="Still failing" color="red" tests={report.still_failing} />
      <Tests name="Existing tests that it changes: see what they expect now" color="orange" tests={report.changed_tests} />
      <Tests name="Failed before it, too" color="gray" tests={report.red_before} />
      <Tests name="Flaky, counts for nothing" color="yellow" tests={report.flaky} />
      {report.failing_output && (
        <Fold summary="Failing output" isOpenAtFirst={report.verdict !== "fixed"}>
          {() => <RawText label="Failing output">{printedText(report.failing_output)}</RawText>}
        </Fold>
      )}
    </Stack>
  );
}

function Tests({ name, color, tests }: { name: string; color: string; tests: string[] }) {
  if (tests.length === 0) return null;
  return (
    <div>
      <Badge variant="dot" color={color} mb={6}>
        {name} · {tests.length}
      </Badge>
      <List size="sm" spacing={4} listStyleType="none" m={0}>
        {tests.map((test) => (
          <List.Item key={test}>
            <Code>{test}</Code>
          </List.Item>
        ))}
      </List>
    </div>
  );
}

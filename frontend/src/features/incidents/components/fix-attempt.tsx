import { Alert, Badge, Code, Group, List, Loader, Stack, Text } from "@mantine/core";
import { lazy, Suspense } from "react";
import * as v from "valibot";

import type { Fix } from "@/api/types";
import { outsideText } from "@/format/outside-text";
import { durationText } from "@/format/time";
import { plural } from "@/format/words";

import { outputRead, TrialReport } from "../api/outputs";

import { VerdictBadge } from "./badges";
import { Fold } from "./fold";
import { UnreadOutput } from "./unread-output";

// The diff viewer and its grammars are the largest part of the dashboard, and many visits see no diff.
const DiffView = lazy(() => import("./diff-view").then(({ DiffView: component }) => ({ default: component })));

const Warnings = v.array(v.string());

/** One attempt: what was changed and why, and what the sandbox says of it. */
export function FixAttempt({ fix, isNewest }: { fix: Fix; isNewest: boolean }) {
  const report = outputRead(TrialReport, fix.report);
  const warnings = outputRead(Warnings, fix.warnings);
  return (
    <Stack gap="sm" component="article" aria-label={`Round ${fix.attempt}, candidate ${fix.candidate}`}>
      <Group gap="xs">
        <Text fw={600}>
          Round {fix.attempt}
          {fix.candidate > 1 && `, candidate ${fix.candidate}`}
        </Text>
        <VerdictBadge verdict={fix.verdict} />
        {report.is === "read" && !report.output.is_isolated && (
          <Badge color="red" variant="filled" title="The tests ran without a sandbox around them: read the change first.">
            NOT ISOLATED
          </Badge>
        )}
      </Group>
      <Text size="sm" className="wrap-anywhere">
        {outsideText(fix.rationale)}
      </Text>
      {warnings.is === "read" && warnings.output.length > 0 && (
        <Alert color="yellow" title="Warnings" py="xs">
          <List size="sm">
            {warnings.output.map((warning) => (
              <List.Item key={warning}>{outsideText(warning)}</List.Item>
            ))}
          </List>
        </Alert>
      )}
      {report.is === "read" && <Report report={report.output} />}
      {report.is === "unreadable" && <UnreadOutput given={report.given} />}
      <Fold summary="Diff" isOpenAtFirst={isNewest}>
        {() => (
          <Suspense fallback={<Loader size="sm" aria-label="Loading the diff" />}>
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
      <Text size="sm" c="dimmed" className="wrap-anywhere">
        {outsideText(report.reason)} {plural(report.pass_to_pass, "other test")} still pass, in{" "}
        {durationText(report.fix_seconds)} on {outsideText(report.runner)}.
      </Text>
      <Tests name="FAIL_TO_PASS" color="green" tests={report.fail_to_pass} />
      <Tests name="Broken by it" color="red" tests={report.broken} />
      <Tests name="Still failing" color="red" tests={report.still_failing} />
      <Tests name="Failed before it, too" color="gray" tests={report.red_before} />
      {report.failing_output && (
        <Fold summary="Failing output" isOpenAtFirst={report.verdict !== "fixed"}>
          {() => <pre className="outside">{outsideText(report.failing_output)}</pre>}
        </Fold>
      )}
    </Stack>
  );
}

function Tests({ name, color, tests }: { name: string; color: string; tests: string[] }) {
  if (tests.length === 0) return null;
  return (
    <div>
      <Badge variant="dot" color={color} tt="none" mb={6}>
        {name} · {tests.length}
      </Badge>
      <List size="sm" spacing={4} listStyleType="none" m={0}>
        {tests.map((test) => (
          <List.Item key={test}>
            <Code className="wrap-anywhere">{outsideText(test)}</Code>
          </List.Item>
        ))}
      </List>
    </div>
  );
}

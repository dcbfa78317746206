import { Select, SimpleGrid, Stack, Textarea, TextInput } from "@mantine/core";

import { Section } from "@/components/section";

import { type Draft, type ListField, RISKS, type WordField } from "../draft";

import { RiskPatternRows } from "./risk-pattern-rows";

type Props = {
  draft: Draft;
  errors: Record<string, string>;
  isReadOnly: boolean;
  onChange: (change: Partial<Draft>) => void;
};

const MODES = [
  { value: "observe", label: "observe: diagnose, open no pull request" },
  { value: "propose", label: "propose: open pull requests" },
];
const MERGE_POLICIES = [
  { value: "people", label: "people merge" },
  { value: "when_green", label: "the platform merges what is below the threshold" },
];

const ALARM_POLICIES = [
  { value: "create", label: "missing alarms are created" },
  { value: "propose", label: "missing alarms wait for a click" },
];

/** Every setting of a service, each with what is wrong with it. */
export function SettingsFields({ draft, errors, isReadOnly, onChange }: Props) {
  const field = (name: WordField | ListField) => ({
    value: draft[name],
    error: errors[name],
    readOnly: isReadOnly,
    onChange: (event: { currentTarget: { value: string } }) => {
      onChange({ [name]: event.currentTarget.value });
    },
  });
  const choice = (name: WordField) => ({
    value: draft[name],
    error: errors[name],
    readOnly: isReadOnly,
    allowDeselect: false,
    onChange: (value: string | null) => {
      if (value !== null) onChange({ [name]: value });
    },
  });
  const list = { autosize: true, minRows: 2, maxRows: 10, spellCheck: false };
  return (
    <Stack gap="md">
      <Section title="Where its alarms come from">
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <Textarea
            label="Alarm patterns"
            description="Shell-style patterns of alarm names, one a line; case matters."
            {...list}
            {...field("alarm_patterns")}
          />
          <Textarea
            label="Log groups"
            description="Read when no metric filter leads to one; one a line."
            {...list}
            {...field("log_groups")}
          />
          <TextInput
            label="Incidents an hour"
            description="So many may enter the pipeline; others wait and are taken up later."
            inputMode="numeric"
            {...field("incidents_per_hour")}
          />
          <Textarea label="Owners" description="One a line." {...list} {...field("owners")} />
        </SimpleGrid>
      </Section>
      <Section title="Where its code lives">
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <TextInput label="Repository" description="owner/name at the code host" {...field("repository")} />
          <TextInput label="Default branch" description="Pull requests go there." {...field("default_branch")} />
          <TextInput
            label="Deployed"
            description="Commit, tag or branch in production; empty: the default branch."
            {...field("deployed_ref")}
          />
          <TextInput label="Test command" description="Empty: detected from the files." {...field("test_command")} />
          <TextInput
            label="Sandbox image"
            description="Empty: the ecosystem's own image."
            {...field("sandbox_image")}
          />
          <Textarea
            label="Paths that a fix may touch"
            description="Shell-style patterns, one a line; empty: all that are not protected."
            {...list}
            {...field("allowed_paths")}
          />
        </SimpleGrid>
      </Section>
      <Section title="What may happen by itself">
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <Select label="Mode" data={MODES} {...choice("mode")} />
          <Select label="Merging" data={MERGE_POLICIES} {...choice("merge_policy")} />
          <Select
            label="Approval threshold"
            description="A fix of this risk or above waits for a person."
            data={[...RISKS]}
            {...choice("approval_threshold")}
          />
          <Select label="Alarms after a merge" data={ALARM_POLICIES} {...choice("alarm_policy")} />
          <TextInput
            label="Budget of an incident, USD"
            inputMode="decimal"
            {...field("budget_usd_per_incident")}
          />
          <TextInput label="Budget of a day, USD" inputMode="decimal" {...field("budget_usd_per_day")} />
        </SimpleGrid>
        <RiskPatternRows
          rows={draft.risk_patterns}
          error={errors.risk_patterns}
          isReadOnly={isReadOnly}
          onChange={(risk_patterns) => {
            onChange({ risk_patterns });
          }}
        />
      </Section>
    </Stack>
  );
}

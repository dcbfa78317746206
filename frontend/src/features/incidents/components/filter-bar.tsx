import { Button, Group, MultiSelect, SegmentedControl, Select, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { MagnifyingGlassIcon } from "@radix-ui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { servicesQuery } from "@/api/services";

import { SEVERITIES, STATUSES, statusText } from "../choices";
import { type Filters, readFilters } from "../filters";

import styles from "./filter-bar.module.css";
import { SavedViews } from "./saved-views";

const STATUS_CHOICES = STATUSES.map((status) => ({ value: status, label: statusText(status) }));
const SHOW_CHOICES = [
  { value: "all", label: "All" },
  { value: "open", label: "Open" },
  { value: "ended", label: "Ended" },
];
const TYPING_PAUSE_MS = 250;

type Props = { filters: Filters; onChange: (filters: Filters) => void };

export function FilterBar({ filters, onChange }: Props) {
  const services = useQuery(servicesQuery);
  // An address may name a service that is gone, or not read yet.
  const serviceNames = [
    ...new Set([...(services.data ?? []).map(({ name }) => name), ...(filters.service ? [filters.service] : [])]),
  ];
  const set = (change: Record<string, unknown>) => {
    onChange(readFilters({ ...filters, ...change }));
  };

  return (
    <Group gap="xs" align="center" role="search" className={styles.bar}>
      <SearchField
        value={filters.search ?? ""}
        onChange={(search) => {
          set({ search });
        }}
      />
      <SegmentedControl
        aria-label="Which incidents"
        data={SHOW_CHOICES}
        value={filters.show ?? "all"}
        onChange={(show) => {
          set({ show });
        }}
      />
      <MultiSelect
        aria-label="Status"
        placeholder={filters.status ? undefined : "Any status"}
        data={STATUS_CHOICES}
        value={filters.status ?? []}
        onChange={(status) => {
          set({ status });
        }}
        clearable
        className={styles.choice}
      />
      <MultiSelect
        aria-label="Severity"
        placeholder={filters.severity ? undefined : "Any severity"}
        data={[...SEVERITIES]}
        value={filters.severity ?? []}
        onChange={(severity) => {
          set({ severity });
        }}
        clearable
        className={styles.choice}
      />
      <Select
        aria-label="Service"
        placeholder="Any service"
        data={serviceNames}
        value={filters.service ?? null}
        onChange={(service) => {
          set({ service });
        }}
        searchable
        clearable
        className={styles.choice}
      />
      {Object.keys(filters).length > 0 && (
        <Button
          variant="subtle"
          color="gray"
          onClick={() => {
            onChange({});
          }}
        >
          Clear
        </Button>
      )}
      <SavedViews filters={filters} onChange={onChange} />
    </Group>
  );
}

function SearchField({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const [typed, setTyped] = useState(value);
  const [seen, setSeen] = useState(value);
  const [told, setTold] = useState(value);
  const tell = useDebouncedCallback((text: string) => {
    setTold(text.trim());
    onChange(text);
  }, TYPING_PAUSE_MS);
  if (value !== seen) {
    setSeen(value);
    // What comes back later than it was told must not undo what was typed since.
    if (value !== told) {
      setTold(value);
      setTyped(value);
    }
  }
  return (
    <TextInput
      aria-label="Search titles"
      placeholder="Search titles"
      type="search"
      leftSection={<MagnifyingGlassIcon aria-hidden />}
      value={typed}
      onChange={(event) => {
        setTyped(event.currentTarget.value);
        tell(event.currentTarget.value);
      }}
      className={styles.search}
    />
  );
}

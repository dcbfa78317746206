import { ActionIcon, Button, Group, Popover, Stack, Text, TextInput } from "@mantine/core";
import { BookmarkIcon, TrashIcon } from "@radix-ui/react-icons";
import { useState } from "react";

import type { Filters } from "../filters";
import { isSameView, useSavedViews } from "../saved-views";

type Props = { filters: Filters; onChange: (filters: Filters) => void };

/** Filters that this browser keeps by name. */
export function SavedViews({ filters, onChange }: Props) {
  const { views, save, forget } = useSavedViews();
  const [isOpen, setIsOpen] = useState(false);
  const current = views.find((view) => isSameView(view.filters, filters));
  return (
    <Popover opened={isOpen} onChange={setIsOpen} position="bottom-end" width={280} trapFocus returnFocus>
      <Popover.Target>
        <Button
          variant="default"
          leftSection={<BookmarkIcon aria-hidden />}
          onClick={() => {
            setIsOpen(!isOpen);
          }}
        >
          {current?.name ?? "Views"}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Saved views">
        <Stack gap="xs">
          {views.length === 0 && (
            <Text size="sm" c="dimmed">
              No view is saved yet.
            </Text>
          )}
          {views.map((view) => (
            <Group key={view.name} gap={4} wrap="nowrap">
              <Button
                variant="subtle"
                justify="flex-start"
                flex={1}
                size="compact-sm"
                aria-current={view === current}
                onClick={() => {
                  onChange(view.filters);
                  setIsOpen(false);
                }}
              >
                {view.name}
              </Button>
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={`Forget ${view.name}`}
                onClick={() => {
                  forget(view.name);
                }}
              >
                <TrashIcon aria-hidden />
              </ActionIcon>
            </Group>
          ))}
          {Object.keys(filters).length > 0 && current === undefined && (
            <Saving
              onSave={(name) => {
                save({ name, filters });
                setIsOpen(false);
              }}
            />
          )}
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}

function Saving({ onSave }: { onSave: (name: string) => void }) {
  const [name, setName] = useState("");
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() !== "") onSave(name.trim());
      }}
    >
      <Group gap="xs" align="flex-end" wrap="nowrap">
        <TextInput
          label="Save these filters as"
          size="xs"
          flex={1}
          maxLength={40}
          value={name}
          onChange={(event) => {
            setName(event.currentTarget.value);
          }}
        />
        <Button type="submit" size="xs" disabled={name.trim() === ""}>
          Save
        </Button>
      </Group>
    </form>
  );
}

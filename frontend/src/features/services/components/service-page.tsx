import { Alert, Button, Group, Stack, Title } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";

import { client } from "@/api/client";
import { meQuery } from "@/api/me";
import { ApiProblem } from "@/api/problem";
import { queryKeys } from "@/api/query-keys";
import type { ServiceSettings } from "@/api/types";
import { Refused, write } from "@/api/write";
import { Loaded } from "@/components/loaded";
import { PageLink } from "@/components/page-link";
import { ProblemPage } from "@/components/problem-page";
import { problemWords } from "@/components/problem-words";
import { Quiet } from "@/components/quiet";

import { serviceQuery } from "../api/queries";
import { changesOf, type Draft, draftOf } from "../draft";

import { SettingsFields } from "./settings-fields";

export function ServicePage() {
  const { serviceId } = useParams({ from: "/services/$serviceId" });
  if (!/^\d{1,15}$/.test(serviceId)) {
    return <ProblemPage error={new ApiProblem("not-found", "No service has this number.")} />;
  }
  return <KnownService key={serviceId} id={Number(serviceId)} />;
}

function KnownService({ id }: { id: number }) {
  const service = useQuery(serviceQuery(id));
  return (
    <Loaded query={service} what="the service">
      {(found) => <SettingsForm service={found} />}
    </Loaded>
  );
}

function SettingsForm({ service }: { service: ServiceSettings }) {
  const queryClient = useQueryClient();
  const { data: me } = useQuery(meQuery);
  const before = draftOf(service);
  // Only what was touched: while the live feed is away the settings are read again, with what others changed.
  const [edits, setEdits] = useState<Partial<Draft>>({});
  const draft = { ...before, ...edits };
  const changes = changesOf(before, draft);
  const save = useMutation({
    mutationFn: () =>
      write(client.PATCH("/api/services/{id}/", { params: { path: { id: service.id } }, body: changes })),
    onSuccess: (saved) => {
      if (saved === undefined) return;
      setEdits({});
      queryClient.setQueryData(queryKeys.service(service.id), saved);
      void queryClient.invalidateQueries({ queryKey: queryKeys.services, exact: true });
    },
  });
  const errors = save.error instanceof Refused ? save.error.fields : {};
  const mayChange = me?.may_change_services ?? false;
  const isChanged = Object.keys(changes).length > 0;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Stack gap="md">
        <title>{`${service.name} · agent-platform`}</title>
        <div>
          <Title order={1} size="h2">
            {service.name}
          </Title>
          <Quiet>
            <PageLink to="/" search={{ service: service.name }} size="sm" underline="always">
              {service.open_incidents} open
            </PageLink>
            . The name is part of every fingerprint and stays.
          </Quiet>
        </div>
        {me && !mayChange && <Alert color="gray">Your account may read these settings and not change them.</Alert>}
        {save.error && !(save.error instanceof Refused) && (
          <Alert color="red" role="alert" title={problemWords(save.error).title}>
            Nothing was saved.
          </Alert>
        )}
        {save.error instanceof Refused && (
          <Alert color="red" role="alert" title="Nothing was saved">
            {errors[""] ?? "What is wrong stands at its field."}
          </Alert>
        )}
        <SettingsFields
          draft={draft}
          errors={errors}
          isReadOnly={!mayChange}
          onChange={(change: Partial<Draft>) => {
            setEdits({ ...edits, ...change });
          }}
        />
        {mayChange && (
          <Group>
            <Button type="submit" loading={save.isPending} disabled={!isChanged}>
              Save
            </Button>
            {isChanged && (
              <Button
                variant="default"
                onClick={() => {
                  save.reset();
                  setEdits({});
                }}
              >
                Undo
              </Button>
            )}
            {save.isSuccess && !isChanged && <span role="status">Saved; the history in the console has it.</span>}
          </Group>
        )}
      </Stack>
    </form>
  );
}

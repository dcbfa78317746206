import { Badge, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import { servicesQuery } from "@/api/services";
import type { ServiceSettings } from "@/api/types";
import { DataTable } from "@/components/data-table";
import { Loaded } from "@/components/loaded";
import { PageLink } from "@/components/page-link";
import { Quiet } from "@/components/quiet";
import { Section } from "@/components/section";

import { AlarmTest } from "./alarm-test";

export function ServicesPage() {
  const services = useQuery(servicesQuery);
  return (
    <Stack gap="md">
      <title>Services · agent-platform</title>
      <Title order={1} size="h2">
        Services
      </Title>
      <Section title="Services" aside={<Quiet>new ones are made in the admin console</Quiet>}>
        <Loaded query={services} what="the services">
          {(found) => <List services={found} />}
        </Loaded>
      </Section>
      <AlarmTest />
    </Stack>
  );
}

function List({ services }: { services: ServiceSettings[] }) {
  if (services.length === 0) {
    return <Text size="sm">There is none, so every alarm stays unrouted.</Text>;
  }
  return (
    <DataTable label="Services" head={["Service", "Alarms", "Repository", "Mode", "A person from", "Merges", "Open"]}>
      {services.map((service) => (
        <tr key={service.id}>
          <th scope="row">
            <PageLink to="/services/$serviceId" params={{ serviceId: String(service.id) }} size="sm">
              {service.name}
            </PageLink>
          </th>
          <td>{service.alarm_patterns.join(", ")}</td>
          <td>{service.repository}</td>
          <td>
            <Badge color={service.mode === "propose" ? "indigo" : "gray"}>{service.mode}</Badge>
          </td>
          <td>{service.approval_threshold}</td>
          <td>{service.merge_policy === "people" ? "people" : "the platform"}</td>
          <td>{service.open_incidents}</td>
        </tr>
      ))}
    </DataTable>
  );
}

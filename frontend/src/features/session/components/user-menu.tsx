import { Avatar, Menu, UnstyledButton } from "@mantine/core";

import { csrfToken } from "@/api/csrf";
import type { Me } from "@/api/types";

export function UserMenu({ me }: { me: Me }) {
  const name = me.full_name || me.username;
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <UnstyledButton aria-label={`Account of ${name}`}>
          <Avatar radius="xl" size={32} />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Signed in as {name}</Menu.Label>
        {me.is_staff && (
          <Menu.Item component="a" href="/admin/">
            Admin console
          </Menu.Item>
        )}
        <Menu.Item component="a" href="/api/docs/">
          API
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item onClick={signOut}>Sign out</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function signOut(): void {
  const form = document.createElement("form");
  form.method = "post";
  form.action = "/logout/";
  const token = document.createElement("input");
  token.type = "hidden";
  token.name = "csrfmiddlewaretoken";
  token.value = csrfToken();
  form.append(token);
  document.body.append(form);
  form.submit();
}

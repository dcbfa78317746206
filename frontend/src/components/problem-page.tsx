import { Button, Center, Stack, Text, Title } from "@mantine/core";

import { ApiProblem, type ProblemKind } from "@/api/problem";

type Words = { title: string; text: string };

const WORDS: Record<ProblemKind, Words> = {
  "signed-out": { title: "Your session has ended", text: "Sign in again; you come back to this page." },
  forbidden: { title: "This is not for you", text: "Your account may not read this. Ask an administrator." },
  "not-found": { title: "There is no such thing", text: "The address may be old, or mistyped." },
  refused: { title: "The server did not understand the request", text: "The filters in the address may be wrong." },
  server: { title: "The server failed", text: "Its log says why. This page tries again by itself." },
  unreachable: {
    title: "The server cannot be reached",
    text: "It may be restarting, or your network is down. This page tries again by itself.",
  },
};

const OWN_FAULT: Words = { title: "This page failed", text: "Load it again. If it fails again, please report it." };

export function problemWords(error: Error): Words {
  return error instanceof ApiProblem ? WORDS[error.kind] : OWN_FAULT;
}

/** The whole page when there is nothing else to show. */
export function ProblemPage({ error, onRetry }: { error: Error; onRetry?: () => void }) {
  const { title, text } = problemWords(error);
  const isSignedOut = error instanceof ApiProblem && error.kind === "signed-out";
  return (
    <Center mih="55dvh" p="md">
      <Stack align="center" gap="xs" maw={420} ta="center" role="alert">
        <Title order={1} size="h2">
          {title}
        </Title>
        <Text c="dimmed">{text}</Text>
        {isSignedOut ? (
          <Button component="a" mt="sm" href={signInAddress()}>
            Sign in
          </Button>
        ) : (
          onRetry && (
            <Button mt="sm" variant="default" onClick={onRetry}>
              Try again
            </Button>
          )
        )}
      </Stack>
    </Center>
  );
}

export function signInAddress(): string {
  const here = `${window.location.pathname}${window.location.search}`;
  return `/login/?next=${encodeURIComponent(here)}`;
}

import { Button, Center, Stack, Text, Title } from "@mantine/core";

import { ApiProblem } from "@/api/problem";
import { problemWords } from "./problem-words";

type Props = { error: Error; onRetry?: () => void; headingOrder?: 1 | 2 };

/** What stands in place of a page, or of its main part, when there is nothing else to show. */
export function ProblemPage({ error, onRetry, headingOrder = 1 }: Props) {
  const { title, text } = problemWords(error);
  return (
    <Center mih="55dvh" p="md">
      <Stack align="center" gap="xs" maw={420} ta="center" role="alert">
        <Title order={headingOrder} size="h2">
          {title}
        </Title>
        <Text c="dimmed">{text}</Text>
        {error instanceof ApiProblem && error.kind === "signed-out" ? (
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

function signInAddress(): string {
  const here = `${window.location.pathname}${window.location.search}`;
  return `/login/?next=${encodeURIComponent(here)}`;
}

import { Alert, Container, Group, Loader, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Outlet } from "@tanstack/react-router";

import { ApiProblem } from "@/api/problem";
import { PageLink } from "@/components/link";
import { ProblemPage } from "@/components/problem-page";
import { LiveMark } from "@/features/live/live-mark";
import { useLiveFeed } from "@/features/live/use-live-feed";
import { meQuery } from "@/features/session/api/me";
import { UserMenu } from "@/features/session/components/user-menu";

import { ColorSchemeButton } from "./color-scheme-button";
import styles from "./shell.module.css";

/** What surrounds every page; nothing is shown to somebody whose session has ended. */
export function Shell() {
  const me = useQuery(meQuery);

  if (me.error instanceof ApiProblem && me.error.kind === "signed-out") return <ProblemPage error={me.error} />;
  if (me.data === undefined) {
    return me.error ? (
      <ProblemPage error={me.error} onRetry={() => void me.refetch()} />
    ) : (
      <Loader className={styles.loader} aria-label="Loading" />
    );
  }
  return (
    <>
      <a className={styles.skip} href="#main">
        Skip to the content
      </a>
      <Header me={me.data} />
      <Container component="main" id="main" size={1440} px={{ base: "sm", sm: "lg" }} py="lg">
        <Outlet />
      </Container>
    </>
  );
}

function Header({ me }: { me: Parameters<typeof UserMenu>[0]["me"] }) {
  const liveState = useLiveFeed();
  return (
    <>
      <header className={styles.header}>
        <Group gap="xl" wrap="nowrap">
          <PageLink to="/" underline="never" className={styles.brand}>
            <span className={styles.mark} aria-hidden />
            agent-platform
          </PageLink>
        </Group>
        <Group gap="md" wrap="nowrap">
          <LiveMark state={liveState} />
          <ColorSchemeButton />
          <UserMenu me={me} />
        </Group>
      </header>
      {liveState === "reconnecting" && (
        <Alert color="orange" radius={0} py={6} role="status">
          <Text size="sm">The live feed is cut off; this page asks for news every ten seconds until it is back.</Text>
        </Alert>
      )}
    </>
  );
}

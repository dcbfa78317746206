import { Alert, Container, Group, Loader, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Outlet, useRouterState } from "@tanstack/react-router";
import { useEffect, useRef } from "react";

import { meQuery } from "@/api/me";
import { ApiProblem } from "@/api/problem";
import type { Me } from "@/api/types";
import { useLastFailure } from "@/api/use-last-failure";
import { PageLink } from "@/components/page-link";
import { ProblemPage } from "@/components/problem-page";
import { LiveMark } from "@/features/live/live-mark";
import { useLiveFeed } from "@/features/live/use-live-feed";
import { UserMenu } from "@/features/session/components/user-menu";

import { ColorSchemeButton } from "./color-scheme-button";
import { HealthNotice } from "./health-notice";
import { Navigation } from "./navigation";
import styles from "./shell.module.css";

/** What surrounds every page; nothing is shown to somebody whose session has ended. */
export function Shell() {
  const me = useQuery(meQuery);
  const failure = useLastFailure(me);

  if (failure instanceof ApiProblem && failure.kind === "signed-out") return <ProblemPage error={failure} />;
  if (me.data === undefined) {
    return failure ? (
      <ProblemPage error={failure} onRetry={() => void me.refetch()} />
    ) : (
      <Loader className={styles.loader} role="img" aria-label="Loading" />
    );
  }
  return (
    <>
      <a className={styles.skip} href="#main">
        Skip to the content
      </a>
      <Header me={me.data} />
      <Main />
    </>
  );
}

function Header({ me }: { me: Me }) {
  const liveState = useLiveFeed(me.live_port, useShownIncident());
  return (
    <>
      <header className={styles.header}>
        <PageLink to="/" underline="never" className={styles.brand}>
          <span className={styles.mark} aria-hidden />
          agent-platform
        </PageLink>
        <Navigation />
        <Group gap="md" wrap="nowrap">
          <LiveMark state={liveState} />
          <ColorSchemeButton />
          <UserMenu me={me} />
        </Group>
      </header>
      <HealthNotice />
      {liveState === "reconnecting" && (
        <Alert color="orange" radius={0} py={6} role="status">
          <Text size="sm">The live feed is cut off; this page asks for news every ten seconds until it is back.</Text>
        </Alert>
      )}
    </>
  );
}

/** Return the incident whose page is open, or null. */
function useShownIncident(): number | null {
  const incident = useRouterState({ select: ({ location }) => /^\/incidents\/(\d{1,15})$/.exec(location.pathname)?.[1] });
  return incident === undefined ? null : Number(incident);
}

function Main() {
  const pathname = useRouterState({ select: (state) => state.location.pathname });
  const main = useRef<HTMLDivElement>(null);
  const shown = useRef(pathname);

  useEffect(() => {
    if (shown.current === pathname) return;
    shown.current = pathname;
    // The link that led here is gone; a keyboard or screen reader goes on where the new page begins.
    main.current?.focus({ preventScroll: true });
  }, [pathname]);

  return (
    <Container
      component="main"
      id="main"
      ref={main}
      tabIndex={-1}
      className={styles.main}
      size={1440}
      px={{ base: "sm", sm: "lg" }}
      py="lg"
    >
      <Outlet />
    </Container>
  );
}

import { useRouterState } from "@tanstack/react-router";

import { PageLink } from "@/components/page-link";

import styles from "./shell.module.css";

/** The pages; which of them is open is marked for eyes and for screen readers. */
export function Navigation() {
  const isIncident = useRouterState({ select: ({ location }) => location.pathname.startsWith("/incidents/") });
  return (
    <nav aria-label="Pages" className={styles.navigation}>
      <PageLink
        to="/"
        activeOptions={{ exact: true, includeSearch: false }}
        aria-current={isIncident ? "page" : undefined}
        underline="never"
        className={styles.page}
      >
        Incidents
      </PageLink>
      <PageLink to="/overview" activeOptions={{ includeSearch: false }} underline="never" className={styles.page}>
        Overview
      </PageLink>
      <PageLink to="/evals" activeOptions={{ includeSearch: false }} underline="never" className={styles.page}>
        Evaluations
      </PageLink>
      <PageLink to="/services" underline="never" className={styles.page}>
        Services
      </PageLink>
    </nav>
  );
}

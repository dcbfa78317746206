import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  type RouterHistory,
} from "@tanstack/react-router";

import { ApiProblem } from "@/api/problem";
import { ProblemPage } from "@/components/problem-page";
import { IncidentsPage } from "@/features/incidents/components/incidents-page";
import { readFilters } from "@/features/incidents/filters";

import { parseSearch, stringifySearch } from "./search-params";
import { Shell } from "./shell";

const rootRoute = createRootRoute({
  component: Shell,
  notFoundComponent: () => <ProblemPage error={new ApiProblem("not-found", "No page has this address.")} />,
});

const incidentsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/",
  validateSearch: readFilters,
  component: IncidentsPage,
});

const incidentRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/incidents/$incidentId",
  component: lazyRouteComponent(() => import("@/features/incidents/components/incident-page"), "IncidentPage"),
});

const routeTree = rootRoute.addChildren([incidentsRoute, incidentRoute]);

export function makeRouter(history?: RouterHistory) {
  return createRouter({
    routeTree,
    parseSearch,
    stringifySearch,
    // Without this, a route is also given what its validateSearch left out.
    search: { strict: true },
    defaultErrorComponent: PageFailure,
    defaultPreload: "intent",
    scrollRestoration: true,
    ...(history && { history }),
  });
}

function PageFailure({ error }: { error: unknown }) {
  return (
    <ProblemPage
      error={error instanceof Error ? error : new Error(String(error))}
      // A part of the page that a newer release has replaced comes only with the whole page.
      onRetry={() => {
        window.location.reload();
      }}
    />
  );
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}

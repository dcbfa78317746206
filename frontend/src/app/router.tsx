import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  type RouterHistory,
} from "@tanstack/react-router";

import { ApiProblem } from "@/api/problem";
import { ProblemPage } from "@/components/problem-page";
import { readEvalFilters, readPair, readShownCases } from "@/features/evals/search";
import { IncidentsPage } from "@/features/incidents/components/incidents-page";
import { readFilters } from "@/features/incidents/filters";
import { readSpan } from "@/features/overview/span";

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

const overviewRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/overview",
  validateSearch: readSpan,
  component: lazyRouteComponent(() => import("@/features/overview/components/overview-page"), "OverviewPage"),
});

const evalsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/evals",
  validateSearch: readEvalFilters,
  component: lazyRouteComponent(() => import("@/features/evals/components/runs-page"), "RunsPage"),
});

const evalRunRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/evals/$runId",
  validateSearch: readShownCases,
  component: lazyRouteComponent(() => import("@/features/evals/components/run-page"), "RunPage"),
});

const evalComparisonRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/evals/compare",
  validateSearch: readPair,
  component: lazyRouteComponent(() => import("@/features/evals/components/compare-page"), "ComparePage"),
});

const evalCaseRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/evals/cases/$suite/$caseId",
  component: lazyRouteComponent(() => import("@/features/evals/components/case-page"), "CasePage"),
});

const servicesRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/services",
  component: lazyRouteComponent(() => import("@/features/services/components/services-page"), "ServicesPage"),
});

const serviceRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/services/$serviceId",
  component: lazyRouteComponent(() => import("@/features/services/components/service-page"), "ServicePage"),
});

const routeTree = rootRoute.addChildren([
  incidentsRoute,
  incidentRoute,
  overviewRoute,
  evalsRoute,
  evalRunRoute,
  evalComparisonRoute,
  evalCaseRoute,
  servicesRoute,
  serviceRoute,
]);

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

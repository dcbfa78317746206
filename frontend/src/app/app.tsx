import { MantineProvider } from "@mantine/core";
import { type QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";

import type { makeRouter } from "./router";
import { styleNonce } from "./style-nonce";
import { cssVariables, theme } from "./theme";

type Props = {
  router: ReturnType<typeof makeRouter>;
  queryClient: QueryClient;
  /** In a test nothing is laid out, and Mantine hides what opens beside something without a place. */
  env?: "default" | "test";
};

export function App({ router, queryClient, env = "default" }: Props) {
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      defaultColorScheme="auto"
      getStyleNonce={styleNonce}
      env={env}
    >
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  );
}

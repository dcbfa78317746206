import "@fontsource-variable/inter/wght.css";
import "@mantine/core/styles.css";
import "./app/page.css";

import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { App } from "./app/app";
import { makeQueryClient } from "./app/query-client";
import { makeRouter } from "./app/router";

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no element #root");

createRoot(root).render(
  <StrictMode>
    <App router={makeRouter()} queryClient={makeQueryClient()} />
  </StrictMode>,
);

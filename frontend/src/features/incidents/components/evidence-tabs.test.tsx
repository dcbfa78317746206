import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";

import { openIncident } from "@/testing/render-app";
import { ago, HOSTILE, stageRun } from "@/testing/rows";

test("each kind of evidence has its tab", async () => {
  const person = await openIncident({
    stage_runs: [
      stageRun("logs", {
        output: {
          events: [
            { id: "e1", at: ago(200), log_stream: "web/1", message: `\u001b[31mTypeError\u001b[0m ${HOSTILE}\n` },
          ],
          log_groups: ["/ecs/orders"],
          filter_pattern: "ERROR",
          missing: "",
        },
      }),
      stageRun("commits", {
        output: {
          commits: [
            {
              sha: "0123456789abcdef",
              author: "Bob",
              authored_at: ago(7300),
              subject: "Simplify",
              paths: ["a.js", "b.js"],
            },
          ],
          missing: "",
        },
      }),
      stageRun("similar", {
        output: {
          incidents: [{ id: 3, title: "Old one", status: "resolved", distance: 0.123, root_cause: "A null cart." }],
          missing: "",
        },
      }),
      stageRun("owners", { output: { owners: [], missing: "neither the service nor CODEOWNERS names owners" } }),
    ],
  });

  const logs = screen.getByRole("list", { name: "Log events" });
  expect(within(logs).getByText(`TypeError ${HOSTILE}`)).toBeVisible();
  expect(screen.getByText("/ecs/orders · filter ERROR")).toBeVisible();

  await person.click(screen.getByRole("tab", { name: "Commits 1" }));
  expect(screen.getByText("01234567")).toBeVisible();
  expect(screen.getByRole("tabpanel")).toHaveTextContent(/Bob, 2 h ago · a.js, b.js/);

  await person.keyboard("{ArrowRight}");
  expect(screen.getByRole("link", { name: "#3 Old one" })).toHaveAttribute("href", "/incidents/3");
  expect(screen.getByText("distance 0.12 · A null cart.")).toBeVisible();

  await person.click(screen.getByRole("tab", { name: "Owners 0" }));
  expect(screen.getByText("neither the service nor CODEOWNERS names owners")).toBeVisible();
});

test("evidence that is still gathered, or found nothing, says so", async () => {
  const person = await openIncident({
    stage_runs: [stageRun("commits", { output: { commits: [], missing: "" } })],
  });

  expect(screen.getByText("Not gathered yet.")).toBeVisible();
  await person.click(screen.getByRole("tab", { name: "Commits 0" }));
  expect(screen.getByText("Nothing found.")).toBeVisible();
});

import { useInfiniteQuery } from "@tanstack/react-query";

import { evalRunsQuery } from "@/api/eval-runs";
import type { EvalRunRow, Overview, Speeds } from "@/api/types";
import { Tile, Tiles } from "@/components/tiles";
import { costText } from "@/format/money";
import { shareText, shareWithInterval } from "@/format/share";
import { durationText } from "@/format/time";
import { plural } from "@/format/words";

/** The figures that say in one line how the platform does. */
export function FigureTiles({ overview }: { overview: Overview }) {
  const { agents, people } = overview.time_to_pull_request;
  const { rate, low, high, reviewed_share: share, called_real: real } = overview.false_positives;
  const spent = Number(overview.spent_today_usd);
  const budget = Number(overview.budget_today_usd);
  return (
    <Tiles>
      <Tile label="Time to first PR" value={medianText(agents)} note={speedNote(agents, people)} />
      <Tile
        label="False positives"
        value={rate === null ? "–" : shareText(rate)}
        note={
          rate === null || share === null
            ? `none of ${real} called real was reviewed`
            : `${shareWithInterval(rate, low, high)}, ${shareText(share)} of ${real} reviewed`
        }
      />
      <TriageAccuracy />
      <Tile
        label="Spent today"
        value={costText(spent)}
        note={`of ${costText(budget)} for model calls`}
        isUrgent={budget > 0 && spent > 0.8 * budget}
      />
    </Tiles>
  );
}

function medianText({ total }: Speeds): string {
  return total.p50_seconds === null ? "–" : durationText(total.p50_seconds);
}

function speedNote({ total }: Speeds, people: Speeds): string {
  const byHand = people.total.p50_seconds === null ? "none by people" : `people ${medianText(people)}`;
  if (total.p90_seconds === null) return `no pull request yet, ${byHand}`;
  return `median of ${total.count}, p90 ${durationText(total.p90_seconds)}; ${byHand}`;
}

/** The last model that was measured; a floor says nothing about the agents and is named as one. */
function TriageAccuracy() {
  const models = useInfiniteQuery(evalRunsQuery({ suite: "triage", kind: "model", state: "finished" }, 1));
  const floors = useInfiniteQuery(evalRunsQuery({ suite: "triage", kind: "floor", state: "finished" }, 1));
  const isForbidden = models.error !== null;
  const run = models.data?.pages[0]?.results[0];
  const floor = floors.data?.pages[0]?.results[0];
  if (isForbidden) return <Tile label="Triage accuracy" value="–" note="cannot be read" />;
  if (run) {
    return (
      <Tile
        label="Triage accuracy"
        value={figureShare(run, "accuracy")}
        note={`${run.model}, ${figureShare(run, "answered")} of ${plural(countOf(run), "case")} answered`}
      />
    );
  }
  return (
    <Tile
      label="Triage accuracy"
      value={models.data && "–"}
      note={floor ? `no model measured; floor ${floor.model} ${figureShare(floor, "accuracy")}` : "never measured"}
    />
  );
}

function figureShare(run: EvalRunRow, name: string): string {
  const value = run.figures.find((figure) => figure.name === name)?.value;
  return value == null ? "–" : shareText(value);
}

function countOf(run: EvalRunRow): number {
  return run.figures.find(({ name }) => name === "answered")?.n ?? 0;
}

import type { Figure } from "@/api/types";
import { costText } from "@/format/money";
import { shareText } from "@/format/share";
import { durationText } from "@/format/time";
import { words } from "@/format/words";

const NAMES: Partial<Record<string, string>> = {
  macro_f1: "Macro F1",
  missed_p0: "P0 missed",
  wrong_drop: "Real ones dropped",
  severity_kappa: "Severity, weighted kappa",
  seconds_p50: "Time, median",
  seconds_p95: "Time, p95",
};

export function figureName({ name }: Figure): string {
  return NAMES[name] ?? words(name);
}

/** Say a figure with its interval. */
export function figureText(figure: Figure | undefined): string {
  if (figure?.value == null) return "–";
  const text = valueText(figure.value, figure.unit);
  if (figure.low === null || figure.high === null) return text;
  return `${text} [${valueText(figure.low, figure.unit)}, ${valueText(figure.high, figure.unit)}]`;
}

function valueText(value: number, unit: Figure["unit"]): string {
  switch (unit) {
    case "share":
      return shareText(value);
    case "usd":
      return costText(value);
    case "seconds":
      return value < 1 ? `${(1000 * value).toFixed(0)} ms` : durationText(value);
    case "count":
      return value.toFixed(0);
    case "number":
      return value.toFixed(3);
  }
}

export function figureNamed(figures: Figure[], name: string): Figure | undefined {
  return figures.find((figure) => figure.name === name);
}

const COVERAGE = ["answered", "abstained", "failed"];

/** Return the most telling figure: the first after coverage. */
export function leadFigure(figures: Figure[]): Figure | undefined {
  return figures.find(({ name }) => !COVERAGE.includes(name));
}

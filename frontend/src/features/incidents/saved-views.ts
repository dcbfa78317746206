import { useLocalStorage } from "@mantine/hooks";
import * as v from "valibot";

import { type Filters, readFilters } from "./filters";

/** Filters under a name, kept in this browser. */
export type SavedView = { name: string; filters: Filters };

const Stored = v.array(v.object({ name: v.string(), filters: v.record(v.string(), v.unknown()) }));

const KEY = "incident-views";

/** Return the saved views by name, and how to save and forget one. */
export function useSavedViews() {
  const [views, setViews] = useLocalStorage<SavedView[]>({
    key: KEY,
    defaultValue: [],
    deserialize: viewsRead,
    getInitialValueInEffect: false,
  });
  return {
    views,
    save: (view: SavedView) => {
      const others = views.filter(({ name }) => name !== view.name);
      setViews([...others, view].sort((one, other) => one.name.localeCompare(other.name)));
    },
    forget: (name: string) => {
      setViews(views.filter((view) => view.name !== name));
    },
  };
}

/** Return what can be used of what is stored: another release, or a person, may have written it. */
export function viewsRead(stored: string | undefined): SavedView[] {
  let given: unknown;
  try {
    given = JSON.parse(stored ?? "[]");
  } catch {
    return [];
  }
  const read = v.safeParse(Stored, given);
  return read.success ? read.output.map(({ name, filters }) => ({ name, filters: readFilters(filters) })) : [];
}

/** Whether two sets of filters show the same; the order of choices does not matter. */
export function isSameView(one: Filters, other: Filters): boolean {
  return text(one) === text(other);
}

function text(filters: Filters): string {
  const { status = [], severity = [], service = "", search = "", show = "" } = filters;
  return JSON.stringify([status.toSorted(), severity.toSorted(), service, search, show]);
}

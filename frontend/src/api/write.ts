import { outsideJson } from "@/format/outside-text";

import { ApiProblem } from "./problem";

/** What the server would not take, in its words by the name of the field; "" is what belongs to no field. */
export class Refused extends Error {
  constructor(readonly fields: Record<string, string>) {
    super(Object.values(fields).join(" "));
    this.name = "Refused";
  }
}

type Answer<Data> = { data?: Data; error?: unknown; response: Response };

const REFUSALS = [400, 409, 413];

/** Return the data of a call that changes something. Throws Refused, or ApiProblem as `read` does. */
export async function write<Data>(call: Promise<Answer<Data>>): Promise<Data | undefined> {
  let answer: Answer<Data>;
  try {
    answer = await call;
  } catch {
    throw new ApiProblem("unreachable", "The server could not be reached, or its answer could not be read.");
  }
  if (REFUSALS.includes(answer.response.status)) throw new Refused(refusedFields(outsideJson(answer.error)));
  if (!answer.response.ok) throw ApiProblem.ofStatus(answer.response.status);
  return outsideJson(answer.data) as Data | undefined;
}

function refusedFields(error: unknown): Record<string, string> {
  if (typeof error !== "object" || error === null || Array.isArray(error)) return { "": sentences(error) };
  return Object.fromEntries(
    Object.entries(error).map(([name, said]) => [
      name === "detail" || name === "non_field_errors" ? "" : name,
      sentences(said),
    ]),
  );
}

/** What is said of the entries of a list comes under their places, which people count from one. */
function sentences(said: unknown): string {
  if (typeof said === "string") return said;
  if (typeof said !== "object" || said === null) return "The server refused it.";
  if (Array.isArray(said) && said.every((entry) => typeof entry === "string")) return said.join(" ");
  return Object.entries(said)
    .filter(([, entry]) => Object.keys(entry as object).length > 0)
    .map(([place, entry]) => `${/^\d+$/.test(place) ? `Line ${Number(place) + 1}` : place}: ${sentences(entry)}`)
    .join(" ");
}

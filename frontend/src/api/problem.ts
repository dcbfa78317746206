import { outsideJson } from "@/format/outside-text";

export type ProblemKind = "signed-out" | "forbidden" | "not-found" | "refused" | "server" | "unreachable";

/** Why an answer of the API cannot be shown. */
export class ApiProblem extends Error {
  constructor(
    readonly kind: ProblemKind,
    message: string,
  ) {
    super(message);
    this.name = "ApiProblem";
  }

  static ofStatus(status: number): ApiProblem {
    const kinds: Record<number, ProblemKind> = { 401: "signed-out", 403: "forbidden", 404: "not-found" };
    return new ApiProblem(
      kinds[status] ?? (status >= 500 ? "server" : "refused"),
      `The server answered with status ${status}.`,
    );
  }
}

type Answer<Data> = { data?: Data; response: Response };

/**
 * Return the data of a call of the client, each text in it made visible.
 *
 * Throws ApiProblem for every other outcome, but for an abort.
 */
export async function read<Data>(call: Promise<Answer<Data>>): Promise<Data> {
  let answer: Answer<Data>;
  try {
    answer = await call;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiProblem("unreachable", "The server could not be reached, or its answer could not be read.");
  }
  if (!answer.response.ok || answer.data === undefined) throw ApiProblem.ofStatus(answer.response.status);
  return outsideJson(answer.data) as Data;
}

/** Whether a later try may end otherwise by itself. */
export function isPassing(error: Error): boolean {
  return !(error instanceof ApiProblem) || error.kind === "server" || error.kind === "unreachable";
}

import { ApiProblem, type ProblemKind } from "@/api/problem";

type Words = { title: string; text: string };

const WORDS: Record<ProblemKind, Words> = {
  "signed-out": { title: "Your session has ended", text: "Sign in again; you come back to this page." },
  forbidden: { title: "This is not for you", text: "Your account may not read this. Ask an administrator." },
  "not-found": { title: "There is no such thing", text: "The address may be old, or mistyped." },
  refused: { title: "The server did not understand the request", text: "The filters in the address may be wrong." },
  server: { title: "The server failed", text: "Its log says why. This page tries again by itself." },
  unreachable: {
    title: "The server cannot be reached",
    text: "It may be restarting, or your network is down. This page tries again by itself.",
  },
};

const OWN_FAULT: Words = { title: "This page failed", text: "Load it again. If it fails again, please report it." };

/** Say for a person what went wrong and what to do. */
export function problemWords(error: Error): Words {
  return error instanceof ApiProblem ? WORDS[error.kind] : OWN_FAULT;
}

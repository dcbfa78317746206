import { expect, test } from "vitest";

import { ApiProblem } from "./problem";
import { Refused, write } from "./write";

function answered(status: number, error: unknown) {
  return write(Promise.resolve({ error, response: new Response(null, { status }) }));
}

test("a refusal says what is wrong at each field", async () => {
  await expect(answered(400, { mode: ["No such mode."], paths: { 1: ["Blank."] } })).rejects.toMatchObject({
    fields: { mode: "No such mode.", paths: "Line 2: Blank." },
  });
});

test("what is wrong inside an entry of a list names the entry and the part", async () => {
  await expect(answered(400, { risk_patterns: [{}, { risk: ["Required."] }] })).rejects.toMatchObject({
    fields: { risk_patterns: "Line 2: risk: Required." },
  });
});

test("what belongs to no field stands for the whole", async () => {
  await expect(answered(413, { detail: "Too large." })).rejects.toMatchObject({ fields: { "": "Too large." } });
  await expect(answered(409, "Somebody was first.")).rejects.toMatchObject({
    fields: { "": "Somebody was first." },
  });
  await expect(answered(400, undefined)).rejects.toBeInstanceOf(Refused);
});

test("what is no refusal is a problem", async () => {
  await expect(answered(403, { detail: "no" })).rejects.toMatchObject({ kind: "forbidden" });
  await expect(answered(500, "")).rejects.toMatchObject({ kind: "server" });
  await expect(write(Promise.reject(new TypeError("Failed to fetch")))).rejects.toBeInstanceOf(ApiProblem);
});

test("an answer without a body is no failure", async () => {
  await expect(write(Promise.resolve({ response: new Response(null, { status: 204 }) }))).resolves.toBeUndefined();
});

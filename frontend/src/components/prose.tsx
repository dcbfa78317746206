import { Code } from "@mantine/core";
import { Fragment } from "react";

const CODE = /(`[^`\n]+`)/;

/** What a model wrote: names between back-ticks are set as code, and nothing else of it is markup. */
export function Prose({ text }: { text: string }) {
  return text.split(CODE).map((part, index) =>
    CODE.test(part) ? <Code key={index}>{part.slice(1, -1)}</Code> : <Fragment key={index}>{part}</Fragment>,
  );
}

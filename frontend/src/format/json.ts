import { outsideText } from "./outside-text";

export function jsonText(value: unknown): string {
  return outsideText(JSON.stringify(value, null, 2));
}

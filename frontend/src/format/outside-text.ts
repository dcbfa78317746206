// Every control character but tab and newline has a picture in Unicode, 0x2400 above it.
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0008\u000b-\u001f]/g;
// What cannot be seen, or turns the reading direction around and so makes code read as other code than it is.
const UNSEEN = /[\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e007f}]/gu;

/** Make everything in a text from outside visible; nothing of it is dropped, or it could hide from a reviewer. */
export function outsideText(text: string): string {
  return text
    .replaceAll("\r\n", "\n")
    .replace(CONTROL, (character) => String.fromCharCode(0x2400 + character.charCodeAt(0)))
    .replace(UNSEEN, "\ufffd");
}

/** Make every text in a JSON value visible, names included. */
export function outsideJson(value: unknown): unknown {
  if (typeof value === "string") return outsideText(value);
  if (Array.isArray(value)) return value.map(outsideJson);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [outsideText(name), outsideJson(item)]));
}

// Colours, cursor moves (CSI) and titles (OSC) of ECMA-48, whose escape character outsideText has made visible.
const TERMINAL_SEQUENCE = /␛(?:\[[0-?]*[ -/]*[@-~]|\][^␛␇\n]*(?:␇|␛\\))/g;

/** Return what a program printed, without the colours; only for output, which nobody has to approve. */
export function printedText(text: string): string {
  return text.replace(TERMINAL_SEQUENCE, "");
}

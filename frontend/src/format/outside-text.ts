// Escape sequences of terminals (ECMA-48: CSI and OSC), then every control character but tab and newline.
// eslint-disable-next-line no-control-regex
const TERMINAL_SEQUENCE = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?)/g;
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/** Make text from outside safe to read: no terminal escapes, nothing that turns the reading direction around. */
export function outsideText(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(TERMINAL_SEQUENCE, "").replace(CONTROL, "\u00b7");
}

/** Return the address if it is one that a link may lead to, else null. */
export function outsideAddress(address: string): string | null {
  try {
    return ["http:", "https:"].includes(new URL(address, window.location.origin).protocol) ? address : null;
  } catch {
    return null;
  }
}

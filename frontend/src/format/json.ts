export function jsonText(value: unknown): string {
  // JSON has no undefined, and JSON.stringify gives none back.
  return JSON.stringify(value ?? null, null, 2);
}

/** Return the address if a browser may follow it: http, https, or a path on this server. */
export function safeAddress(address: string): string | undefined {
  try {
    const url = new URL(address, window.location.origin);
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : undefined;
  } catch {
    return undefined;
  }
}

/** Return the cursor of the page after this one, from the address that the API gives. */
export function nextCursor({ next }: { next?: string | null }): string | undefined {
  return next ? (new URL(next, window.location.origin).searchParams.get("cursor") ?? undefined) : undefined;
}

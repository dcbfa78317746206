import { useSyncExternalStore } from "react";

const listeners = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const tell of listeners) tell();
  }, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

function read(): number {
  // Without a running timer the kept time is old.
  if (timer === undefined) now = Date.now();
  // Whole seconds, because React reads twice and wants the same answer.
  return now - (now % 1000);
}

/**
 * Return what `textAt` says of the time in milliseconds, kept right to the second.
 *
 * A thousand ages on a page cost one timer, and nothing is drawn anew before its text is another one.
 */
export function useTextOfNow(textAt: (now: number) => string): string {
  return useSyncExternalStore(subscribe, () => textAt(read()));
}

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

/** Return the time in milliseconds, anew each second; hundreds of ages on a page cost one timer. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, read);
}

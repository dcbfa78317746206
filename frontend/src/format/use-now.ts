import { useSyncExternalStore } from "react";

let now = Date.now();
let timer: number | undefined;
const listeners = new Set<() => void>();

/** One clock for the page, so that hundreds of ages cost one timer. */
function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= window.setInterval(() => {
    now = Date.now();
    listeners.forEach((each) => {
      each();
    });
  }, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      window.clearInterval(timer);
      timer = undefined;
    }
  };
}

function current(): number {
  if (timer === undefined) now = Date.now();
  return now - (now % 1000);
}

/** Return the time in milliseconds, anew each second. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, current);
}

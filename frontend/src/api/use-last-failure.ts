import { useState } from "react";

type Query = { error: Error | null; isSuccess: boolean; isPlaceholderData: boolean };

/** Return a query's last failure until it succeeds; the query forgets it whenever it tries again. */
export function useLastFailure({ error, isSuccess, isPlaceholderData }: Query): Error | null {
  const [kept, setKept] = useState(error);
  const failure = isSuccess && !isPlaceholderData ? null : (error ?? kept);
  if (failure !== kept) setKept(failure);
  return failure;
}

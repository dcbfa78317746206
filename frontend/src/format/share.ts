/** `0.6667` -> `66.7 %`. */
export function shareText(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** `66.7 % [30.0 %, 90.3 %]`: a share with its interval, or an en dash where there is none. */
export function shareWithInterval(share: number | null, low?: number | null, high?: number | null): string {
  if (share === null) return "–";
  if (low == null || high == null) return shareText(share);
  return `${shareText(share)} [${shareText(low)}, ${shareText(high)}]`;
}

/** Say a cost in dollars; cents matter from one dollar up, tenths of a cent below. */
export function costText(usd: string | number): string {
  const amount = Number(usd);
  if (amount === 0) return "$0";
  return amount < 0.001 ? "<$0.001" : `$${amount.toFixed(amount < 1 ? 3 : 2)}`;
}

const TOKENS = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

export function tokensText(count: number): string {
  return TOKENS.format(count);
}

/** Say a cost in dollars: cents from one dollar up, tenths of a cent below. */
export function costText(usd: string | number): string {
  const amount = Number(usd);
  if (amount === 0) return "$0";
  if (amount < 0.001) return "<$0.001";
  return `$${amount.toFixed(amount < 0.9995 ? 3 : 2)}`;
}

const TOKENS = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

export function tokensText(count: number): string {
  return TOKENS.format(count);
}

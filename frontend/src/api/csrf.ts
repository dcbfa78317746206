/** Return the token that Django wants with every form, from the cookie that /api/me/ sets. */
export function csrfToken(): string {
  const cookie = document.cookie.split("; ").find((part) => part.startsWith("csrftoken="));
  return cookie?.slice("csrftoken=".length) ?? "";
}

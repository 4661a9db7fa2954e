// Light, dark, or as the system. A cookie carries the choice to the server, so that the next page is right at once.

const root = document.documentElement;
const YEAR = 31_536_000;

const systemIsDark = () => matchMedia("(prefers-color-scheme: dark)").matches;

export const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : systemIsDark());

/** `theme` is "light", "dark" or "auto". */
export function applyTheme(theme) {
  if (theme === "auto") delete root.dataset.theme;
  else root.dataset.theme = theme;
  const age = theme === "auto" ? 0 : YEAR;
  document.cookie = `theme=${theme}; path=/; max-age=${age}; samesite=lax`;
}

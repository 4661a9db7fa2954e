// The words scripts need, in the page's language: the server puts them into <script id="words">.

const words = JSON.parse(document.getElementById("words")?.textContent || "{}");

export const language = document.documentElement.lang || "en";
const plurals = new Intl.PluralRules(language);

/** The text under a dotted key; `{name}` is filled from `values`, and a plural is chosen by `values.count`. */
export function word(key, values = {}) {
  let text = key.split(".").reduce((node, part) => node?.[part], words);
  if (text && typeof text === "object") text = text[plurals.select(values.plural ?? values.count ?? 0)] ?? text.other;
  if (typeof text !== "string") return key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** The text under a key, or null where this language has none. */
export function wordIfAny(key) {
  const text = word(key);
  return text === key ? null : text;
}

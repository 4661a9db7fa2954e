// One listener for all keys of a page. Letters do nothing inside text fields and can be switched off.

import { isDialogOpen, openDialog } from "./dialogs.js";

const LETTERS_OFF = "sluice.letters_off";
const shortcuts = new Map();

export const lettersAreOn = () => localStorage.getItem(LETTERS_OFF) === null;

export function setLetters(isOn) {
  if (isOn) localStorage.removeItem(LETTERS_OFF);
  else localStorage.setItem(LETTERS_OFF, "1");
}

/** `keys` maps "a", "Delete", "Ctrl+Enter" … to a handler; a handler that returns false leaves the key to the browser. */
export function addShortcuts(keys) {
  for (const [key, handler] of Object.entries(keys)) shortcuts.set(key, handler);
}

function isTextField(target) {
  if (target instanceof HTMLTextAreaElement || target.isContentEditable) return true;
  return target instanceof HTMLInputElement && !["radio", "checkbox", "button", "submit"].includes(target.type);
}

function nameOf(event) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  return event.ctrlKey || event.metaKey ? `Ctrl+${key}` : key;
}

/** On a Cyrillic layout the letter is where the Latin one is: P is found by its place. */
function nameByPlace(event) {
  const place = /^Key([A-Z])$/.exec(event.code)?.[1].toLowerCase() ?? { BracketLeft: "[", BracketRight: "]", Slash: "/" }[event.code];
  return place && (event.ctrlKey || event.metaKey ? `Ctrl+${place}` : place);
}

export function startKeyboard() {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.altKey || event.isComposing || isDialogOpen()) return;
    const isLatin = /^[\x20-\x7e]$/.test(event.key) || event.key.length > 1;
    const name = isLatin ? nameOf(event) : nameByPlace(event);
    const handler = shortcuts.get(name);
    if (!handler) return;
    const isChord = name.startsWith("Ctrl+");
    if (name === "Ctrl+z" && isTextField(event.target)) return;
    if (!isChord && isTextField(event.target)) return;
    if (/^[a-z]$/.test(name) && !lettersAreOn()) return;
    if (handler(event) !== false) event.preventDefault();
  });
  addShortcuts({ "?": () => openDialog(document.getElementById("keys-dialog")) });
}

/** Moves the focus among `items` by `step`; from outside, to the first or the last. */
export function moveFocus(items, step) {
  if (items.length === 0) return;
  const at = items.findIndex((item) => item === document.activeElement || item.contains(document.activeElement));
  const next = at < 0 ? (step > 0 ? 0 : items.length - 1) : Math.min(items.length - 1, Math.max(0, at + step));
  items[next].focus();
  items[next].scrollIntoView({ block: "nearest" });
}

// Forms of profiles and routes: their fields as JSON, refusals beside the form.

import { post } from "./api.js";
import { toastAfterReload, toastProblem } from "./toasts.js";

/** A chat is chosen from the list, or named by its number. */
export function startChatChoice(form) {
  const select = form.elements.chat_id;
  const number = form.elements.chat_number;
  if (!select || !number) return;
  const show = () => { number.hidden = select.value !== "other"; };
  select.addEventListener("change", () => { show(); if (!number.hidden) number.focus(); });
  form.addEventListener("reset", () => setTimeout(show));
  show();
}

export function chosenChat(form) {
  const { chat_id: select, chat_number: number } = form.elements;
  return integer(select.value === "other" ? number.value : select.value);
}

/** What a field says as a number; null when it is blank, the text itself when it is no number, for the server to refuse it by its name. */
export function integer(value) {
  const text = (value ?? "").trim();
  if (text === "") return null;
  return /^[-+]?\d{1,15}$/.test(text) ? Number(text) : text;
}

/** Chooses a chat that may not be in the list. */
export function chooseChat(form, chat) {
  const select = form.elements.chat_id;
  const value = String(chat ?? "");
  if (![...select.options].some((option) => option.value === value)) select.add(new Option(value, value), 0);
  select.value = value;
  select.dispatchEvent(new Event("change"));
}

/** Sends `content`; what is refused is said in the form, and its field gets the focus. Returns the answer, or null. */
export async function submit(form, url, content) {
  const line = form.querySelector(".field-error[role=alert]");
  const buttons = form.querySelectorAll("button[type=submit]");
  line.hidden = true;
  for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
  for (const button of buttons) button.disabled = true;
  try {
    return await post(url, content);
  } catch (problem) {
    if (problem.isPassing) { toastProblem(problem, { unreachable: "not_reached" }); return null; }
    line.textContent = problem.message;
    line.hidden = false;
    const name = problem.errors[0]?.field;
    const field = name && (form.elements[name === "status_mappings" ? "mapping_word" : name] ?? null);
    const focused = field instanceof RadioNodeList ? field[0] : field;
    focused?.setAttribute?.("aria-invalid", "true");
    focused?.focus?.();
    return null;
  } finally {
    for (const button of buttons) button.disabled = false;
  }
}

/** The page as it is after what was saved; null: nothing was. */
export function reloadAfter(answer) {
  if (!answer) return;
  toastAfterReload(answer.message);
  location.reload();
}

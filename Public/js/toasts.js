// Toasts: one line, at most one action, at most three at a time. Success leaves by itself, an error stays.

import { element, icon } from "./markup.js";
import { word } from "./words.js";

const SUCCESS_STAYS = 6_000;
const MOST = 3;
const AFTER_RELOAD = "sluice.toast";

/** `action` is { label, run }; `stays` in milliseconds, null for ever. Returns a function that takes the toast away. */
export function toast(text, { action = null, isError = false, note = null, stays = isError ? null : SUCCESS_STAYS } = {}) {
  const region = document.getElementById("toasts");
  const close = element("button", { class: "icon-button", type: "button", "aria-label": word("close"), title: word("close") }, icon("close"));
  const line = element("span", { class: "toast-text" }, text, note ? element("small", {}, note) : null);
  const box = element("div", { class: isError ? "toast is-error" : "toast", role: isError ? "alert" : "status" }, icon(isError ? "alert" : "check"), line);
  let timer = null;
  const leave = () => { clearTimeout(timer); box.remove(); };
  const startTimer = () => { if (stays) timer = setTimeout(leave, stays); };

  if (action) {
    const press = element("button", { class: "link-button", type: "button" }, action.label);
    press.addEventListener("click", () => { leave(); action.run(); });
    box.append(press);
  }
  box.append(close);
  close.addEventListener("click", leave);
  // Who reads or is about to press is not hurried.
  box.addEventListener("pointerenter", () => clearTimeout(timer));
  box.addEventListener("pointerleave", startTimer);
  box.addEventListener("focusin", () => clearTimeout(timer));
  box.addEventListener("focusout", startTimer);

  // The same sentence is not said twice at once.
  for (const other of region.children) if (other.querySelector(".toast-text").textContent === line.textContent) other.remove();
  region.append(box);
  while (region.childElementCount > MOST) region.firstElementChild.remove();
  startTimer();
  return leave;
}

/** Says what a Problem means; `retry` offers to do the same once more. */
export function toastProblem(problem, { retry = null, unreachable = "not_saved" } = {}) {
  const text = sentence(problem, unreachable);
  const action = retry && (problem.isPassing || problem.status === 429) ? { label: word("try_again"), run: retry } : null;
  return toast(text, { isError: true, action, note: problem.requestId ? word("request", { id: problem.requestId }) : null });
}

function sentence(problem, unreachable) {
  if (problem.isUnreachable) return word(unreachable);
  if (problem.title && problem.detail) return `${problem.title} ${problem.detail}`;
  if (problem.detail ?? problem.title) return problem.detail ?? problem.title;
  return problem.status === 503 ? word("unavailable") : word("unknown_error", { status: problem.status });
}

/** A toast for the page that comes after this one. */
export function toastAfterReload(text) {
  sessionStorage.setItem(AFTER_RELOAD, text);
}

export function showToastOfEarlierPage() {
  const text = sessionStorage.getItem(AFTER_RELOAD);
  if (!text) return;
  sessionStorage.removeItem(AFTER_RELOAD);
  toast(text);
}

// The period control. The choice lives in the URL and, for the next page, in localStorage.

import { openDialog } from "./dialogs.js";
import { range, timeZone, zoneName } from "./format.js";
import { element } from "./markup.js";
import { word } from "./words.js";

const REMEMBERED = "sluice.period";
const PRESETS = ["today", "yesterday", "7_days_ago", "30_days"];

const isDay = (text) => /^\d{4}-\d{2}-\d{2}$/.test(text ?? "");
const parseDay = (text) => new Date(Number(text.slice(0, 4)), Number(text.slice(5, 7)) - 1, Number(text.slice(8, 10)));
const writeDay = (date) => `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, "0")}-${String(date.getDate()).padStart(2, "0")}`;

function daysOfPreset(period) {
  const today = new Date();
  const back = (days) => new Date(today.getFullYear(), today.getMonth(), today.getDate() - days);
  switch (period) {
    case "today": return [back(0), back(0)];
    case "yesterday": return [back(1), back(1)];
    case "30_days": return [back(29), back(0)];
    default: return [back(6), back(0)];
  }
}

function chosenAtStart(control) {
  const query = new URLSearchParams(location.search);
  const isInURL = query.has("period") || query.has("from");
  const remembered = isInURL ? null : JSON.parse(localStorage.getItem(REMEMBERED) ?? "null");
  const wanted = remembered ?? { period: control.dataset.period, from: control.dataset.from, to: control.dataset.to };
  if (isDay(wanted.from) && isDay(wanted.to)) return { from: wanted.from, to: wanted.to };
  return { period: PRESETS.includes(wanted.period) ? wanted.period : "7_days_ago" };
}

export class Period {
  /** `onChange` is called after the person chose another period. */
  constructor(control, onChange) {
    this.control = control;
    this.onChange = onChange;
    this.chosen = chosenAtStart(control);
    control.addEventListener("click", (event) => {
      const button = event.target.closest("button[data-value]");
      if (!button) return;
      if (button.dataset.value === "custom") this.askForDays();
      else this.choose({ period: button.dataset.value });
    });
    control.querySelector("form").addEventListener("submit", (event) => this.takeDays(event));
    this.show();
  }

  get days() {
    const { period, from, to } = this.chosen;
    return period ? daysOfPreset(period) : [parseDay(from), parseDay(to)];
  }

  /** "15–21 Nov" */
  get range() { return range(...this.days); }

  /** What POST /campaigns/stats/ takes. */
  get request() { return { ...this.chosen, timezone: timeZone }; }

  /** Tells one period's numbers from another's: presets move with the day. */
  get key() { return `${this.days.map(writeDay).join("_")}@${timeZone}`; }

  choose(chosen) {
    this.chosen = chosen;
    localStorage.setItem(REMEMBERED, JSON.stringify(chosen));
    const url = new URL(location.href);
    for (const name of ["period", "from", "to"]) {
      if (chosen[name]) url.searchParams.set(name, chosen[name]);
      else url.searchParams.delete(name);
    }
    history.replaceState(history.state, "", url);
    this.show();
    this.onChange();
  }

  show() {
    const value = this.chosen.period ?? "custom";
    for (const button of this.control.querySelectorAll("button[data-value]")) {
      button.setAttribute("aria-pressed", button.dataset.value === value);
      if (button.dataset.value === "custom") button.replaceChildren(element("span", {}, this.range, element("span", { class: "period-zone" }, ` · ${zoneName()}`)));
    }
  }

  askForDays() {
    const dialog = this.control.querySelector("dialog");
    const form = dialog.querySelector("form");
    const [from, to] = this.days.map(writeDay);
    form.elements.from.value = from;
    form.elements.to.value = to;
    form.elements.from.max = form.elements.to.max = writeDay(new Date());
    form.querySelector(".field-error").hidden = true;
    openDialog(dialog);
  }

  takeDays(event) {
    event.preventDefault();
    const form = event.target;
    const from = form.elements.from.value;
    const to = form.elements.to.value;
    if (!isDay(from) || !isDay(to) || from > to) {
      const line = form.querySelector(".field-error");
      line.textContent = word("bad_range");
      line.hidden = false;
      return;
    }
    this.control.querySelector("dialog").close();
    this.choose({ from, to });
  }
}

// Charts of conversions: bars by slot, six series at most, the same as a table below.

import { get, isAbort } from "./api.js";
import { clock, day, money, number, timeZone, zoneName } from "./format.js";
import { element, slot, svg } from "./markup.js";
import { toastProblem } from "./toasts.js";
import { word } from "./words.js";

const MOST = 6;
const HEIGHT = 220;
const AXIS = 22;
const LEFT = 44;

export function startPostbackCharts(page) {
  slot(page, "zone").textContent = ` · ${word("postbacks.time_zone", { zone: zoneName() })}`;
  const form = page.querySelector("#chart-question");
  const chart = new Chart(page);
  let inFlight = null;
  const load = async () => {
    const parameters = new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== ""));
    history.replaceState(history.state, "", `?${parameters}`);
    parameters.set("timezone", timeZone);
    inFlight?.abort();
    inFlight = new AbortController();
    try {
      chart.show(await get(`/postbacks/charts/?${parameters}`, { signal: inFlight.signal }));
    } catch (error) {
      if (!isAbort(error)) toastProblem(error, { retry: load, unreachable: "list_failed" });
    }
  };
  form.addEventListener("change", load);
  form.addEventListener("submit", (event) => { event.preventDefault(); load(); });
  addEventListener("resize", () => chart.draw());
  load();
}

class Chart {
  constructor(page) {
    this.box = slot(page, "chart");
    this.legend = slot(page, "legend");
    this.table = slot(page, "table");
    this.answer = null;
    this.hidden = new Set();
    this.legend.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      const { name } = button.dataset;
      if (!this.hidden.delete(name)) this.hidden.add(name);
      this.draw();
    });
  }

  show(answer) {
    this.answer = answer;
    this.hidden.clear();
    this.draw();
    this.fillTable();
  }

  /** The greatest, one by one; the rest as one, in grey. */
  get series() {
    const named = new Map();
    for (const { name, conversions } of this.answer.series) {
      const sum = named.get(name);
      named.set(name, sum ? sum.map((value, index) => value + conversions[index]) : conversions);
    }
    const all = [...named].map(([name, values]) => ({ name, values, total: values.reduce((sum, value) => sum + value, 0) })).sort((one, other) => other.total - one.total);
    const shown = all.slice(0, all.length > MOST ? MOST - 1 : MOST).map((one, index) => ({ ...one, kind: `series-${index + 1}` }));
    const rest = all.slice(shown.length);
    if (rest.length > 0) {
      const values = this.answer.slots.map((_, index) => rest.reduce((sum, one) => sum + one.values[index], 0));
      shown.push({ name: word("postbacks.other"), values, kind: "series-rest" });
    }
    return shown;
  }

  draw() {
    if (!this.answer) return;
    const series = this.series;
    this.legend.replaceChildren(...series.map(({ name, kind }) => element("li", {}, element("button", { type: "button", class: "legend-entry", "data-name": name, "aria-pressed": String(!this.hidden.has(name)) }, element("span", { class: `swatch ${kind}` }), name))));
    const visible = series.filter(({ name }) => !this.hidden.has(name));
    const sums = this.answer.slots.map((_, index) => visible.reduce((sum, one) => sum + Math.max(0, one.values[index]), 0));
    if (series.length === 0) return this.box.replaceChildren(element("p", { class: "chart-empty" }, word("postbacks.nothing")));
    const width = Math.max(280, this.box.clientWidth);
    const top = nice(Math.max(1, ...sums));
    const room = width - LEFT;
    const step = room / sums.length;
    const bar = Math.max(2, Math.min(48, step * 0.7));
    const y = (value) => 8 + (HEIGHT - AXIS - 8) * (1 - value / top);
    const parts = [];
    for (const part of [0, 0.5, 1]) {
      const at = y(top * part);
      parts.push(svg("line", { x1: LEFT, x2: width, y1: at, y2: at, class: "chart-line" }), svg("text", { x: LEFT - 6, y: at + 4, class: "chart-number" }, number(top * part, top < 2 && part === 0.5 ? 1 : 0)));
    }
    sums.forEach((sum, index) => {
      const x = LEFT + step * index + (step - bar) / 2;
      let base = 0;
      const isNow = index === sums.length - 1;
      const group = svg("g", { class: isNow ? "chart-bar is-now" : "chart-bar" });
      for (const { values, kind } of visible) {
        const value = Math.max(0, values[index]);
        if (value === 0) continue;
        group.append(svg("rect", { x, width: bar, y: y(base + value), height: Math.max(1, y(base) - y(base + value)), class: kind }));
        base += value;
      }
      const lines = [this.slotName(index), ...visible.filter(({ values }) => values[index] > 0).map(({ name, values }) => `${name}: ${number(values[index])}`)];
      group.append(svg("rect", { x: LEFT + step * index, width: step, y: 0, height: HEIGHT - AXIS, class: "chart-target" }, svg("title", {}, lines.join("\n"))));
      parts.push(group);
      const every = Math.ceil(56 / step);
      if (index % every === 0) parts.push(svg("text", { x: LEFT + step * (index + 0.5), y: HEIGHT - 4, class: "chart-slot" }, this.slotName(index)));
    });
    this.box.replaceChildren(svg("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, role: "img", "aria-label": word("postbacks.chart") }, ...parts));
  }

  slotName(index) {
    const date = new Date(this.answer.slots[index]);
    return this.answer.days === 1 ? clock(date) : day(date);
  }

  fillTable() {
    const amount = (text, currency) => (Number(text) === 0 ? element("span", { class: "is-zero" }, "0") : money(Number(text), currency || null, 2));
    this.table.replaceChildren(...this.answer.series.map((one) => element("tr", { class: "row" },
      element("th", { scope: "row" }, one.name),
      element("td", { class: "is-number" }, number(one.total)),
      element("td", { class: "is-number" }, amount(one.revenue_hold, one.currency)),
      element("td", { class: "is-number" }, amount(one.revenue_confirmed, one.currency)))));
  }
}

/** The next of 1, 2, 5, 10, 20 … */
function nice(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= value);
}

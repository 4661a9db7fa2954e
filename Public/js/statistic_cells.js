// How one statistic is written in a cell, and the small bars beside it.

import { money, number, percent } from "./format.js";
import { element, svg } from "./markup.js";
import { word } from "./words.js";

const writers = {
  clicks: (row) => number(row.clicks),
  unique_clicks: (row) => number(row.unique_clicks),
  conversions: (row) => number(row.conversions),
  cr: (row) => percent(row.cr, 2),
  epc: (row, currency) => money(row.epc, currency, 3),
  revenue: (row, currency) => money(row.revenue, currency),
  revenue_hold: (row, currency) => money(row.revenue_hold, currency),
  revenue_confirmed: (row, currency) => money(row.revenue_confirmed, currency),
  cost: (row, currency) => money(row.cost, currency),
  profit: (row, currency) => money(row.profit, currency),
  roi: (row) => percent(row.roi, 1, { showsPlus: true }),
};

/** A row nobody clicked: counts are zero, ratios are missing. */
export const nothing = {
  clicks: 0, unique_clicks: 0, conversions: 0,
  cost: 0, revenue: 0, revenue_hold: 0, revenue_confirmed: 0, profit: 0,
  roi: null, cr: null, epc: null,
};

/** `revenue` holds both kinds; what is not on hold is confirmed. */
export function withConfirmed(row) {
  const isKnown = row.revenue !== null && row.revenue_hold !== null && row.revenue_hold !== undefined;
  return { ...row, revenue_confirmed: isKnown ? row.revenue - row.revenue_hold : null };
}

function roiClass(value) {
  if (value === null || value === undefined) return "is-zero";
  const rounded = Number(value.toFixed(1));
  if (rounded === 0) return "is-zero";
  return rounded > 0 ? "is-up" : "is-down";
}

function shareBar(value, most) {
  return svg("svg", { class: "bar", width: 32, height: 4, viewBox: "0 0 32 4", "aria-hidden": "true" },
    svg("rect", { class: "bar-track", width: 32, height: 4, rx: 2 }),
    svg("rect", { class: "bar-fill", width: Math.max(1.5, (32 * value) / most), height: 4, rx: 2 }));
}

function roiBar(value) {
  const length = Math.min(21, (Math.abs(value) / 100) * 21);
  const kind = value > 0 ? "roi-up" : "roi-down";
  return svg("svg", { class: "roi-bar", width: 44, height: 6, viewBox: "0 0 44 6", "aria-hidden": "true" },
    svg("rect", { class: "roi-middle", x: 21.5, width: 1, height: 6 }),
    svg("rect", { class: kind, x: value > 0 ? 22.5 : 21.5 - length, y: 1, width: Math.max(1, length), height: 4, rx: 1 }));
}

/** Fills `cell` with its statistic of `row`; `most` gives the largest value of each statistic that carries a bar. */
export function fillCell(cell, row, currency, most = null) {
  const name = cell.dataset.stat ?? cell.dataset.card;
  const value = row[name];
  const text = writers[name](row, currency);
  const colour = name === "roi" ? roiClass(value) : value === 0 || value === null || value === undefined ? "is-zero" : "";
  if (name === "clicks") cell.dataset.unit = word("clicks_short");
  cell.classList.remove("is-zero", "is-up", "is-down");
  if (colour) cell.classList.add(colour);
  const bar = most && barFor(name, value, most);
  cell.replaceChildren(bar ? element("span", { class: "stat" }, bar, element("span", {}, text)) : text);
}

function barFor(name, value, most) {
  if (!value) return null;
  if (name === "roi") return roiBar(value);
  return most[name] ? shareBar(value, most[name]) : null;
}

/** The sum of rows, its ratios made anew from the sums. Uniques are never added up. */
export function sumOf(rows) {
  const total = (name) => rows.reduce((sum, row) => (sum === null || row[name] === null ? null : sum + row[name]), 0);
  const [clicks, conversions, revenue, cost, profit] = ["clicks", "conversions", "revenue", "cost", "profit"].map(total);
  return {
    clicks, conversions, revenue, cost, profit,
    cr: clicks ? (100 * conversions) / clicks : null,
    epc: clicks && revenue !== null ? revenue / clicks : null,
    roi: cost && profit !== null ? (100 * profit) / cost : null,
  };
}

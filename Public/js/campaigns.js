// The campaign list: filter as you type, sort by a click, numbers after the page.

import { getFragment, isAbort, post } from "./api.js";
import { fromServer, slot } from "./markup.js";
import { addShortcuts, moveFocus } from "./keyboard.js";
import { Period } from "./period.js";
import { fillCell, nothing, sumOf } from "./statistic_cells.js";
import { Statistics } from "./statistics.js";
import { localiseTimes } from "./times.js";
import { toast, toastAfterReload, toastProblem } from "./toasts.js";
import { language, word } from "./words.js";

const TYPING_PAUSE = 90;
const TEXT_COLUMNS = ["name", "id", "group", "synced"];

export function startCampaigns(page) {
  startSync(page.querySelector("#sync-campaigns"));
  const table = page.querySelector("#campaign-table");
  if (!table) return;
  const list = new CampaignList(page, table);
  const period = new Period(page.querySelector("#period"), () => statistics.load());
  const statistics = new Statistics({
    scope: table,
    period,
    request: () => period.request,
    show: (answer) => list.showNumbers(answer),
  });
  statistics.load();

  addShortcuts({
    "/": () => list.search.select(),
    ArrowDown: () => moveFocus(list.links, 1),
    ArrowUp: () => moveFocus(list.links, -1),
    Escape: () => list.clearSearch(),
  });
}

class CampaignList {
  constructor(page, table) {
    this.table = table;
    this.form = page.querySelector("#campaign-filter");
    this.search = this.form.elements.q;
    this.sort = { key: page.dataset.sort || "revenue", isDescending: page.dataset.dir !== "asc" };
    this.answer = null;
    this.numbers = new Map();
    this.rowsInFlight = null;
    this.listenToFilter();
    this.listenToTable();
    this.showSort();
  }

  get body() { return this.table.querySelector("tbody"); }
  get rows() { return [...this.body.querySelectorAll("tr.row")]; }
  get links() { return this.rows.map((row) => row.querySelector("a")); }

  listenToFilter() {
    let pause = null;
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.refilter();
      this.links[0]?.focus();
    });
    this.form.addEventListener("change", (event) => { if (event.target !== this.search) this.refilter(); });
    this.search.addEventListener("input", () => {
      clearTimeout(pause);
      pause = setTimeout(() => this.refilter(), TYPING_PAUSE);
    });
    this.search.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown") { event.preventDefault(); this.links[0]?.focus(); }
      if (event.key === "Escape") { event.preventDefault(); this.clearSearch(); this.search.blur(); }
    });
  }

  listenToTable() {
    this.table.addEventListener("click", (event) => {
      const head = event.target.closest("a[data-key]");
      if (head && !event.ctrlKey && !event.metaKey) {
        event.preventDefault();
        this.sortBy(head.dataset.key);
        return;
      }
      const row = event.target.closest("tr.row");
      if (row && !event.target.closest("a") && getSelection().isCollapsed) row.querySelector("a").click();
    });
  }

  clearSearch() {
    if (this.search.value === "") return false;
    this.search.value = "";
    this.refilter();
    return true;
  }

  /** The address of what the form asks for, without empty parts; the period stays. */
  get address() {
    const url = new URL(location.href);
    for (const name of ["q", "state", "group", "drafts", "sort", "dir"]) url.searchParams.delete(name);
    for (const [name, value] of new FormData(this.form)) {
      const isDefault = value === "" || (name === "state" && value === "all") || (name === "sort" && value === "revenue") || (name === "dir" && value === "desc");
      if (!isDefault) url.searchParams.set(name, value);
    }
    return url;
  }

  async refilter() {
    const url = this.address;
    history.replaceState(history.state, "", url);
    this.rowsInFlight?.abort();
    const controller = (this.rowsInFlight = new AbortController());
    try {
      const html = await getFragment(url, "rows", { signal: controller.signal });
      this.body.replaceWith(fromServer(html));
      localiseTimes(this.body);
      this.showNumbers(this.answer);
      slot(this.table, "count").textContent = this.body.dataset.count;
      slot(this.table, "flows").textContent = this.body.dataset.flows;
      this.table.scrollTop = 0;
    } catch (error) {
      if (!isAbort(error)) toastProblem(error, { retry: () => this.refilter(), unreachable: "list_failed" });
    }
  }

  showNumbers(answer) {
    this.answer = answer;
    this.numbers = new Map((answer?.rows ?? []).map((row) => [String(row.campaign_id), row]));
    for (const row of this.rows) {
      const numbers = this.numbers.get(row.dataset.id) ?? nothing;
      for (const cell of row.querySelectorAll("[data-stat]")) answer ? fillCell(cell, numbers, answer.currency) : cell.replaceChildren();
    }
    const total = answer && sumOf(this.rows.map((row) => this.numbers.get(row.dataset.id) ?? nothing));
    for (const cell of this.table.querySelectorAll("tfoot [data-stat]")) answer ? fillCell(cell, total, answer.currency) : cell.replaceChildren();
    if (answer || TEXT_COLUMNS.includes(this.sort.key)) this.order();
  }

  sortBy(key) {
    const startsDescending = !["name", "id", "group"].includes(key);
    this.sort = { key, isDescending: this.sort.key === key ? !this.sort.isDescending : startsDescending };
    this.form.elements.sort.value = key;
    this.form.elements.dir.value = this.sort.isDescending ? "desc" : "asc";
    history.replaceState(history.state, "", this.address);
    this.showSort();
    this.order();
  }

  showSort() {
    for (const head of this.table.querySelectorAll("thead th")) {
      const isSorted = head.querySelector("a").dataset.key === this.sort.key;
      if (isSorted) head.setAttribute("aria-sort", this.sort.isDescending ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
  }

  valueOf(row) {
    switch (this.sort.key) {
      case "name": return row.querySelector("a").textContent;
      case "id": return Number(row.dataset.id);
      case "group": return row.dataset.group || null;
      case "flows": return Number(row.dataset.flows);
      case "synced": return row.dataset.synced || null;
      default: return (this.numbers.get(row.dataset.id) ?? nothing)[this.sort.key] ?? null;
    }
  }

  order() {
    const collator = new Intl.Collator(language, { numeric: true });
    const direction = this.sort.isDescending ? -1 : 1;
    const keyed = this.rows.map((row) => ({ row, value: this.valueOf(row) }));
    keyed.sort((one, other) => {
      if (one.value === null || other.value === null) return (one.value === null) - (other.value === null);
      const order = typeof one.value === "string" ? collator.compare(one.value, other.value) : one.value - other.value;
      return order * direction;
    });
    const focused = document.activeElement;
    this.body.append(...keyed.map(({ row }) => row));
    if (this.body.contains(focused)) focused.focus({ preventScroll: true });
  }
}

function startSync(button) {
  button.addEventListener("click", async () => {
    if (button.classList.contains("is-busy")) return;
    button.classList.add("is-busy");
    button.setAttribute("aria-busy", "true");
    const began = performance.now();
    let leave = null;
    const reason = setTimeout(() => {
      leave = toast(word("reading_campaigns", { seconds: Math.round((performance.now() - began) / 1000) }), { stays: null });
    }, 3_000);
    try {
      const { message } = await post("/campaigns/sync-campaigns/");
      if (message) toastAfterReload(message);
      location.reload();
    } catch (problem) {
      toastProblem(problem, { retry: () => button.click(), unreachable: "not_reached" });
      button.classList.remove("is-busy");
      button.removeAttribute("aria-busy");
    } finally {
      clearTimeout(reason);
      leave?.();
    }
  });
}

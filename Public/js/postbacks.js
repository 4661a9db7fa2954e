// The live log: rows as they come, filters as you type, one event in the panel.

import { get, getFragment, isAbort } from "./api.js";
import { zoneName } from "./format.js";
import { addShortcuts, moveFocus } from "./keyboard.js";
import { fromServer, icon, slot } from "./markup.js";
import { ACTIONS, act } from "./postback_actions.js";
import { localiseTimes } from "./times.js";
import { toastProblem } from "./toasts.js";
import { word } from "./words.js";

const TYPING_PAUSE = 120;
const MOST_ROWS = 400;
const RETRY = 5_000;
const FILTERS = ["q", "profile", "status", "delivery", "outcome", "campaign", "from", "to"];

export function startPostbacks(page) {
  slot(page, "zone").textContent = ` · ${word("postbacks.time_zone", { zone: zoneName() })}`;
  const log = new Log(page);
  addShortcuts({
    "/": () => log.search.select(),
    " ": () => log.pauseButton.click(),
    ArrowDown: () => moveFocus(log.links, 1),
    ArrowUp: () => moveFocus(log.links, -1),
    Escape: () => log.closePanel() || log.clearSearch(),
  });
}

class Log {
  constructor(page) {
    this.page = page;
    this.scroll = page.querySelector("#log-scroll");
    this.form = page.querySelector("#postback-filter");
    this.search = this.form.elements.q;
    this.panel = page.querySelector("#event-panel");
    this.strip = page.querySelector("#strip");
    this.pauseButton = page.querySelector("#pause-log");
    this.chip = page.querySelector("#live-chip");
    this.newest = page.dataset.newest || null;
    this.isPaused = false;
    this.isLive = true;
    // By id; null: it fits no more.
    this.held = new Map();
    this.skippedButton = page.querySelector("#log-skipped");
    this.skippedButton.addEventListener("click", () => this.refilter());
    this.showSkipped(0);
    this.source = null;
    this.listenToFilter();
    this.listenToRows();
    this.pauseButton.addEventListener("click", () => this.togglePause());
    // What comes now is not of an older page.
    const isOlder = new URLSearchParams(location.search).has("before");
    this.chip.hidden = this.pauseButton.hidden = isOlder;
    if (!isOlder) this.connect();
    // A page that is left closes its line, or it could not be kept for going back.
    addEventListener("pagehide", () => this.source?.close());
    addEventListener("pageshow", (event) => { if (event.persisted && this.source) this.refilter(); });
  }

  get body() { return this.scroll.querySelector("tbody"); }
  get rows() { return [...this.body.querySelectorAll("tr.row")]; }
  get links() { return this.rows.map((row) => row.querySelector("a")); }

  // ---- The line

  get question() {
    const parameters = new URLSearchParams();
    for (const [name, value] of new FormData(this.form)) if (value !== "") parameters.set(name, value);
    return parameters;
  }

  connect() {
    this.source?.close();
    const parameters = this.question;
    parameters.set("html", "1");
    if (this.newest) parameters.set("after", this.newest);
    const source = (this.source = new EventSource(`/postbacks/live/?${parameters}`));
    source.addEventListener("open", () => this.showState(true));
    source.addEventListener("error", () => {
      this.showState(false);
      // A browser does not come back by itself to a line that was refused.
      if (source.readyState === EventSource.CLOSED) setTimeout(() => this.askAgain(source), RETRY);
    });
    source.addEventListener("events", (event) => this.take(JSON.parse(event.data)));
    // Its time was over: the next one begins at once, and the page stays live meanwhile.
    source.addEventListener("end", () => this.connect());
    this.chip.hidden = this.pauseButton.hidden = false;
  }

  /** An ordinary request finds out why, and leads to the login page when the session has ended. */
  async askAgain(source) {
    if (source !== this.source) return;
    try {
      await get("/postbacks/summary/");
      if (source === this.source) this.connect();
    } catch (problem) {
      if (problem.isPassing) setTimeout(() => this.askAgain(source), RETRY);
      else toastProblem(problem);
    }
  }

  showState(isLive = this.isLive) {
    this.isLive = isLive;
    const isUp = isLive && !this.isPaused;
    const text = this.isPaused ? word("postbacks.held", { count: this.heldCount }) : isLive ? word("postbacks.live") : word("postbacks.lost");
    slot(this.chip, "live").textContent = text;
    this.chip.classList.toggle("is-up", isUp);
    this.chip.classList.toggle("is-outline", !isUp);
    this.chip.querySelector(".dot").className = isUp ? "dot is-up" : "dot is-hollow";
  }

  /** How many are held that are not on the page yet. */
  get heldCount() {
    const shown = new Set(this.rows.map((row) => row.dataset.event));
    return [...this.held].filter(([id, event]) => event && !shown.has(id)).length;
  }

  take({ events, gone, skipped, whole_from: start, summary_html: strip }) {
    if (skipped) this.showSkipped(this.skipped + skipped);
    if (strip) this.strip.replaceChildren(fromServer(strip));
    const changes = new Map(gone.map((id) => [id, null]));
    if (start) {
      // From there on nothing else fits than what is told now.
      for (const { dataset } of this.rows) if (this.order(dataset.place, start) > 0) changes.set(dataset.event, null);
      for (const [id, event] of this.held) if (event && this.order(event.place, start) > 0) changes.set(id, null);
    }
    for (const event of events) {
      changes.set(event.id, event);
      if (!this.newest || this.order(event.place, this.newest) > 0) this.newest = event.place;
    }
    for (const [id, event] of changes) {
      if (this.isPaused) this.held.set(id, event);
      else this.show(id, event);
    }
    if (this.isPaused) this.showState();
  }

  /** So many came between two looks that the oldest of them were passed over. */
  showSkipped(count) {
    this.skipped = count;
    this.skippedButton.parentElement.hidden = count === 0;
    this.skippedButton.textContent = count === 0 ? "" : word("postbacks.skipped", { count });
  }

  /** @param event null: it fits no more. */
  show(id, event) {
    const old = this.body.querySelector(`tr[data-event="${CSS.escape(id)}"]`);
    if (!event) return old?.remove();
    const row = fromServer(`<table><tbody>${event.html}</tbody></table>`).querySelector("tr");
    localiseTimes(row);
    if (old) {
      if (old.innerHTML === row.innerHTML) return;
      const hadFocus = old.contains(document.activeElement);
      row.classList.toggle("is-chosen", old.classList.contains("is-chosen"));
      old.replaceWith(row);
      if (hadFocus) row.querySelector("a").focus({ preventScroll: true });
    } else {
      this.body.querySelector(".row-empty")?.remove();
      row.classList.add("is-new");
      this.insert(row);
    }
    if (this.shownPlace === event.place) this.refreshPanel();
  }

  /** By time, newest first; what comes late takes its place. */
  insert(row) {
    const before = this.rows.find((other) => this.order(row.dataset.place, other.dataset.place) > 0);
    if (before) before.before(row);
    else if (this.body.querySelector(".row-older")) this.body.querySelector(".row-older").before(row);
    else this.body.append(row);
    const rows = this.rows;
    if (rows.length > MOST_ROWS && this.scroll.scrollTop < 40) rows.at(-1).remove();
  }

  order(one, other) {
    const [a, b] = [one, other].map((place) => BigInt(place.split("_")[0]));
    return a === b ? (one > other ? 1 : -1) : a > b ? 1 : -1;
  }

  togglePause() {
    if (!this.source) return;
    this.isPaused = !this.isPaused;
    this.pauseButton.setAttribute("aria-pressed", this.isPaused);
    slot(this.pauseButton, "pause").textContent = word(this.isPaused ? "postbacks.resume" : "postbacks.pause");
    this.pauseButton.querySelector(".icon").replaceWith(icon(this.isPaused ? "play" : "pause"));
    if (!this.isPaused) {
      for (const [id, event] of this.held) this.show(id, event);
      this.held.clear();
    }
    this.showState();
  }

  // ---- Filter

  listenToFilter() {
    let pause = null;
    this.form.addEventListener("submit", (event) => { event.preventDefault(); this.refilter(); });
    this.form.addEventListener("change", (event) => { if (event.target !== this.search) this.refilter(); });
    this.search.addEventListener("input", () => { clearTimeout(pause); pause = setTimeout(() => this.refilter(), TYPING_PAUSE); });
    this.search.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown") { event.preventDefault(); this.links[0]?.focus(); }
      if (event.key === "Escape") { event.preventDefault(); this.clearSearch(); this.search.blur(); }
    });
  }

  clearSearch() {
    if (this.search.value === "") return false;
    this.search.value = "";
    this.refilter();
    return true;
  }

  async refilter() {
    const url = new URL(location.href);
    for (const name of [...FILTERS, "before"]) url.searchParams.delete(name);
    for (const [name, value] of this.question) url.searchParams.set(name, value);
    history.replaceState(history.state, "", url);
    const exported = this.page.querySelector("#export-log");
    exported.href = `/postbacks/export/${url.search}`;
    this.inFlight?.abort();
    const controller = (this.inFlight = new AbortController());
    try {
      const html = await getFragment(url, "rows", { signal: controller.signal });
      this.held.clear();
      this.showSkipped(0);
      const made = fromServer(`<table>${html}</table>`).querySelector("tbody");
      this.body.replaceWith(made);
      localiseTimes(this.body);
      this.scroll.scrollTop = 0;
      this.newest = this.rows[0]?.dataset.place ?? null;
      this.connect();
    } catch (error) {
      if (!isAbort(error)) toastProblem(error, { retry: () => this.refilter(), unreachable: "list_failed" });
    }
  }

  // ---- The panel

  listenToRows() {
    this.scroll.addEventListener("click", (event) => {
      const row = event.target.closest("tr.row");
      if (!row || event.ctrlKey || event.metaKey || !getSelection().isCollapsed) return;
      event.preventDefault();
      this.openPanel(row);
    });
    this.panel.addEventListener("click", async (event) => {
      if (event.target.closest("[data-slot=close]")) this.closePanel();
      const button = event.target.closest(ACTIONS);
      if (button && await act(button)) this.refreshPanel();
    });
  }

  get shownPlace() { return this.panel.hidden ? null : this.panel.querySelector(".event")?.dataset.place ?? null; }

  async openPanel(row) {
    for (const other of this.rows) other.classList.toggle("is-chosen", other === row);
    try {
      const html = await getFragment(`/postbacks/events/${row.dataset.place}/`, "panel");
      this.panel.replaceChildren(fromServer(html));
      localiseTimes(this.panel);
      this.panel.hidden = false;
    } catch (problem) {
      toastProblem(problem, { unreachable: "list_failed" });
    }
  }

  refreshPanel() {
    const row = this.rows.find((other) => other.dataset.place === this.shownPlace);
    if (row) this.openPanel(row);
  }

  closePanel() {
    if (this.panel.hidden) return false;
    const row = this.body.querySelector("tr.is-chosen");
    this.panel.hidden = true;
    row?.classList.remove("is-chosen");
    row?.querySelector("a").focus({ preventScroll: true });
    return true;
  }
}

// Adding an offer: a combobox (ARIA APG pattern) that answers while typing. What is already in the flow is shown but can't be chosen.

import { get, isAbort } from "./api.js";
import { number } from "./format.js";
import { element } from "./markup.js";
import { word } from "./words.js";

const TYPING_PAUSE = 50;
const SEARCHING_AFTER = 150;

export class OfferSearch {
  /** `input` is the combobox; `choose(offer)` is called with what the server described. */
  constructor(input, flow, choose) {
    Object.assign(this, { input, flow, choose });
    this.list = document.getElementById(input.getAttribute("aria-controls"));
    this.offers = [];
    this.active = -1;
    this.pause = null;
    this.inFlight = null;
    input.addEventListener("input", () => this.askSoon());
    input.addEventListener("keydown", (event) => this.key(event));
    input.addEventListener("blur", () => this.close());
    // The field keeps the focus while the list is pressed.
    this.list.addEventListener("pointerdown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.take(Number(option.dataset.index));
    });
    this.list.addEventListener("pointermove", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.activate(Number(option.dataset.index));
    });
  }

  get isOpen() { return !this.list.hidden; }

  askSoon() {
    clearTimeout(this.pause);
    this.pause = setTimeout(() => this.ask(), TYPING_PAUSE);
  }

  async ask() {
    const query = this.input.value.trim();
    this.inFlight?.abort();
    if (query === "") return this.close();
    const controller = (this.inFlight = new AbortController());
    const slow = setTimeout(() => { if (!this.isOpen) this.showLine(word("offers.searching")); }, SEARCHING_AFTER);
    try {
      const answer = await get(`/campaigns/offers/autocomplete/?${new URLSearchParams({ q: query, flow: this.flow })}`, { signal: controller.signal });
      this.showOffers(query, answer);
    } catch (error) {
      if (!isAbort(error)) this.showLine(error.detail ?? word("offers.failed"));
    } finally {
      clearTimeout(slow);
    }
  }

  showOffers(query, { offers, total }) {
    if (document.activeElement !== this.input) return;
    this.offers = offers;
    if (offers.length === 0) return this.showLine(word("offers.nothing", { query }));
    const options = offers.map((offer, index) => this.option(offer, index, query));
    const foot = element("div", { class: "offer-list-foot" },
      element("span", {}, word("offers.total", { shown: number(offers.length), count: number(total), plural: total })),
      element("kbd", {}, "↑"), element("kbd", {}, "↓"), element("kbd", {}, "Enter"), element("span", {}, word("offers.add")));
    this.list.replaceChildren(element("div", { class: "offer-options" }, ...options), foot);
    this.open();
    this.activate(offers.findIndex((offer) => !offer.in_flow));
  }

  option(offer, index, query) {
    const last = offer.in_flow ? word("offers.in_flow") : offer.payout ?? "—";
    const attributes = {
      class: "offer-option", role: "option", id: `${this.list.id}-${index}`, "data-index": index,
      "aria-selected": "false", "aria-disabled": offer.in_flow ? "true" : null,
    };
    return element("div", attributes,
      element("span", { title: offer.name }, ...marked(offer.name, query)),
      element("span", {}, ...marked(String(offer.offer_id), query)),
      element("span", {}, offer.network ?? "—"),
      element("span", {}, last));
  }

  showLine(text) {
    this.offers = [];
    this.list.replaceChildren(element("p", { class: "offer-list-empty", role: "status" }, text));
    this.open();
    this.activate(-1);
  }

  open() {
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
    const below = innerHeight - this.input.getBoundingClientRect().bottom - (document.getElementById("draft-bar")?.offsetHeight ?? 0);
    this.list.classList.toggle("is-above", below < this.list.offsetHeight + 12 && this.input.getBoundingClientRect().top > this.list.offsetHeight + 64);
  }

  close() {
    clearTimeout(this.pause);
    this.inFlight?.abort();
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
    this.active = -1;
  }

  activate(index) {
    this.active = index;
    for (const option of this.list.querySelectorAll("[role=option]")) option.setAttribute("aria-selected", Number(option.dataset.index) === index);
    const option = this.list.querySelector('[aria-selected="true"]');
    if (option) this.input.setAttribute("aria-activedescendant", option.id);
    else this.input.removeAttribute("aria-activedescendant");
    option?.scrollIntoView({ block: "nearest" });
  }

  take(index) {
    const offer = this.offers[index];
    if (!offer || offer.in_flow) return;
    this.input.value = "";
    this.close();
    this.choose(offer);
  }

  key(event) {
    switch (event.key) {
      case "ArrowDown":
      case "ArrowUp": {
        event.preventDefault();
        if (!this.isOpen) return this.ask();
        const step = event.key === "ArrowDown" ? 1 : -1;
        const count = this.offers.length;
        if (count > 0) this.activate((this.active + step + count) % count);
        return;
      }
      case "Enter":
        if (event.ctrlKey || event.metaKey) return;
        event.preventDefault();
        if (this.isOpen) this.take(this.active);
        else this.ask();
        return;
      case "Escape":
        event.preventDefault();
        event.stopPropagation();
        if (this.isOpen) this.close();
        else if (this.input.value !== "") this.input.value = "";
        else this.input.blur();
    }
  }
}

/** `text` in pieces, what matches a word of `query` inside <mark>. */
function marked(text, query) {
  const escaped = query.split(/\s+/).filter(Boolean).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  if (escaped.length === 0) return [text];
  const pieces = text.split(new RegExp(`(${escaped.join("|")})`, "giu"));
  return pieces.map((piece, index) => (index % 2 === 1 ? element("mark", {}, piece) : piece));
}

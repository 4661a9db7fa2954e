// The flow cards of a page: which one is current, and putting a fresh card from the server in place of an old one
// without losing what the person is doing in it.

import { fromServer } from "./markup.js";
import { localiseTimes } from "./times.js";

export class FlowCards {
  /** `onShown(cards)` is called for every set of cards that came to the page; `onChange()` when the current card or a draft changed. */
  constructor(page, { onShown, onChange }) {
    Object.assign(this, { page, onShown, onChange });
    this.currentKey = (this.drafts[0] ?? this.all[0])?.dataset.flow ?? null;
    page.addEventListener("focusin", (event) => {
      const card = event.target.closest(".flow");
      if (card) this.select(card.dataset.flow);
    });
    page.addEventListener("click", (event) => {
      const tab = event.target.closest(".flow-tab");
      if (tab) this.select(tab.dataset.flow);
    });
    this.show();
  }

  get container() { return this.page.querySelector("#flows"); }
  get all() { return [...this.container.querySelectorAll(".flow")]; }
  get drafts() { return this.all.filter((card) => card.classList.contains("is-draft")); }
  get current() { return this.card(this.currentKey) ?? this.all[0] ?? null; }
  card(key) { return key === null ? null : document.getElementById(`flow-${key}`); }

  /** The draft the bar speaks of: the current flow's, else the first. */
  get currentDraft() {
    return this.current?.classList.contains("is-draft") ? this.current : this.drafts[0] ?? null;
  }

  select(key) {
    if (key === this.currentKey) return;
    this.currentKey = key;
    this.show();
  }

  step(by) {
    const cards = this.all;
    if (cards.length === 0) return;
    const at = cards.indexOf(this.current);
    const card = cards[Math.min(cards.length - 1, Math.max(0, at + by))];
    this.select(card.dataset.flow);
    card.scrollIntoView({ block: "nearest" });
    card.querySelector("tr.offer, .add-offer-input")?.focus();
  }

  show() {
    for (const card of this.all) card.classList.toggle("is-current", card === this.current);
    for (const tab of this.page.querySelectorAll(".flow-tab")) {
      const card = this.card(tab.dataset.flow);
      tab.setAttribute("aria-current", card === this.current);
      const mark = tab.querySelector(".draft-mark");
      const isDraft = card?.classList.contains("is-draft") ?? false;
      if (isDraft && !mark) tab.prepend(Object.assign(document.createElement("span"), { className: "draft-mark" }));
      if (!isDraft) mark?.remove();
    }
    this.onChange();
  }

  /** All cards anew (after fetching streams). */
  replaceAll(html) {
    const fresh = fromServer(html);
    this.container.replaceWith(fresh);
    localiseTimes(fresh);
    if (!this.card(this.currentKey)) this.currentKey = (this.drafts[0] ?? this.all[0])?.dataset.flow ?? null;
    this.onShown(this.all);
    this.show();
  }

  /** One card anew. */
  replace(html) {
    const fresh = fromServer(html);
    const old = fresh && document.getElementById(fresh.id);
    if (!old) return null;
    const doing = whatIsBeingDone(old);
    keepTyped(old, fresh);
    old.replaceWith(fresh);
    localiseTimes(fresh);
    this.onShown([fresh]);
    this.show();
    doing?.(fresh);
    return fresh;
  }
}

/** Shares typed but not sent yet move to the new card. */
function keepTyped(old, fresh) {
  for (const typed of old.querySelectorAll(".share-input[data-typed]")) {
    const input = fresh.querySelector(`tr[data-row="${typed.closest("tr").dataset.row}"] .share-input`);
    if (!input) continue;
    input.value = typed.value;
    input.dataset.typed = "";
  }
}

/** How to find the focused control of `card` again in its successor: a function that does it, or null. */
function whatIsBeingDone(card) {
  const active = document.activeElement;
  if (!card.contains(active)) return null;
  const rowSelector = active.closest("tr[data-row]") && `tr[data-row="${active.closest("tr[data-row]").dataset.row}"]`;
  if (active.matches(".share-input")) {
    return (fresh) => {
      const input = fresh.querySelector(`${rowSelector} .share-input`);
      if (!input) return focusRow(fresh, rowSelector);
      input.focus();
      // Focus selects the text; who is in the middle of typing goes on at its end.
      if ("typed" in input.dataset) input.setSelectionRange(input.value.length, input.value.length);
    };
  }
  if (active.matches(".add-offer-input")) {
    const { value } = active;
    return (fresh) => {
      const input = fresh.querySelector(".add-offer-input");
      if (!input) return;
      input.value = value;
      input.focus();
    };
  }
  const action = active.dataset.action ?? (active.dataset.step && "step");
  return (fresh) => {
    const row = rowSelector && fresh.querySelector(rowSelector);
    const same = row && action === "step" ? row.querySelector(`[data-step="${active.dataset.step}"]`) : (row ?? fresh).querySelector(`[data-action="${action}"]`);
    if (same) same.focus();
    else focusRow(fresh, rowSelector);
  };
}

function focusRow(card, selector) {
  (selector && card.querySelector(selector))?.focus();
}

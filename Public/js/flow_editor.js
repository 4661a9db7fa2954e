// Editing drafts: every edit is sent at once, the server answers with the whole card. Edits of one flow go one after another.

import { post, Problem } from "./api.js";
import { clearRefusals, showRefusal } from "./row_refusal.js";
import { OfferSearch } from "./offer_search.js";
import { toast, toastProblem } from "./toasts.js";
import { word } from "./words.js";

const STEPPING_PAUSE = 450;
const UNDO_STAYS = 10_000;

export class FlowEditor {
  constructor(page, cards) {
    Object.assign(this, { page, cards });
    this.queues = new Map();
    this.searches = new WeakMap();
    this.stepping = new Map();
    this.lastCancel = null;
    page.addEventListener("click", (event) => this.click(event));
    page.addEventListener("focusin", (event) => this.focus(event));
    page.addEventListener("focusout", (event) => this.leave(event));
    page.addEventListener("input", (event) => this.typing(event));
    page.addEventListener("keydown", (event) => this.key(event));
    addEventListener("beforeunload", (event) => { if (this.hasUnsaved) event.preventDefault(); });
  }

  get hasUnsaved() { return this.page.querySelector(".share-input[data-typed]") !== null; }

  // ---- what the person does ----

  click(event) {
    const stepper = event.target.closest("[data-step]");
    if (stepper) return this.stepShare(stepper);
    const button = event.target.closest("[data-action]");
    const row = button?.closest("tr.offer");
    if (!button || (!row && button.dataset.action !== "keep-draft")) return;
    switch (button.dataset.action) {
      case "pin": return this.pin(row);
      case "remove": return this.remove(row);
      case "bring-back": return this.bringBack(row);
      case "keep-draft": return button.closest(".flow-problem").remove();
    }
  }

  focus(event) {
    if (event.target.matches(".share-input")) event.target.select();
    if (event.target.matches(".add-offer-input") && !this.searches.has(event.target)) {
      const card = event.target.closest(".flow");
      this.searches.set(event.target, new OfferSearch(event.target, card.dataset.flow, (offer) => this.add(card.dataset.flow, offer)));
    }
  }

  leave(event) {
    // A refused share stays as typed until it is mended or Esc is pressed.
    if (event.target.matches?.(".share-input") && event.target.isConnected && event.target.getAttribute("aria-invalid") !== "true") this.commit(event.target);
  }

  typing(event) {
    const input = event.target;
    if (!input.matches(".share-input")) return;
    input.value = input.value.replace(/\D/g, "").slice(0, 3);
    input.dataset.typed = "";
    clearRefusals(input.closest(".flow"));
  }

  key(event) {
    const input = event.target;
    if (!input.matches(".share-input") || event.altKey) return;
    const isChord = event.ctrlKey || event.metaKey;
    if (event.key === "Enter" && !isChord) {
      event.preventDefault();
      this.commit(input);
      input.select();
    } else if ((event.key === "ArrowUp" || event.key === "ArrowDown") && !isChord) {
      event.preventDefault();
      const step = (event.key === "ArrowUp" ? 1 : -1) * (event.shiftKey ? 5 : 1);
      this.setTyped(input, Number(input.value) + step);
      input.select();
    } else if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      this.restore(input);
      input.closest("tr").focus();
    } else if (event.key.toLowerCase() === "z" && isChord && "typed" in input.dataset) {
      event.preventDefault();
      this.restore(input);
      input.select();
    }
  }

  setTyped(input, value) {
    input.value = String(Math.min(100, Math.max(1, value)));
    input.dataset.typed = "";
    clearRefusals(input.closest(".flow"));
  }

  restore(input) {
    clearRefusals(input.closest(".flow"));
    input.value = input.defaultValue;
    delete input.dataset.typed;
  }

  /** A finger taps − and + several times: one edit is sent after the last tap. */
  stepShare(button) {
    const row = button.closest("tr.offer");
    const input = row.querySelector(".share-input");
    this.setTyped(input, Number(input.value) + Number(button.dataset.step));
    const key = row.dataset.row;
    clearTimeout(this.stepping.get(key));
    this.stepping.set(key, setTimeout(() => {
      this.stepping.delete(key);
      // The card may have been replaced meanwhile: the row is found anew.
      const current = this.page.querySelector(`tr[data-row="${key}"] .share-input`);
      if (current) this.commit(current);
    }, STEPPING_PAUSE));
  }

  // ---- edits ----

  /** Sends the typed share; resolves to whether the draft now holds it. */
  commit(input) {
    const row = input.closest("tr.offer");
    if (!("typed" in input.dataset)) return Promise.resolve(true);
    if (input.value === input.defaultValue) {
      this.restore(input);
      return Promise.resolve(true);
    }
    const share = Number(input.value);
    if (input.value === "" || share < 1 || share > 100) {
      showRefusal(input.closest(".flow"), row, new Problem(422, { detail: word("share_whole") }));
      return Promise.resolve(false);
    }
    delete input.dataset.typed;
    input.closest(".share").classList.add("is-unsaved");
    const { flow } = row.closest(".flow").dataset;
    const url = `/campaigns/flow-offer/${row.dataset.row}/update-share/`;
    return this.edit(flow, url, { share }, { row: row.dataset.row, typed: input.value });
  }

  /** What is typed or stepped but not sent yet goes first. */
  async commitAll(flow) {
    const inputs = this.cards.card(flow)?.querySelectorAll(".share-input[data-typed]") ?? [];
    for (const input of inputs) if (!(await this.commit(input))) return false;
    await this.queues.get(flow);
    return true;
  }

  pin(row) {
    const pinned = row.querySelector(".pin")?.getAttribute("aria-pressed") !== "true";
    this.editRow(row, "pin", { pinned });
  }

  remove(row) { this.editRow(row, "remove"); }
  bringBack(row) { this.editRow(row, "bring-back"); }

  editRow(row, action, body = {}) {
    return this.edit(row.closest(".flow").dataset.flow, `/campaigns/flow-offer/${row.dataset.row}/${action}/`, body, { row: row.dataset.row });
  }

  add(flow, offer) {
    return this.edit(flow, `/campaigns/flow/${flow}/add-offer/`, { offer_id: offer.offer_id });
  }

  async cancel(flow) {
    if (!this.cards.card(flow)) return;
    for (const input of this.cards.card(flow).querySelectorAll(".share-input[data-typed]")) this.restore(input);
    await this.edit(flow, `/campaigns/flow/${flow}/cancel/`);
  }

  undoLastCancel() {
    if (!this.lastCancel) return false;
    const { flow, url, takeAway } = this.lastCancel;
    this.lastCancel = null;
    takeAway?.();
    this.edit(flow, url);
    return true;
  }

  // ---- sending ----

  /** Queues one edit of a flow; resolves to whether it was taken. `typed` is put back into the row when it was not. */
  edit(flow, url, body = {}, { row = null, typed = null } = {}) {
    const run = async () => {
      try {
        this.take(await post(url, body, { fragment: "flow" }), flow);
        return true;
      } catch (problem) {
        this.refuse(problem, { flow, url, body, row, typed });
        return false;
      }
    };
    const turn = (this.queues.get(flow) ?? Promise.resolve()).then(run);
    this.queues.set(flow, turn);
    return turn;
  }

  /** What a successful answer brings: a card, a sentence, a way back. */
  take(answer, flow) {
    if (answer.html) this.cards.replace(answer.html);
    const undo = answer.undo && { label: answer.undo.label, run: () => this.edit(flow, answer.undo.url) };
    const takeAway = answer.message ? toast(answer.message, undo ? { action: undo, stays: UNDO_STAYS } : {}) : null;
    if (undo && answer.undo.url.endsWith("/restore-draft/")) this.lastCancel = { flow, url: answer.undo.url, takeAway };
  }

  refuse(problem, { flow, url, body, row, typed }) {
    if (problem.html && !problem.isConflict) this.cards.replace(problem.html);
    const card = this.cards.card(flow);
    const rowElement = row && card?.querySelector(`tr[data-row="${row}"]`);
    const input = rowElement?.querySelector(".share-input");
    input?.closest(".share").classList.remove("is-unsaved");
    if (typed !== null && input) {
      input.value = typed;
      input.dataset.typed = "";
    }
    const isAboutTheEdit = [400, 404, 409, 422].includes(problem.status);
    if (isAboutTheEdit && card) showRefusal(card, rowElement, problem);
    else toastProblem(problem, { retry: () => {
      if (input) delete input.dataset.typed;
      this.edit(flow, url, body, { row, typed });
    } });
  }
}

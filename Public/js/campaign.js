// One campaign's page: its numbers, its flows, fetching and checking against Keitaro.

import { get, getFragment, post } from "./api.js";
import { openDialog } from "./dialogs.js";
import { DraftBar } from "./draft_bar.js";
import { FlowCards } from "./flow_cards.js";
import { FlowEditor } from "./flow_editor.js";
import { addShortcuts, moveFocus } from "./keyboard.js";
import { element, slot } from "./markup.js";
import { Period } from "./period.js";
import { Pushing } from "./pushing.js";
import { fillCell, nothing, withConfirmed } from "./statistic_cells.js";
import { Statistics } from "./statistics.js";
import { localiseTimes } from "./times.js";
import { toast, toastProblem } from "./toasts.js";

export function startCampaign(page) {
  const numbers = new CampaignNumbers(page);
  let draftBar = null;
  const cards = new FlowCards(page, { onShown: (shown) => numbers.fillCards(shown), onChange: () => draftBar?.update() });
  draftBar = new DraftBar(page.querySelector("#draft-bar"), cards);
  draftBar.update();
  const editor = new FlowEditor(page, cards);
  const pushing = new Pushing(page, cards, editor, draftBar);

  const period = new Period(page.querySelector("#period"), () => statistics.load());
  const statistics = new Statistics({
    scope: page,
    period,
    request: () => ({ ...period.request, campaign_ids: [Number(page.dataset.campaignId)], by: "offer" }),
    show: (answer) => numbers.show(answer, cards.all),
  });
  statistics.load();

  const fetchButton = page.querySelector("#fetch-streams");
  const checkButton = page.querySelector("#check-sync");
  const historyDialog = page.querySelector("#history-dialog");
  fetchButton.addEventListener("click", () => fetchStreams(page, fetchButton, cards, pushing));
  checkButton.addEventListener("click", () => checkSync(page, checkButton));
  draftBar.pushButton.addEventListener("click", () => pushing.push(draftBar.flow));
  draftBar.cancelButton.addEventListener("click", () => editor.cancel(draftBar.flow));
  page.addEventListener("click", (event) => {
    const history = event.target.closest('[data-action="history"]');
    if (history) showHistory(historyDialog, history.closest(".flow"));
  });
  historyDialog.addEventListener("click", (event) => {
    const undo = event.target.closest("[data-undo]");
    if (!undo) return;
    historyDialog.close();
    editor.edit(historyDialog.dataset.flow, undo.dataset.undo);
  });
  startKeys({ page, cards, editor, pushing, draftBar, fetchButton });
}

class CampaignNumbers {
  constructor(page) {
    this.page = page;
    this.answer = null;
    this.rows = new Map();
  }

  show(answer, flowCards) {
    this.answer = answer;
    this.rows = new Map((answer?.rows ?? []).map((row) => [`${row.flow_id}/${row.offer_id}`, row]));
    const total = answer && withConfirmed(answer.total);
    for (const cell of this.page.querySelectorAll("[data-card]")) {
      if (answer) fillCell(cell, total, answer.currency);
      else cell.replaceChildren();
    }
    this.fillCards(flowCards);
  }

  fillCards(flowCards) {
    for (const card of flowCards) {
      const rows = [...card.querySelectorAll("tr.offer")];
      const numbersOf = (row) => this.rows.get(`${card.dataset.stream}/${row.dataset.offer}`) ?? nothing;
      const largest = (name) => Math.max(0, ...rows.map((row) => numbersOf(row)[name] ?? 0));
      const most = { clicks: largest("clicks"), cr: largest("cr"), epc: largest("epc") };
      for (const row of rows) {
        for (const cell of row.querySelectorAll("[data-stat]")) {
          if (this.answer) fillCell(cell, numbersOf(row), this.answer.currency, most);
          else cell.replaceChildren();
        }
      }
    }
  }
}

async function whileBusy(button, work) {
  if (button.classList.contains("is-busy")) return;
  button.classList.add("is-busy");
  button.setAttribute("aria-busy", "true");
  try {
    await work();
  } catch (problem) {
    toastProblem(problem, { retry: () => button.click(), unreachable: "not_reached" });
  } finally {
    button.classList.remove("is-busy");
    button.removeAttribute("aria-busy");
  }
}

function fetchStreams(page, button, cards, pushing) {
  return whileBusy(button, async () => {
    const answer = await post(`/campaigns/${page.dataset.campaign}/fetch-streams/`, {}, { fragment: "flow" });
    if (answer.html) cards.replaceAll(answer.html);
    pushing.followRunning();
    if (answer.message) toast(answer.message);
  });
}

function checkSync(page, button) {
  return whileBusy(button, async () => {
    const answer = await get(`/campaigns/${page.dataset.campaign}/check-sync/`, { fragment: "sync" });
    const dialog = page.querySelector("#sync-dialog");
    const template = document.createElement("template");
    template.innerHTML = answer.html;
    dialog.replaceChildren(template.content);
    localiseTimes(dialog);
    openDialog(dialog);
  });
}

async function showHistory(dialog, card) {
  const list = slot(dialog, "pushes");
  slot(dialog, "flow").textContent = card.querySelector(".flow-name").textContent;
  list.replaceChildren();
  dialog.dataset.flow = card.dataset.flow;
  openDialog(dialog);
  try {
    const template = document.createElement("template");
    template.innerHTML = await getFragment(`/campaigns/pushes/?flow=${card.dataset.flow}`, "rows");
    if (template.content.firstElementChild) list.replaceChildren(template.content);
    else list.replaceChildren(element("p", { class: "flow-empty" }, list.dataset.empty));
    localiseTimes(list);
  } catch (problem) {
    dialog.close();
    toastProblem(problem, { retry: () => showHistory(dialog, card), unreachable: "not_reached" });
  }
}

function startKeys({ page, cards, editor, pushing, draftBar, fetchButton }) {
  const rows = () => cards.all.filter((card) => card.offsetParent !== null).flatMap((card) => [...card.querySelectorAll("tr.offer")]);
  const focusedRow = () => document.activeElement?.closest?.("tr.offer") ?? null;
  const onRow = (action) => () => {
    const row = focusedRow();
    return row ? action(row) : false;
  };
  const press = (selector) => onRow((row) => row.querySelector(selector)?.click());
  const typeDigit = onRow((row) => {
    row.querySelector(".share-input")?.focus();
    return false; // the digit itself goes into the field, whose text is selected
  });
  const digits = Object.fromEntries([..."0123456789"].map((digit) => [digit, typeDigit]));

  addShortcuts({
    ...digits,
    ArrowDown: () => moveFocus(rows(), 1),
    ArrowUp: () => moveFocus(rows(), -1),
    Enter: () => {
      const row = focusedRow();
      if (!row || row !== document.activeElement) return false;
      row.querySelector(".share-input, .bring-back")?.focus();
    },
    p: press(".pin"),
    b: press(".bring-back"),
    Delete: press(".remove"),
    a: () => cards.current?.querySelector(".add-offer-input")?.focus(),
    "/": () => cards.current?.querySelector(".add-offer-input")?.focus(),
    f: () => fetchButton.click(),
    "[": () => cards.step(-1),
    "]": () => cards.step(1),
    "Ctrl+Enter": () => { if (draftBar.flow) pushing.push(draftBar.flow); },
    "Ctrl+z": () => editor.undoLastCancel(),
    // The first Esc leads to Cancel, the second presses it: a draft never goes by one stray key.
    Escape: () => {
      if (document.activeElement === draftBar.cancelButton) draftBar.cancelButton.click();
      else if (focusedRow()) document.activeElement.blur();
      else if (draftBar.flow) draftBar.cancelButton.focus();
      else page.querySelector("#back").click();
    },
  });
}

// The draft bar: what the current draft changes, its total, Cancel and Push. It reads what the server wrote on the flow card.

import { slot } from "./markup.js";
import { word } from "./words.js";

export class DraftBar {
  constructor(bar, cards) {
    Object.assign(this, { bar, cards });
    this.pushButton = bar.querySelector("#push-draft");
    this.cancelButton = bar.querySelector("#cancel-draft");
    this.pushWord = slot(bar, "push-word").textContent;
    slot(bar, "others").addEventListener("click", () => this.showNextDraft());
  }

  get flow() { return this.bar.hidden ? null : this.bar.dataset.flow; }

  update() {
    // A draft that the viewer may only read has no words for the bar.
    const draft = this.cards.currentDraft;
    const card = draft && "title" in draft.dataset ? draft : null;
    this.bar.hidden = card === null;
    if (!card) return;
    const { flow, title, shortTitle, summary, shortSummary, total, reason } = card.dataset;
    const isWrong = "totalWrong" in card.dataset;
    const isPushing = "push" in card.dataset || card.classList.contains("is-sending");
    this.bar.dataset.flow = flow;
    slot(this.bar, "title").textContent = title;
    slot(this.bar, "short-title").textContent = shortTitle;
    slot(this.bar, "summary").textContent = summary;
    slot(this.bar, "short-summary").textContent = shortSummary;
    slot(this.bar, "total").textContent = total;
    this.bar.querySelector(".total").classList.toggle("is-wrong", isWrong);
    this.bar.querySelector(".total use").setAttribute("href", `/static/icons.svg#${isWrong ? "alert" : "check"}`);
    slot(this.bar, "reason").textContent = reason ?? "";
    slot(this.bar, "reason").hidden = !reason;
    this.showOthers();
    this.cancelButton.disabled = isPushing;
    this.pushButton.disabled = isPushing || !("canPush" in card.dataset);
    this.pushButton.classList.toggle("is-busy", isPushing);
    this.pushButton.querySelector("use").setAttribute("href", `/static/icons.svg#${isPushing ? "refresh" : "arrow-up"}`);
    slot(this.bar, "push-word").textContent = isPushing ? word("pushing") : this.pushWord;
  }

  showOthers() {
    const others = slot(this.bar, "others");
    const count = this.cards.drafts.length - 1;
    others.hidden = count < 1;
    others.textContent = count < 1 ? "" : word("other_drafts", { count });
    others.title = word("next_draft");
  }

  showNextDraft() {
    const drafts = this.cards.drafts;
    const next = drafts[(drafts.findIndex((card) => card.dataset.flow === this.flow) + 1) % drafts.length];
    this.cards.select(next.dataset.flow);
    next.scrollIntoView({ block: "nearest" });
  }
}

// Sending a draft to Keitaro: push, follow it until it settles, and the conflict dialog.

import { get, post, Problem } from "./api.js";
import { openDialog } from "./dialogs.js";
import { localiseTimes } from "./times.js";
import { toast, toastProblem } from "./toasts.js";
import { word } from "./words.js";

const POLL_EVERY = 1_000;
const SLOW_AFTER = 60;

const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

export class Pushing {
  constructor(page, cards, editor, draftBar) {
    Object.assign(this, { cards, editor, draftBar });
    this.followed = new Set();
    this.conflict = page.querySelector("#conflict-dialog");
    page.addEventListener("click", (event) => {
      const again = event.target.closest('[data-action="push"]');
      if (again) this.push(again.closest(".flow").dataset.flow);
    });
    this.conflict.addEventListener("click", (event) => {
      const choice = event.target.closest("[data-use]");
      if (choice) this.resolve(choice);
    });
    this.followRunning();
  }

  /** Pushes that were on their way before this page was opened. */
  followRunning() {
    for (const card of this.cards.all) if (card.dataset.push) this.follow(card.dataset.flow, card.dataset.push);
  }

  async push(flow) {
    const isSaved = await this.editor.commitAll(flow);
    const card = this.cards.card(flow);
    if (!isSaved || !card || card.classList.contains("is-sending") || !("canPush" in card.dataset)) return;
    card.classList.add("is-sending", "is-pushing");
    this.draftBar.update();
    try {
      const answer = await post(`/campaigns/flow/${flow}/push/`, { revision: Number(card.dataset.revision) }, { fragment: "flow" });
      this.editor.take(answer, flow);
      if (answer.status === 202 && answer.push) await this.follow(flow, answer.push.id);
    } catch (problem) {
      this.refuse(flow, problem);
    } finally {
      this.cards.card(flow)?.classList.remove("is-sending");
      if (!this.cards.card(flow)?.dataset.push) this.cards.card(flow)?.classList.remove("is-pushing");
      this.draftBar.update();
    }
  }

  refuse(flow, problem) {
    if (problem.isConflict && problem.html) return this.showConflict(problem.html);
    if (problem.html && this.cards.replace(problem.html)) return;
    toastProblem(problem, { retry: () => this.push(flow), unreachable: "not_reached" });
  }

  async follow(flow, id) {
    if (this.followed.has(id)) return;
    this.followed.add(id);
    for (let second = 1; ; second += 1) {
      await pause(POLL_EVERY);
      let answer;
      try {
        answer = await get(`/campaigns/pushes/${id}/`, { fragment: "flow" });
      } catch (problem) {
        if (problem instanceof Problem && problem.isPassing) continue;
        toastProblem(problem, { unreachable: "not_reached" });
        break;
      }
      if (answer.push.state !== "running") {
        this.settle(flow, answer);
        break;
      }
      if (second === SLOW_AFTER) toast(word("push_slow"));
    }
    this.followed.delete(id);
  }

  settle(flow, answer) {
    const { state, message } = answer.push;
    if (state === "pushed") return this.editor.take({ ...answer, message }, flow);
    if (answer.html) this.cards.replace(answer.html);
    if (state === "conflict" && answer.conflict_html) this.showConflict(answer.conflict_html);
    else if (message) toast(message, { isError: true });
  }

  showConflict(html) {
    const template = document.createElement("template");
    template.innerHTML = html;
    this.conflict.replaceChildren(template.content);
    localiseTimes(this.conflict);
    openDialog(this.conflict);
  }

  async resolve(button) {
    const flow = button.closest("[data-flow]").dataset.flow;
    button.disabled = true;
    try {
      const answer = await post(`/campaigns/flow/${flow}/resolve/`, { use: button.dataset.use }, { fragment: "flow" });
      this.conflict.close();
      this.editor.take(answer, flow);
    } catch (problem) {
      const line = this.conflict.querySelector(".field-error");
      line.textContent = problem.isUnreachable ? word("not_reached") : problem.message;
      line.hidden = false;
    } finally {
      button.disabled = false;
    }
  }
}

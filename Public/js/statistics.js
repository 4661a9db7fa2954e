// Asking for numbers after the page is shown: a skeleton after 300 ms, the reason after 3 s, Stop from the start.
// Numbers seen before in this tab are shown at once, dimmed, until the answer comes; on failure they stay, dated.

import { isAbort, post } from "./api.js";
import { clock, recent } from "./format.js";
import { slot } from "./markup.js";
import { word } from "./words.js";

const SKELETON_AFTER = 300;
const REASON_AFTER = 3_000;

export class Statistics {
  /** `scope` is the element whose cells wait; `request` gives the body to send; `show(answer | null)` fills or clears the cells. */
  constructor({ scope, period, request, show }) {
    Object.assign(this, { scope, period, request, show });
    this.progress = document.getElementById("statistics-progress");
    this.notice = document.getElementById("statistics-notice");
    this.controller = null;
    slot(this.progress, "stop-word").textContent = word("stop");
    slot(this.progress, "stop").addEventListener("click", () => this.stop());
    slot(this.notice, "again").addEventListener("click", () => this.load());
  }

  get storageKey() { return `sluice.numbers:${location.pathname}:${this.period.key}`; }

  async load() {
    this.controller?.abort();
    const controller = (this.controller = new AbortController());
    this.notice.hidden = true;
    const earlier = this.remembered();
    if (earlier) {
      this.show(earlier);
      this.scope.classList.add("is-dated");
    }
    const endWaiting = this.beginWaiting(earlier === null);
    try {
      const answer = await post("/campaigns/stats/", this.request(), { signal: controller.signal });
      if (this.controller !== controller) return;
      this.remember(answer);
      this.show(answer);
      this.scope.classList.toggle("is-dated", Boolean(answer.stale));
      if (answer.stale) this.sayOld(answer, answer.message);
      else if (answer.message) this.say(answer.message, "");
    } catch (error) {
      if (this.controller !== controller) return;
      if (isAbort(error)) this.sayStopped(earlier);
      else this.sayFailed(earlier, error);
    } finally {
      if (this.controller === controller) {
        this.controller = null;
        endWaiting();
      }
    }
  }

  stop() { this.controller?.abort(); }

  beginWaiting(hasNothingToShow) {
    const began = performance.now();
    const reason = slot(this.progress, "reason");
    reason.textContent = "";
    this.endEarlierWaiting?.();
    const tick = () => {
      const seconds = Math.floor((performance.now() - began) / 1000);
      reason.textContent = word("stats.asking", { range: this.period.range, seconds });
    };
    let ticking = null;
    const skeleton = setTimeout(() => {
      if (hasNothingToShow) this.show(null);
      this.scope.classList.add("is-waiting");
      this.progress.hidden = false;
    }, SKELETON_AFTER);
    const explanation = setTimeout(() => {
      tick();
      ticking = setInterval(tick, 1000);
    }, REASON_AFTER);
    const end = () => {
      clearTimeout(skeleton);
      clearTimeout(explanation);
      clearInterval(ticking);
      this.scope.classList.remove("is-waiting");
      this.progress.hidden = true;
      this.endEarlierWaiting = null;
    };
    this.endEarlierWaiting = end;
    return end;
  }

  say(title, detail) {
    slot(this.notice, "title").textContent = title;
    slot(this.notice, "detail").textContent = detail;
    this.notice.hidden = false;
  }

  sayOld(answer, detail) {
    this.say(word("stats.old_title", { time: recent(new Date(answer.fetched_at)) }), detail ?? word("stats.old_detail"));
  }

  sayStopped(earlier) {
    if (!earlier) this.show(null);
    this.say(earlier ? word("stats.stopped_old", { time: clock(new Date(earlier.fetched_at)) }) : word("stats.stopped"), "");
  }

  sayFailed(earlier, problem) {
    if (earlier) return this.sayOld(earlier, null);
    this.show(null);
    if (problem.isUnreachable) this.say(word("stats.failed"), "");
    else this.say(word("stats.failed_reason"), problem.detail ?? problem.title ?? "");
  }

  remember(answer) {
    try {
      sessionStorage.setItem(this.storageKey, JSON.stringify(answer));
    } catch {
      // A full storage costs only the head start.
    }
  }

  remembered() {
    const text = sessionStorage.getItem(this.storageKey);
    return text ? JSON.parse(text) : null;
  }
}

// Settings tried on what was received, before they are saved: how many messages, to which chats, on which days.

import { isAbort, post } from "./api.js";
import { clock, day, number, timeZone } from "./format.js";
import { element, slot, svg } from "./markup.js";
import { word } from "./words.js";

const PAUSE = 350;

export class Trial {
  /** `root` is the [data-trial] section; `content` gives what to try, or null when there is nothing. */
  constructor(root, profile, content) {
    Object.assign(this, { root, profile, content });
    this.box = slot(root, "trial");
    this.pause = null;
    this.inFlight = null;
    root.addEventListener("change", (event) => { event.stopPropagation(); this.run(); });
  }

  soon() {
    clearTimeout(this.pause);
    this.pause = setTimeout(() => this.run(), PAUSE);
  }

  clear() {
    clearTimeout(this.pause);
    this.inFlight?.abort();
    this.box.replaceChildren();
  }

  async run() {
    const content = this.content();
    if (!content) return;
    const days = Number(this.root.querySelector("[name=trial_days]:checked").value);
    this.inFlight?.abort();
    const controller = (this.inFlight = new AbortController());
    this.box.classList.add("is-dated");
    try {
      this.show(await post(`/postbacks/profiles/${this.profile()}/try/`, { ...content, days, timezone: timeZone }, { signal: controller.signal }));
    } catch (problem) {
      if (isAbort(problem)) return;
      this.box.replaceChildren(element("p", { class: "panel-note" }, problem.message));
    } finally {
      if (this.inFlight === controller) this.box.classList.remove("is-dated");
    }
  }

  show(answer) {
    const parts = [
      element("p", { class: "trial-figure" }, answer.message),
      element("p", { class: "panel-note" }, word("postbacks.trial_read", { count: number(answer.read), plural: answer.read, moved: number(answer.moved) })),
    ];
    if (answer.cut) parts.push(element("p", { class: "panel-note" }, answer.cut));
    const most = Math.max(1, ...answer.chats.flatMap(({ messages }) => [messages.before, messages.after]));
    if (answer.chats.length > 0) {
      parts.push(element("ul", { class: "trial-chats" }, ...answer.chats.slice(0, 8).map(({ title, messages }) => element("li", {},
        element("span", { class: "panel-chat", title }, title), pair(messages, most),
        element("span", { class: "trial-change" }, `${number(messages.before)} → `, element("strong", {}, number(messages.after)))))));
      parts.push(element("p", { class: "trial-legend" },
        element("span", { class: "swatch is-before" }), word("postbacks.trial_before"), element("span", { class: "swatch is-after" }), word("postbacks.trial_after"),
        element("span", { class: "spring" }), busiest(answer.chats)));
      parts.push(this.days(answer));
    }
    const first = answer.first.find(({ text }) => text);
    if (first) {
      parts.push(element("p", { class: "trial-first" }, element("span", {}, word("postbacks.trial_first", { count: number(answer.moved), plural: answer.moved })), element("span", { class: "spring" }), `${day(new Date(first.at))}, ${clock(new Date(first.at))}`));
      parts.push(element("p", { class: "bubble" }, first.text));
    }
    this.box.replaceChildren(...parts);
  }

  /** Messages by day to all chats, with the settings as they would be. */
  days({ chats }) {
    const sums = new Map();
    for (const { days } of chats) for (const { day: name, before, after } of days) {
      const sum = sums.get(name) ?? { before: 0, after: 0 };
      sums.set(name, { before: sum.before + before, after: sum.after + after });
    }
    const days = [...sums].sort(([one], [other]) => (one < other ? -1 : 1)).slice(-31);
    const most = Math.max(1, ...days.map(([, { after }]) => after));
    const width = 320;
    const step = width / days.length;
    const bars = days.flatMap(([name, { before, after }], index) => {
      const bar = (value, className) => svg("rect", { x: index * step + 1, width: Math.max(1, step - 3), y: 44 - (value / most) * 40, height: (value / most) * 40, class: className });
      return [svg("g", {}, bar(after, "is-after"), bar(Math.min(before, after), "is-before"), svg("title", {}, `${name}: ${number(before)} → ${number(after)}`))];
    });
    return element("figure", { class: "trial-days" },
      element("figcaption", {}, word("postbacks.trial_days"), element("span", { class: "spring" }), word("postbacks.trial_most", { count: number(most) })),
      svg("svg", { viewBox: `0 0 ${width} 46`, preserveAspectRatio: "none", role: "img", "aria-label": word("postbacks.trial_days") }, ...bars));
  }
}

function pair({ before, after }, most) {
  const bar = (value, y, className) => svg("rect", { x: 0, y, height: 4, width: Math.max(value > 0 ? 1 : 0, (value / most) * 90), class: className });
  return svg("svg", { class: "trial-pair", viewBox: "0 0 90 12", width: 90, height: 12, "aria-hidden": "true" }, bar(before, 1, "is-before"), bar(after, 7, "is-after"));
}

function busiest(chats) {
  const most = Math.max(0, ...chats.map(({ busiest_after: minute }) => minute?.messages ?? 0));
  return word("postbacks.trial_busiest", { count: number(most), plural: most });
}

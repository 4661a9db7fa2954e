// What can be done with stored postbacks: one by its buttons, or all that fit a filter.

import { post } from "./api.js";
import { slot } from "./markup.js";
import { toast, toastProblem } from "./toasts.js";
import { word } from "./words.js";

/** The buttons of one event. */
export const ACTIONS = "[data-resend], [data-check-chat], [data-replay]";

/** What a button of one event asks for. Returns whether it was done. */
export async function act(button) {
  const { resend, checkChat, replay } = button.dataset;
  const [url, content] = resend ? [resend, {}] : checkChat ? ["/postbacks/chats/check/", { chat_id: Number(checkChat) }] : ["/postbacks/replay/", { events: [replay] }];
  button.disabled = true;
  try {
    toast((await post(url, content)).message);
    return true;
  } catch (problem) {
    toastProblem(problem, { unreachable: "not_reached" });
    return false;
  } finally {
    button.disabled = false;
  }
}

/** Reads all requests again that fit the page's filter, a part at a time, until none is left or the dialog is closed. */
async function replayFitting(form) {
  const dialog = form.closest("dialog");
  const button = form.querySelector("[type=submit]");
  const asked = new URLSearchParams(location.search);
  const filter = {};
  for (const name of ["profile", "outcome", "status", "q", "from", "to"]) if (asked.get(name)) filter[name] = asked.get(name);
  // What comes meanwhile is read with the settings of now anyway.
  filter.to ??= new Date().toISOString();
  const tell = form.elements.tell.checked;
  const sum = { replayed: 0, unchanged: 0 };
  let after;
  button.disabled = true;
  try {
    do {
      const answer = await post("/postbacks/replay/", after ? { filter, tell, after } : { filter, tell });
      sum.replayed += answer.replayed;
      sum.unchanged += answer.unchanged;
      after = answer.more;
      slot(form, "progress").textContent = word("postbacks.replaying", { count: sum.replayed + sum.unchanged });
    } while (after && dialog.open);
    dialog.close();
    toast(word("postbacks.replayed_all", { count: sum.replayed, unchanged: sum.unchanged }));
  } catch (problem) {
    toastProblem(problem, { unreachable: "not_reached" });
  } finally {
    button.disabled = false;
    slot(form, "progress").textContent = "";
  }
}

/** Buttons of one event, and the form of all that fit, on a page without a log. */
export function startPostbackActions(page) {
  const form = page.querySelector("#replay-form");
  form?.addEventListener("submit", (event) => { event.preventDefault(); replayFitting(form); });
  page.addEventListener("click", (event) => {
    const button = event.target.closest(ACTIONS);
    if (button) act(button);
  });
}

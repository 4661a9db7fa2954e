// The list of pushes: taking one back as a draft, and following those still on their way.

import { get, post } from "./api.js";
import { toast, toastAfterReload, toastProblem } from "./toasts.js";

const POLL_EVERY = 2_000;

export function startPushes(page) {
  page.addEventListener("click", (event) => {
    const button = event.target.closest("[data-undo]");
    if (button) undo(button);
  });
  for (const push of page.querySelectorAll(".push[data-running]")) follow(push.dataset.push);
}

/** The earlier shares become a draft of their flow: its page is where to look at it and push. */
async function undo(button) {
  button.disabled = true;
  try {
    const { message } = await post(button.dataset.undo, {}, { fragment: "flow" });
    if (message) toastAfterReload(message);
    location.assign(button.closest(".push-foot").querySelector("a").href);
  } catch (problem) {
    button.disabled = false;
    toastProblem(problem, { retry: () => undo(button), unreachable: "not_reached" });
  }
}

function follow(id) {
  const timer = setInterval(async () => {
    const answer = await get(`/campaigns/pushes/${id}/`).catch(() => null);
    if (!answer || answer.push.state === "running") return;
    clearInterval(timer);
    if (document.querySelector(".push[open]")) toast(answer.push.message);
    else location.reload();
  }, POLL_EVERY);
}

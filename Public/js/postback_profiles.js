// Profiles: making one, and one's settings.

import { post } from "./api.js";
import { chosenChat, integer, reloadAfter, startChatChoice, submit } from "./postback_forms.js";
import { slot } from "./markup.js";
import { Trial } from "./postback_trial.js";
import { toast, toastAfterReload, toastProblem } from "./toasts.js";

export function startPostbackProfiles(page) {
  const form = page.querySelector("[data-postback-form=create]");
  if (!form) return;
  startChatChoice(form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { name, language } = Object.fromEntries(new FormData(form));
    const answer = await submit(form, "/postbacks/profiles/", { name, language, chat_id: chosenChat(form) });
    if (!answer) return;
    toastAfterReload(answer.message);
    location.assign(`/postbacks/profiles/${answer.profile.id}/`);
  });
}

export function startPostbackProfile(page) {
  const url = `/postbacks/profiles/${page.dataset.profile}/`;
  const form = page.querySelector("[data-postback-form=profile]");
  startChatChoice(form);
  startMappings(form);
  startTemplates(form, url);
  const trial = page.querySelector("[data-trial]");
  if (trial) {
    const tried = new Trial(trial, () => page.dataset.profile, () => ({ profile: settings(form) }));
    form.addEventListener("change", () => tried.soon());
    form.addEventListener("click", (event) => { if (event.target.closest("[data-remove-row]")) tried.soon(); });
  }
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    reloadAfter(await submit(form, url, settings(form)));
  });

  page.querySelector("[data-enable]")?.addEventListener("click", async (event) => {
    try {
      reloadAfter(await post(url, { enabled: event.currentTarget.dataset.enable === "true" }));
    } catch (problem) {
      toastProblem(problem, { unreachable: "not_reached" });
    }
  });

  listenTo(page, "test", async (dialog) => {
    const answer = await submit(dialog, `${url}test/`, { status: dialog.elements.status.value });
    if (!answer) return;
    dialog.closest("dialog").close();
    toast(answer.message);
  });
  listenTo(page, "rotate", async (dialog) => {
    reloadAfter(await submit(dialog, `${url}rotate/`, { grace_hours: integer(dialog.elements.grace_hours.value) }));
  });
  listenTo(page, "remove", async (dialog) => {
    const answer = await submit(dialog, `${url}remove/`, {});
    if (!answer) return;
    toastAfterReload(answer.message);
    location.assign("/postbacks/profiles/");
  });
}

function listenTo(page, name, run) {
  const form = page.querySelector(`[data-postback-form=${name}]`);
  form?.addEventListener("submit", (event) => { event.preventDefault(); run(form); });
}

/** All that the form of a profile holds, as the API takes it. */
function settings(form) {
  const data = new FormData(form);
  const content = {
    name: data.get("name"), chat_id: chosenChat(form), topic_id: integer(data.get("topic_id")), language: data.get("language"),
    dedup_ttl_sec: integer(data.get("dedup_ttl_sec")), rate_limit_rps: integer(data.get("rate_limit_rps")),
    status_mappings: {}, policies: {}, templates: {},
  };
  if (!form.elements.reconcile.disabled && form.elements.reconcile.checked !== form.elements.reconcile.defaultChecked) {
    content.reconcile = form.elements.reconcile.checked;
  }
  const words = data.getAll("mapping_word");
  const statuses = data.getAll("mapping_status");
  words.forEach((word, index) => { if (word.trim() !== "") content.status_mappings[word.trim()] = statuses[index]; });
  for (const [name, value] of data) {
    if (name.startsWith("template.")) content.templates[name.slice("template.".length)] = value;
    if (name.startsWith("policy.")) content.policies[name.slice("policy.".length)] = value;
  }
  return content;
}

function startMappings(form) {
  const rows = form.querySelector("#mapping-rows");
  const blank = form.querySelector("#mapping-row");
  form.querySelector("#add-mapping")?.addEventListener("click", () => {
    rows.append(blank.content.cloneNode(true));
    rows.lastElementChild.querySelector("input").focus();
  });
  rows.addEventListener("click", (event) => {
    if (event.target.closest("[data-remove-row]")) event.target.closest(".mapping-row").remove();
  });
}

/** The text that has the focus, as a chat would show it. */
function startTemplates(form, url) {
  const bubble = slot(form, "preview");
  const texts = [...form.querySelectorAll("textarea[data-status]")];
  let pause = null;
  const show = async (text) => {
    try {
      const answer = await post(`${url}preview/`, { status: text.dataset.status, template: text.value, language: form.elements.language.value });
      bubble.textContent = answer.text;
      bubble.classList.remove("is-wrong");
      text.removeAttribute("aria-invalid");
    } catch (problem) {
      bubble.textContent = problem.message;
      bubble.classList.add("is-wrong");
      text.setAttribute("aria-invalid", "true");
    }
  };
  for (const text of texts) {
    text.addEventListener("focus", () => show(text));
    text.addEventListener("input", () => { clearTimeout(pause); pause = setTimeout(() => show(text), 200); });
  }
  const first = texts.find((text) => text.value !== "") ?? texts.find((text) => text.dataset.status === "deposit");
  if (first && !first.matches(":disabled")) show(first);
}

// Routes: a panel beside the list edits one.

import { openDialog } from "./dialogs.js";
import { timeZone } from "./format.js";
import { addShortcuts } from "./keyboard.js";
import { slot } from "./markup.js";
import { chooseChat, chosenChat, integer, reloadAfter, startChatChoice, submit } from "./postback_forms.js";
import { Trial } from "./postback_trial.js";
import { word } from "./words.js";

const TEXTS = ["name", "match", "match_value", "priority", "topic_id", "quiet_from", "quiet_until", "quiet_zone", "quiet_mode", "language"];
const FLAGS = ["continues", "enabled"];

export function startPostbackRoutes(page) {
  const panel = page.querySelector("#route-panel");
  if (!panel) return;
  const editor = new RouteEditor(page, panel);
  page.addEventListener("click", (event) => {
    const fresh = event.target.closest("[data-new-route]");
    if (fresh) editor.open(fresh.dataset.newRoute, null);
    const row = event.target.closest("tr[data-route]");
    if (row && getSelection().isCollapsed) editor.open(row.dataset.profile, row);
  });
  addShortcuts({
    Escape: () => editor.close(),
    "Ctrl+Enter": () => (panel.hidden ? false : editor.form.requestSubmit()),
  });
}

class RouteEditor {
  constructor(page, panel) {
    Object.assign(this, { page, panel });
    this.form = panel.querySelector("form");
    this.row = null;
    this.profile = null;
    this.trial = new Trial(panel.querySelector("[data-trial]"), () => this.profile, () => this.tried);
    startChatChoice(this.form);
    this.form.elements.match.addEventListener("change", () => this.showMatch());
    this.form.addEventListener("input", () => this.countChanges());
    this.form.addEventListener("change", () => this.countChanges());
    this.form.addEventListener("submit", (event) => { event.preventDefault(); this.save(); });
    panel.addEventListener("click", (event) => {
      if (event.target.closest("[data-close-panel]")) this.close();
      if (event.target.closest("[data-remove-route]")) this.askRemoval();
    });
    page.querySelector("[data-postback-form=remove-route]").addEventListener("submit", (event) => {
      event.preventDefault();
      this.remove(event.target);
    });
  }

  open(profile, row) {
    this.close();
    Object.assign(this, { profile, row });
    row?.classList.add("is-chosen");
    const route = row ? JSON.parse(row.dataset.settings) : null;
    this.form.reset();
    for (const name of TEXTS) this.form.elements[name].value = route?.[name] ?? { match: "campaign_id", priority: "100", quiet_zone: timeZone, quiet_mode: "silent" }[name] ?? "";
    for (const name of FLAGS) this.form.elements[name].checked = route ? route[name] : name === "enabled";
    for (const box of this.form.querySelectorAll("[name=statuses]")) box.checked = route?.statuses.includes(box.value) ?? false;
    this.form.elements.countries.value = route?.countries.join(", ") ?? "";
    if (route) chooseChat(this.form, route.chat_id);
    else this.form.elements.chat_id.dispatchEvent(new Event("change"));
    this.panel.querySelector("#route-title").textContent = route ? word("postbacks.route", { number: route.priority }) + (route.name ? ` · ${route.name}` : "") : word("postbacks.new_route");
    this.panel.querySelector("[data-remove-route]").hidden = !route;
    this.form.querySelector(".field-error[role=alert]").hidden = true;
    this.showMatch();
    this.start = JSON.stringify(this.content);
    this.countChanges();
    this.trial.clear();
    if (route) this.trial.run();
    this.panel.hidden = false;
    this.form.elements.name.focus();
  }

  close() {
    if (this.panel.hidden) return false;
    this.panel.hidden = true;
    this.row?.classList.remove("is-chosen");
    this.row?.querySelector(".route-open").focus();
    return true;
  }

  showMatch() {
    slot(this.form, "value").hidden = this.form.elements.match.value === "any";
  }

  /** The route as the API takes it. */
  get content() {
    const data = new FormData(this.form);
    const content = Object.fromEntries(TEXTS.map((name) => [name, data.get(name) || null]));
    content.name ??= "";
    content.match_value = content.match === "any" ? "" : content.match_value ?? "";
    if (!content.quiet_from && !content.quiet_until) { delete content.quiet_zone; delete content.quiet_mode; }
    for (const name of FLAGS) content[name] = this.form.elements[name].checked;
    content.statuses = data.getAll("statuses");
    content.countries = data.get("countries").split(/[\s,;]+/).filter(Boolean);
    for (const name of ["priority", "topic_id"]) content[name] = integer(content[name]);
    content.chat_id = chosenChat(this.form);
    return content;
  }

  /** What the trial is about; null while the route says too little. */
  get tried() {
    const content = this.content;
    if (!content.chat_id || (content.match !== "any" && !content.match_value)) return null;
    return { route: { ...content, id: this.row ? Number(this.row.dataset.route) : null } };
  }

  countChanges() {
    const before = JSON.parse(this.start ?? "{}");
    const now = this.content;
    const names = new Set([...Object.keys(before), ...Object.keys(now)]);
    const count = [...names].filter((name) => JSON.stringify(before[name]) !== JSON.stringify(now[name])).length;
    slot(this.panel, "changes").textContent = count > 0 ? word("postbacks.changes", { count }) : "";
    this.panel.classList.toggle("is-draft", count > 0);
    if (this.start && !this.panel.hidden) this.trial.soon();
  }

  async save() {
    const url = this.row ? `/postbacks/routes/${this.row.dataset.route}/` : `/postbacks/profiles/${this.profile}/routes/`;
    reloadAfter(await submit(this.form, url, this.content));
  }

  askRemoval() {
    const dialog = this.page.querySelector("#remove-route");
    slot(dialog, "route").textContent = this.row.querySelector(".route-open").textContent;
    openDialog(dialog);
  }

  async remove(form) {
    reloadAfter(await submit(form, `/postbacks/routes/${this.row.dataset.route}/remove/`, {}));
  }
}

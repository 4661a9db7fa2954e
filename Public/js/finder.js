// Ctrl K: find anything. Pages of the navigation at once, campaigns and profiles as one types.

import { get, isAbort } from "./api.js";
import { openDialog } from "./dialogs.js";
import { addShortcuts } from "./keyboard.js";
import { element, icon } from "./markup.js";
import { word } from "./words.js";

const TYPING_PAUSE = 120;
const MOST = 12;

export function startFinder(dialog) {
  const finder = new Finder(dialog);
  addShortcuts({ "Ctrl+k": () => finder.open() });
  for (const opener of document.querySelectorAll("[data-finder]")) opener.addEventListener("click", () => finder.open());
}

class Finder {
  constructor(dialog) {
    this.dialog = dialog;
    this.input = dialog.querySelector("input");
    this.list = dialog.querySelector("[role=listbox]");
    this.pages = [...document.querySelectorAll(".side-nav a[href], .account-links a[href]")].map((link) => ({ name: link.title || link.textContent.trim(), href: link.getAttribute("href"), kind: word("finder.page") }));
    this.profiles = null;
    this.active = 0;
    this.pause = null;
    this.input.addEventListener("input", () => { clearTimeout(this.pause); this.pause = setTimeout(() => this.search(), TYPING_PAUSE); });
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.list.addEventListener("click", (event) => { if (event.target.closest("a")) this.dialog.close(); });
  }

  open() {
    openDialog(this.dialog);
    this.input.value = "";
    this.show(this.pages);
    this.input.focus();
  }

  async search() {
    const query = this.input.value.trim().toLowerCase();
    const fits = ({ name }) => query.split(/\s+/).every((part) => name.toLowerCase().includes(part));
    const pages = this.pages.filter(fits);
    this.show(pages);
    if (query.length < 2) return;
    this.inFlight?.abort();
    const { signal } = (this.inFlight = new AbortController());
    try {
      this.profiles ??= get("/postbacks/profiles/").then(({ profiles }) => profiles.map(({ id, name }) => ({ name, href: `/postbacks/profiles/${id}/`, kind: word("finder.profile") }))).catch(() => []);
      const [profiles, campaigns] = await Promise.all([
        this.profiles,
        get(`/campaigns/?${new URLSearchParams({ q: query })}`, { signal }).then((answer) => answer.campaigns.slice(0, MOST).map(({ id, name }) => ({ name, href: `/campaigns/${id}/`, kind: word("finder.campaign") }))).catch((error) => { if (isAbort(error)) throw error; return []; }),
      ]);
      this.show([...pages, ...profiles.filter(fits), ...campaigns]);
    } catch (error) {
      if (!isAbort(error)) throw error;
    }
  }

  show(found) {
    this.list.replaceChildren(...found.slice(0, MOST).map(({ name, href, kind }, index) => element("a", { href, role: "option", id: `found-${index}`, tabindex: "-1" }, element("span", { class: "found-name" }, name), element("span", { class: "aside" }, kind))));
    if (found.length === 0) this.list.replaceChildren(element("p", { class: "found-none" }, icon("search"), word("finder.nothing")));
    this.activate(0);
  }

  activate(index) {
    const options = [...this.list.querySelectorAll("[role=option]")];
    this.active = Math.max(0, Math.min(options.length - 1, index));
    options.forEach((option, place) => option.setAttribute("aria-selected", place === this.active));
    options[this.active]?.scrollIntoView({ block: "nearest" });
    if (options[this.active]) this.input.setAttribute("aria-activedescendant", options[this.active].id);
    else this.input.removeAttribute("aria-activedescendant");
  }

  key(event) {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      this.activate(this.active + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter") {
      event.preventDefault();
      this.list.querySelectorAll("[role=option]")[this.active]?.click();
    }
  }
}

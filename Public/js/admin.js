// Lists of stored things: keys for the search and for the rows.

import { addShortcuts, moveFocus } from "./keyboard.js";

export function startAdminList(page) {
  const links = () => [...page.querySelectorAll(".stored-open")];
  addShortcuts({
    "/": () => page.querySelector('input[type="search"]').select(),
    ArrowDown: () => moveFocus(links(), 1),
    ArrowUp: () => moveFocus(links(), -1),
    Escape: () => page.querySelector(".page-back").click(),
  });
  // A choice is a search: nobody has to press the button after it.
  for (const select of page.querySelectorAll(".admin-filter select")) select.addEventListener("change", () => select.form.requestSubmit());
}

/** Esc leads back from one thing and from a question about it. */
export function startAdminPage(page) {
  addShortcuts({ Escape: () => page.querySelector(".page-back").click() });
}

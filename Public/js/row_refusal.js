// A refused edit: red ring on the share and the sentence under its row. Nothing else moves.

import { element, icon } from "./markup.js";
import { word } from "./words.js";

function box(problem, id) {
  const title = problem.title && problem.detail ? element("strong", {}, problem.title) : null;
  const text = problem.detail ?? problem.title ?? word("unknown_error", { status: problem.status });
  return element("div", { class: "refusal", role: "alert", id }, icon("alert"), element("p", {}, title, title ? " " : null, text));
}

export function clearRefusals(card) {
  card.querySelectorAll(".row-refusal, .flow-refusal").forEach((node) => node.remove());
  card.querySelectorAll(".share.is-refused").forEach((share) => share.classList.remove("is-refused"));
  card.querySelectorAll(".share-input[aria-invalid]").forEach((input) => {
    input.removeAttribute("aria-invalid");
    input.removeAttribute("aria-describedby");
  });
}

/** `row` is null when the refusal is about the whole flow: it then stands above the add field. */
export function showRefusal(card, row, problem) {
  clearRefusals(card);
  if (!row) {
    const note = element("div", { class: "flow-refusal" }, box(problem, `refusal-of-${card.dataset.flow}`));
    card.querySelector(".flow-foot")?.before(note);
    return;
  }
  const id = `refusal-${row.dataset.row}`;
  row.after(element("tr", { class: "row-refusal" }, element("td", { colspan: "12" }, box(problem, id))));
  const input = row.querySelector(".share-input");
  if (!input) return;
  row.querySelector(".share").classList.add("is-refused");
  input.setAttribute("aria-invalid", "true");
  input.setAttribute("aria-describedby", id);
}

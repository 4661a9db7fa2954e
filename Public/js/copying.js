// data-copy="text": puts the text on the clipboard. data-fills="id": also types it into that field.

import { toast } from "./toasts.js";
import { word } from "./words.js";

export function startCopying() {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const field = button.dataset.fills && document.getElementById(button.dataset.fills);
    if (field) {
      field.value = button.dataset.copy;
      field.focus();
    }
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      toast(word("copied"));
    } catch {
      const text = button.parentElement.querySelector("code");
      if (text) getSelection().selectAllChildren(text);
      if (!field) toast(word("not_copied"), { isError: true });
    }
  });
}

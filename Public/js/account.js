// The account dialog: name, language, theme, letter keys.

import { post } from "./api.js";
import { lettersAreOn, setLetters } from "./keyboard.js";
import { applyTheme } from "./theme.js";
import { toastAfterReload } from "./toasts.js";

export function startAccount(dialog) {
  const form = dialog.querySelector("#account-form");
  const letters = dialog.querySelector("#letter-keys");
  const problemLine = form.querySelector(".field-error");

  letters.checked = lettersAreOn();
  letters.addEventListener("change", () => setLetters(letters.checked));

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const settings = Object.fromEntries(["name", "language", "theme"].map((name) => [name, new FormData(form).get(name)]));
    problemLine.hidden = true;
    try {
      const { message } = await post("/users/settings/", settings);
      applyTheme(settings.theme);
      if (message) toastAfterReload(message);
      location.reload();
    } catch (problem) {
      problemLine.textContent = problem.message;
      problemLine.hidden = false;
    }
  });
}

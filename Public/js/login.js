// The login page: shows the key, switches the theme, and leaves nothing of the earlier person in this tab.

import { icon } from "./markup.js";
import { applyTheme, isDark } from "./theme.js";
import { word } from "./words.js";

export function startLogin(form) {
  sessionStorage.clear();
  const field = form.querySelector("#api-key");
  const eye = form.querySelector("#show-key");
  // Forms for passwords have none: managers of passwords bring their own.
  if (!eye) return;

  eye.addEventListener("click", () => {
    const isShown = field.type === "password";
    field.type = isShown ? "text" : "password";
    const label = word(isShown ? "hide_key" : "show_key");
    eye.setAttribute("aria-pressed", isShown);
    eye.setAttribute("aria-label", label);
    eye.title = label;
    eye.replaceChildren(icon(isShown ? "eye-off" : "eye"));
    field.focus();
  });

  // A password manager should see a password being sent.
  form.addEventListener("submit", () => { field.type = "password"; });
}

export function startThemeToggle(button) {
  const show = () => button.replaceChildren(icon(isDark() ? "sun" : "moon"), word(isDark() ? "theme.to_light" : "theme.to_dark"));
  show();
  button.addEventListener("click", () => {
    applyTheme(isDark() ? "light" : "dark");
    show();
  });
}

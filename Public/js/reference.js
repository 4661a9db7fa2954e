// /docs: each operation's form asks the server for real and shows what it answers, problems too.

import { word } from "./words.js";

const csrfToken = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";

/** The operation's address with what the form holds: parts of the path, then the query's filled fields. */
function address(form) {
  let path = form.dataset.path;
  const query = new URLSearchParams();
  for (const field of form.querySelectorAll("[data-place]")) {
    if (field.dataset.place === "path") path = path.replace(`{${field.name}}`, encodeURIComponent(field.value));
    else if (field.value !== "") query.append(field.name, field.value);
  }
  return query.size > 0 ? `${path}?${query}` : path;
}

function show(form, status, text) {
  const outcome = form.querySelector(".operation-outcome");
  outcome.hidden = false;
  outcome.querySelector(".operation-status").textContent = status;
  const content = outcome.querySelector("pre");
  content.textContent = text;
  content.hidden = text === "";
}

const readable = (text) => {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
};

async function send(form) {
  const method = form.dataset.method;
  const headers = { Accept: "application/json" };
  const options = { method, headers, credentials: "same-origin", redirect: "manual" };
  if (method !== "GET") {
    headers["Content-Type"] = "application/json";
    headers["X-CSRF-Token"] = csrfToken();
    options.body = form.querySelector(".operation-content")?.value ?? "{}";
    try {
      JSON.parse(options.body);
    } catch {
      return show(form, word("docs.bad_json"), "");
    }
  }
  const button = form.querySelector("button");
  const start = performance.now();
  button.disabled = true;
  show(form, word("docs.sending"), "");
  try {
    const response = await fetch(address(form), options);
    const text = await response.text();
    const status = response.type === "opaqueredirect" ? "3xx" : `${response.status} ${response.statusText}`;
    show(form, `${status} · ${Math.round(performance.now() - start)} ms`, readable(text));
  } catch {
    show(form, word("docs.not_sent"), "");
  } finally {
    button.disabled = false;
  }
}

/** An address with #operation opens that operation. */
function openNamed() {
  const named = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
  if (named instanceof HTMLDetailsElement) named.open = true;
}

export function startReference(page) {
  page.addEventListener("submit", (event) => {
    event.preventDefault();
    send(event.target);
  });
  addEventListener("hashchange", openNamed);
  openNamed();
}

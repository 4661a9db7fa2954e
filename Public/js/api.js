// Requests to our own server. A refusal is thrown as a Problem (application/problem+json, RFC 9457);
// a server that cannot be reached, as a Problem of status 0.

export class Problem extends Error {
  constructor(status, fields = {}) {
    super(fields.detail || fields.title || `HTTP ${status}`);
    this.status = status;
    this.title = fields.title ?? null;
    this.detail = fields.detail ?? null;
    this.type = fields.type ?? null;
    this.html = fields.html ?? null;
    this.errors = fields.errors ?? [];
    this.requestId = fields.request_id ?? null;
  }

  /** Nothing is wrong with the request itself: the same one may succeed later. */
  get isPassing() { return this.status === 0 || this.status === 503 || this.status === 502 || this.status === 504; }
  get isUnreachable() { return this.status === 0; }
  get isConflict() { return this.status === 409 && (this.type ?? "").endsWith("/conflict"); }
}

const csrfToken = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";

export const isAbort = (error) => error?.name === "AbortError";

async function perform(url, options) {
  let response;
  try {
    response = await fetch(url, { credentials: "same-origin", ...options });
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new Problem(0);
  }
  if (response.status === 401) {
    const here = location.pathname + location.search;
    location.assign(`/users/login/?next=${encodeURIComponent(here)}`);
    return new Promise(() => {});
  }
  if (response.ok) return response;
  const isJSON = /json/.test(response.headers.get("content-type") ?? "");
  throw new Problem(response.status, isJSON ? await response.json().catch(() => ({})) : {});
}

async function readJSON(response) {
  try {
    return { status: response.status, ...(await response.json()) };
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new Problem(0);
  }
}

/** GET → the JSON object, with its HTTP `status`. */
export async function get(url, { fragment, signal } = {}) {
  const headers = { Accept: "application/json" };
  if (fragment) headers["Sluice-Fragment"] = fragment;
  return readJSON(await perform(url, { headers, signal }));
}

/** POST with a JSON body → the JSON object, with its HTTP `status`. */
export async function post(url, body = {}, { fragment, signal } = {}) {
  const headers = { Accept: "application/json", "Content-Type": "application/json", "X-CSRF-Token": csrfToken() };
  if (fragment) headers["Sluice-Fragment"] = fragment;
  return readJSON(await perform(url, { method: "POST", headers, body: JSON.stringify(body), signal }));
}

/** GET → a piece of HTML rendered by the server. */
export async function getFragment(url, fragment, { signal } = {}) {
  const response = await perform(url, { headers: { Accept: "text/html", "Sluice-Fragment": fragment }, signal });
  return response.text();
}

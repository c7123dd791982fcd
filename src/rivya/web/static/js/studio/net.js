/** Calls of the Studio's own endpoints, with the token that shows that a page of ours makes them. */

/** What the server would not do: `param` names the field that it is about, if it is about one. */
export class Refusal extends Error {
  constructor(message, { code, param = null, status = 0 }) {
    super(message);
    this.code = code;
    this.param = param;
    this.status = status;
  }
}

const OFFLINE = "The connection is lost. Nothing was charged for what did not arrive; try again.";

export function token() {
  return document.querySelector('meta[name="csrf-token"]')?.content ?? "";
}

/** Send JSON and return what is answered, as JSON; null for an empty answer. Throws Refusal. */
export async function call(method, path, body, { key, signal } = {}) {
  const answer = await send(method, path, body, { key, signal });
  return answer.status === 204 ? null : answer.json();
}

/** Send JSON and return the answer, whose body is still to be read. Throws Refusal. */
export async function send(method, path, body, { key, signal, accept = "application/json" } = {}) {
  const headers = { Accept: accept };
  if (method !== "GET") headers["X-CSRF-Token"] = token();
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (key) headers["Idempotency-Key"] = key;
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers,
      signal,
      credentials: "same-origin",
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal(OFFLINE, { code: "offline" });
  }
  if (!answer.ok) throw await refusal(answer);
  return answer;
}

/** Return a piece of a page of ours. Throws Refusal. */
export async function fragment(path, { signal } = {}) {
  const answer = await send("GET", path, undefined, { signal, accept: "*/*" });
  return parsed(await answer.text());
}

/** Return HTML that our server made as nodes; it escapes whatever people and models wrote. */
export function parsed(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}

/** Return the refusal that an answer is. */
export async function refusal(answer) {
  let error = {};
  try {
    error = (await answer.json()).error ?? {};
  } catch {
    error = {};
  }
  return refusalOf(error, answer.status);
}

/** Return the refusal of an error envelope's `error`. */
export function refusalOf(error, status) {
  const message = status === 401 ? "You are signed out. Sign in again to go on." : error.message;
  return new Refusal(message ?? `The server answered ${status}.`, {
    code: error.code ?? "unknown",
    param: error.param ?? null,
    status,
  });
}

/** Return a new Idempotency-Key. `crypto.randomUUID` is not there on plain http, this is. */
export function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Return a link to our own media as a path: it is read from where this page came from, whatever its name. */
export function here(url) {
  const parts = new URL(url, location.href);
  return parts.pathname.startsWith("/media/") ? parts.pathname + parts.search : parts.href;
}

/** Calls of the public API with a key that was pasted for them. The key goes into one header, and nowhere else. */

const BASE = "/api/v1";
const ENDED = new Set(["succeeded", "failed"]);
const FIRST_WAIT_MS = 600;
const LONGEST_WAIT_MS = 3000;

/** Start a generation; a fresh Idempotency-Key makes a repeat of this very call by the browser harmless. */
export function createGeneration(key, body, idempotencyKey, signal) {
  return call(key, "POST", "/generations", {
    body: JSON.stringify(body),
    headers: { "Content-Type": "application/json", "Idempotency-Key": idempotencyKey },
    signal,
  });
}

/** Upload a file; `kind` is image, video or audio. */
export function createFile(key, file, kind, idempotencyKey, signal) {
  const body = new FormData();
  body.append("kind", kind);
  body.append("file", file, file.name);
  return call(key, "POST", "/files", { body, headers: { "Idempotency-Key": idempotencyKey }, signal });
}

/** Read a task again and again until it has ended, telling `heard` of each answer. Returns the last one. */
export async function follow(key, task, heard, signal) {
  let wait = FIRST_WAIT_MS;
  for (;;) {
    await pause(wait, signal);
    const answer = await call(key, "GET", `/generations/${encodeURIComponent(task)}`, { signal });
    if (answer.status === 429 || answer.status >= 500) {
      wait = Math.max(LONGEST_WAIT_MS, answer.retryAfterS * 1000);
      continue;
    }
    heard(answer);
    if (!answer.ok || ENDED.has(answer.body.status)) return answer;
    wait = Math.min(wait * 1.3, LONGEST_WAIT_MS);
  }
}

/** Return a new Idempotency-Key. Also where crypto.randomUUID is missing: on pages without TLS. */
export function newIdempotencyKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `debugger-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

async function call(key, method, path, { body, headers = {}, signal } = {}) {
  const began = performance.now();
  const response = await fetch(BASE + path, {
    method,
    body,
    headers: { ...headers, Authorization: `Bearer ${key}` },
    credentials: "omit",
    cache: "no-store",
    referrerPolicy: "no-referrer",
    redirect: "error",
    signal,
  });
  const text = await response.text();
  return {
    ok: response.ok,
    status: response.status,
    body: parsed(text),
    requestId: response.headers.get("X-Request-Id"),
    retryAfterS: Number(response.headers.get("Retry-After")) || 0,
    ms: Math.round(performance.now() - began),
  };
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return { error: { code: "not_json", message: text.slice(0, 500) || "The answer was empty." } };
  }
}

function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
}

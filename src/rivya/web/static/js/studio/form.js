/** The form of one model: its price as one chooses, and the task that it makes. */

import { controlAt, mark, paramsOf, unmarkAll } from "./controls.js";
import { call, newKey } from "./net.js";
import { references } from "./references.js";
import { rows } from "./rows.js";

const QUIET_MS = 250;
const MISSING = "This is needed.";

/** Bring a form to life. `made(task)` hears of each task that was accepted. Returns its handle. */
export function generationForm(form, { made }) {
  const part = (name) => form.querySelector(`[data-part="${name}"]`);
  const prompt = form.querySelector("#prompt");
  const submit = part("submit");
  const life = new AbortController();
  let key = newKey();
  let asking = null;
  let timer = null;
  let quote = null;
  let sending = false;

  const held = references({
    zone: part("zone"),
    input: part("file"),
    list: part("references"),
    error: part("references-error"),
    rule: JSON.parse(form.dataset.references),
    model: form.dataset.model,
    given: JSON.parse(form.dataset.given),
    changed: edited,
  });
  for (const place of form.querySelectorAll("[data-array]")) rows(place, edited);

  form.addEventListener("input", (event) => {
    if (event.target.matches("[aria-invalid]")) mark(event.target, "");
    mirror(event.target);
    edited();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  prompt?.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) send();
  });
  document.addEventListener("paste", pasted, { signal: life.signal });

  function pasted(event) {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    held.add(files);
  }

  function request() {
    const params = paramsOf(form);
    const items = held.items();
    if (items.length) params.referenceMediaItems = items.map(sent);
    return { model: form.dataset.model, ...(prompt ? { prompt: prompt.value } : {}), params };
  }

  /** Something was chosen: it is another request now, and may have another price. */
  function edited() {
    key = newKey();
    count();
    clearTimeout(timer);
    timer = setTimeout(price, QUIET_MS);
  }

  function count() {
    if (!prompt) return;
    const most = Number(prompt.dataset.most);
    const length = [...prompt.value].length;
    const counter = part("counter");
    counter.textContent = most ? `${length.toLocaleString("en")} / ${most.toLocaleString("en")}` : `${length}`;
    counter.classList.toggle("is-over", Boolean(most) && length > most);
  }

  /** Ask for the price. An answer that comes after a later question is not heard. */
  async function price() {
    asking?.abort();
    asking = new AbortController();
    part("price").classList.add("is-asking");
    try {
      quote = await call("POST", "/studio/estimate", request(), { signal: asking.signal });
      showPrice();
    } catch (error) {
      if (error.name === "AbortError") return;
      quote = null;
      part("price").textContent = "—";
      trouble(error.message);
    }
    part("price").classList.remove("is-asking");
  }

  function showPrice() {
    part("balance").textContent = credits(quote.available);
    if (quote.problem) {
      part("price").textContent = "—";
      say(quote.problem);
      return;
    }
    trouble("");
    part("price").textContent = `${quote.complete ? "" : "from "}${credits(quote.credits)}`;
    const isShort = quote.credits > quote.available;
    part("short").hidden = !isShort;
    if (isShort) {
      part("short-words").textContent =
        `This needs ${credits(quote.credits)}, and your wallet holds ${credits(quote.available)}. Nothing is sent.`;
    }
    submit.setAttribute("aria-disabled", String(isShort || !form.dataset.available));
  }

  async function send() {
    if (sending || submit.disabled) return;
    unmarkAll(form);
    trouble("");
    if (!form.dataset.available) return;
    if (held.busy()) return held.show("Wait until the upload is done.");
    if (prompt && "required" in prompt.dataset && !prompt.value.trim()) return refuse("prompt", "Write a prompt first.");
    const empty = [...form.querySelectorAll("[data-required]")].find((one) => one !== prompt && !one.value.trim());
    if (empty) {
      mark(empty, MISSING);
      return empty.focus();
    }
    if (quote?.credits > quote?.available) return part("short").focus();
    sending = true;
    submit.classList.add("is-busy");
    submit.setAttribute("aria-busy", "true");
    try {
      made(await call("POST", "/studio/generations", request(), { key }));
      key = newKey(); // the same again is another task, and wanted
      price();
    } catch (error) {
      // The key stays: what may have arrived before the connection was lost is not made, and paid for, twice.
      refuse(error.param, error.message);
      if (error.code === "insufficient_credits") price();
    } finally {
      sending = false;
      submit.classList.remove("is-busy");
      submit.removeAttribute("aria-busy");
    }
  }

  /** Say what is wrong where it is wrong, and go there. */
  function refuse(param, message) {
    say({ param, message }).focus();
  }

  function say({ param, message }) {
    const control = param ? controlAt(form, param) : null;
    if (control) {
      mark(control, message);
      return control;
    }
    if (param?.startsWith("params.referenceMediaItems")) {
      held.show(message);
      return part("references-error");
    }
    trouble(message);
    return part("trouble");
  }

  function trouble(text) {
    const place = part("trouble");
    place.textContent = text;
    place.hidden = !text;
  }

  for (const control of form.querySelectorAll("input[type=range]")) mirror(control);
  count();
  price();
  return { held, form, refresh: price, params: () => paramsOf(form), prompt, edited, end: () => life.abort() };
}

/** Show the value of a slider beside it. */
function mirror(control) {
  if (control.type !== "range") return;
  const output = control.closest("[data-field]")?.querySelector("output");
  if (output) output.textContent = control.value;
}

function sent(item) {
  const { url, kind, durationToken } = item;
  return durationToken ? { url, kind, durationToken } : { url, kind };
}

export function credits(count) {
  return `${count.toLocaleString("en")} credit${count === 1 ? "" : "s"}`;
}

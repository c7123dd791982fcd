/** The Studio's chat: a message is sent, its answer streams in, and can be stopped. */

import { credits } from "./form.js";
import { transcript } from "./messages.js";
import { call, fragment, newKey, refusalOf, send } from "./net.js";
import { picker } from "./picker.js";
import { references } from "./references.js";
import { events } from "./stream.js";

const QUIET_MS = 400;
const ASK_MS = 400;

const byId = (id) => document.getElementById(id);
const root = byId("studio-chat");
const form = byId("studio-talk");
const part = (name) => form.querySelector(`[data-part="${name}"]`);
const message = byId("message");
const shown = transcript({ list: byId("studio-messages"), scroller: byId("studio-scroller") });

let session = root.dataset.session || null;
let running = null;
let quote = null;
let timer = null;
let asking = null;

const held = references({
  zone: part("zone"),
  input: part("file"),
  list: part("references"),
  error: part("references-error"),
  rule: JSON.parse(form.dataset.references),
  model: form.dataset.model,
  given: [],
  changed: edited,
});

function request(text = message.value, items = held.items()) {
  const asked = { model: form.dataset.model, message: text };
  if (session) asked.session_id = session;
  if (items.length) asked.attachments = items.map((item) => ({ file_id: item.fileId }));
  for (const control of form.querySelectorAll("[data-option]")) {
    if (control.type === "checkbox") asked[control.dataset.option] = control.checked;
    else asked[control.dataset.option] = control.value;
  }
  return asked;
}

function edited() {
  grow();
  trouble("");
  clearTimeout(timer);
  timer = setTimeout(price, QUIET_MS);
}

function grow() {
  message.style.height = "auto";
  message.style.height = `${message.scrollHeight}px`;
}

/** Ask what the turn would set aside, so that a short balance is told before anything is sent. */
async function price() {
  asking?.abort();
  asking = new AbortController();
  try {
    quote = await call("POST", "/studio/chat/estimate", request(), { signal: asking.signal });
  } catch (error) {
    if (error.name === "AbortError") return;
    quote = null;
    part("price").textContent = "";
    trouble(error.message);
    return;
  }
  part("balance").textContent = credits(quote.available);
  if (quote.problem) {
    part("price").textContent = "";
    trouble(quote.problem.message);
    return;
  }
  part("price").textContent = `At most ${credits(quote.credits)}; what is not used goes back.`;
  const isShort = quote.credits > quote.available;
  part("short").hidden = !isShort;
  if (isShort) {
    part("short-words").textContent =
      `This message needs up to ${credits(quote.credits)}, and your wallet holds ${credits(quote.available)}. Nothing is sent.`;
  }
}

async function say(text, items) {
  if (running) return;
  if (quote?.credits > quote?.available) return part("short").focus();
  trouble("");
  byId("studio-hello")?.remove();
  const mine = shown.said(text, items);
  const answer = shown.answering();
  const stop = new AbortController();
  running = { stop, turn: null };
  busy(true);
  const isNew = !session;
  try {
    const stream = await send("POST", "/studio/chat", request(text, items), {
      key: newKey(),
      signal: stop.signal,
      accept: "text/event-stream",
    });
    await hear(stream, answer);
  } catch (error) {
    if (error.name !== "AbortError" && !running.turn) {
      answer.remove();
      shown.failed(error.message, () => {
        mine.remove();
        say(text, items);
      });
      return end(isNew);
    }
    // Stopped, or the connection broke off: what was said until then is kept, and is shown as it is kept.
  }
  await settle(answer, { mine, text, items });
  end(isNew);
}

async function hear(stream, answer) {
  for await (const { name, data } of events(stream)) {
    if (name === "chat.completion.created") {
      running.turn = data.id;
      session = data.session_id;
      root.dataset.session = session;
    } else if (name === "chat.completion.delta") answer.add(data.delta);
    else if (name === "error") running.error = refusalOf(data.error, 0).message;
  }
}

/** Show the turn as the server has it: its answer, what it cost, or that it failed. */
async function settle(answer, { mine, text, items }) {
  if (!running.turn) return answer.remove();
  const state = await ended(running.turn);
  if (state?.html) {
    answer.done(state.html);
    said(`Answered. ${credits(state.credits)}.`);
    if (running.error) shown.failed(running.error, () => say(text, items));
    return;
  }
  answer.remove();
  shown.failed(running.error ?? "The model gave no answer. Nothing was charged.", () => {
    mine.remove();
    say(text, items);
  });
}

async function ended(turn) {
  for (let tries = 0; tries < 60; tries += 1) {
    try {
      const state = await call("GET", `/studio/chat/turns/${turn}`);
      if (state.status !== "running") return state;
    } catch (error) {
      if (error.status === 404) return null;
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_MS));
  }
  return null;
}

function end(isNew) {
  running = null;
  busy(false);
  price();
  if (!session) return;
  if (isNew) history.replaceState(null, "", `/studio/chat/${session}`);
  listSessions();
}

function busy(isBusy) {
  part("send").hidden = isBusy;
  part("stop").hidden = !isBusy;
  if (isBusy) part("stop").focus();
  else message.focus();
}

async function listSessions() {
  try {
    byId("studio-sessions").replaceChildren(await fragment(`/studio/chat/list?current=${session ?? ""}`));
  } catch (error) {
    said(error.message);
  }
}

function trouble(text) {
  part("trouble").textContent = text;
  part("trouble").hidden = !text;
}

function said(text) {
  byId("studio-said").textContent = text;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = message.value.trim();
  if (!text || running) return message.focus();
  if (held.busy()) return held.show("Wait until the upload is done.");
  if (quote?.credits > quote?.available) return part("short").focus();
  const items = held.items();
  message.value = "";
  held.clear();
  grow();
  say(text, items);
});
message.addEventListener("input", edited);
message.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing && matchMedia("(pointer: fine)").matches) {
    event.preventDefault();
    form.requestSubmit();
  }
});
for (const control of form.querySelectorAll("[data-option]")) control.addEventListener("change", edited);
part("stop").addEventListener("click", () => running?.stop.abort());
document.addEventListener("paste", (event) => {
  const files = [...(event.clipboardData?.files ?? [])];
  if (!files.length || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  held.add(files);
});

byId("studio-sessions").addEventListener("click", async (event) => {
  const button = event.target.closest("[data-delete]");
  if (!button) return;
  const dialog = byId("studio-delete");
  dialog.querySelector("[data-title]").textContent = button.dataset.title;
  dialog.dataset.session = button.dataset.delete;
  dialog.showModal();
});
byId("studio-delete").addEventListener("click", async (event) => {
  const dialog = byId("studio-delete");
  if (!event.target.closest("[data-confirm]")) return;
  const gone = dialog.dataset.session;
  try {
    await call("DELETE", `/studio/chat/${gone}`);
    dialog.close();
    if (gone === session) location.assign("/studio/chat");
    else listSessions();
  } catch (error) {
    dialog.querySelector("[data-trouble]").textContent = error.message;
  }
});

const models = byId("studio-models");
if (models) {
  picker({
    button: part("model"),
    dialog: models,
    chosen: (model) => location.assign(`/studio/chat?model=${encodeURIComponent(model)}`),
  });
}

root.querySelector(".studio-sessions-fold").open = matchMedia("(min-width: 60rem)").matches;
shown.toEnd();
grow();
price();

/** The online debugger: a request is built, sent in mock or live mode, and followed to its end. */

import { requestBuilder } from "./builder.js";
import { filesPanel } from "./files.js";
import { keyField } from "./key.js";
import { createGeneration, follow, newIdempotencyKey } from "./live.js";
import { showMedia } from "./media.js";
import { mockTask } from "./mock.js";
import { announce, byId, errorOf, showError, showResponse, showTask } from "./view.js";

const root = byId("debugger");
const offered = JSON.parse(byId("debugger-models").textContent);

let live = false;
let underWay = null;
let files = null;

const key = keyField({
  input: byId("key"),
  status: byId("key-status"),
  forget: byId("key-forget"),
  changed: () => {},
});

const builder = requestBuilder(offered, {
  base: root.dataset.baseUrl,
  changed: (model) => {
    files?.modelChanged();
    if (!underWay) showTask(null, model);
  },
});

files = filesPanel({ live: () => key.read(), isLive: () => live, builder, told: tell });

function tell(error) {
  showError(error);
  if (error) announce(`${error.code}: ${error.message}`);
}

function setMode(mode) {
  underWay?.abort();
  live = mode === "live";
  for (const radio of document.querySelectorAll("input[name=mode]")) radio.checked = radio.value === mode;
  root.dataset.mode = mode;
  byId("key-panel").hidden = !live;
  byId("mock-note").hidden = live;
  byId("file-input").hidden = !live;
  byId("send").querySelector("span").textContent = live ? "Send, and spend credits" : "Send in mock mode";
  byId("file-send").querySelector("span").textContent = live ? "Upload" : "Upload in mock mode";
  if (!live) key.drop();
  showError(null);
  files.clear();
  builder.clearReferences(); // what mock mode made up is nowhere, and live files are one account's
}

async function send() {
  tell(null);
  byId("result").replaceChildren();
  let body;
  try {
    body = builder.body();
  } catch (error) {
    tell({ code: "not sent", message: error.message, param: error.param });
    return;
  }
  const model = builder.model();
  if (!live) {
    const task = mockTask(model);
    showResponse({ mock: true, body: task });
    showTask(task, model);
    announce(`Mock task ${task.id} is queued.`);
    return;
  }
  if (key.read() === null) {
    tell({ code: "no key", message: "Paste an API key first: live mode calls the API with it." });
    byId("key").focus();
    return;
  }
  await run(model, body);
}

async function run(model, body) {
  const mine = new AbortController();
  const secret = key.read();
  underWay = mine;
  busy(true);
  try {
    const idempotencyKey = newIdempotencyKey();
    byId("idempotency-key").textContent = idempotencyKey;
    let answer = await createGeneration(secret, body, idempotencyKey, mine.signal);
    heard(answer, model);
    if (answer.ok) {
      announce(`Task ${answer.body.id} was accepted.`);
      answer = await follow(secret, answer.body.id, (state) => heard(state, model), mine.signal);
      if (answer.ok && answer.body.result) {
        showMedia(byId("result"), answer.body.result.urls, model);
        announce("The task succeeded; its result is shown.");
      }
    }
    if (errorOf(answer)) tell(errorOf(answer));
  } catch (error) {
    if (!mine.signal.aborted) {
      tell({ code: "no answer", message: "The API did not answer. A task that was accepted goes on: see your history." });
    }
  } finally {
    underWay = null;
    busy(false);
  }
}

function heard(answer, model) {
  showResponse(answer);
  if (answer.ok) showTask(answer.body, model);
}

function busy(is) {
  byId("send").disabled = is;
  byId("send").setAttribute("aria-busy", String(is));
  byId("stop").hidden = !is;
}

for (const radio of document.querySelectorAll("input[name=mode]")) {
  radio.addEventListener("change", () => setMode(radio.value));
}
byId("send").addEventListener("click", send);
byId("stop").addEventListener("click", () => underWay?.abort());
// A page that is kept for "back" keeps its memory: whoever comes back begins anew.
addEventListener("pagehide", () => key.drop());
addEventListener("pageshow", (event) => {
  if (event.persisted) setMode("mock");
});
setMode("mock");
root.dataset.ready = "true";

/** The Studio's pages for pictures, videos and sounds. */

import { carryOver } from "./controls.js";
import { generationForm } from "./form.js";
import { gallery } from "./gallery.js";
import { fragment } from "./net.js";
import { picker } from "./picker.js";

const byId = (id) => document.getElementById(id);
const root = byId("studio");
const place = byId("studio-form");
const said = byId("studio-said");

let current = null;

const works = gallery({
  list: byId("studio-works"),
  empty: byId("studio-empty"),
  more: byId("studio-more"),
  dialog: byId("studio-details"),
  banner: byId("studio-offline"),
  announce,
  use,
  again,
  settled: () => current.refresh(),
});

function announce(text) {
  said.textContent = "";
  setTimeout(() => (said.textContent = text), 50); // the same words twice are said twice
}

/** Put another form in: of a model, or the settings of an earlier task. Return whether it is there. */
async function load(query, { carry }) {
  const before = current;
  place.setAttribute("aria-busy", "true");
  try {
    const piece = await fragment(`/studio/${root.dataset.category}/form?${query}`);
    before?.end();
    place.replaceChildren(piece);
  } catch (error) {
    announce(error.message);
    return false;
  } finally {
    place.removeAttribute("aria-busy");
  }
  const kept = carry && before ? { prompt: before.prompt?.value, params: before.params(), items: before.held.items() } : null;
  start();
  if (kept) {
    if (current.prompt && kept.prompt) current.prompt.value = kept.prompt;
    carryOver(current.form, kept.params);
    for (const item of kept.items) if (current.held.accepts(item.kind)) current.held.use(item);
    current.edited();
  }
  const url = new URL(location.href);
  url.search = new URLSearchParams({ model: current.form.dataset.model });
  history.replaceState(null, "", url);
  return true;
}

function start() {
  const form = place.querySelector("form");
  if (!form) return;
  current = generationForm(form, {
    made: (task) => {
      announce("Accepted. It waits for its turn.");
      works.add(task);
    },
  });
  picker({
    button: form.querySelector("[data-part=model]"),
    dialog: byId("studio-models"), // it came with the form
    chosen: async (model) => {
      await load(new URLSearchParams({ model }), { carry: true });
      current.form.querySelector("[data-part=model]").focus();
    },
  });
}

function use(item) {
  const trouble = current.held.use(item);
  announce(trouble || "It is a reference now.");
  current.form.scrollIntoView({ block: "start" });
  (trouble ? current.form.querySelector("[data-part=model]") : (current.prompt ?? current.form)).focus();
}

async function again(id) {
  if (!(await load(new URLSearchParams({ from: id }), { carry: false }))) return;
  announce("The form holds the same settings.");
  place.scrollIntoView({ block: "start" });
  (current.prompt ?? current.form.querySelector("[data-part=submit]")).focus();
}

start();

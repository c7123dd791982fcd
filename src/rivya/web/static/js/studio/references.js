/** The references of a form: dropped, pasted or chosen; checked before anything is sent; uploaded; shown; removed. */

import { here, refusalOf, token } from "./net.js";

const MIB = 1024 * 1024;
const KIND_NAMES = { image: "picture", video: "video", audio: "sound" };

/** `rule` is what the model takes: `{ minFiles, maxFiles, kinds, mixes, limits }`; null when it takes none. */
export function references({ zone, input, list, error, rule, model, given, changed }) {
  let held = given.map((one) => ({ state: "ready", item: one, name: one.name, kind: one.kind }));

  input?.addEventListener("change", () => {
    add([...input.files]);
    input.value = "";
  });
  zone?.addEventListener("dragover", (event) => {
    if (![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    zone.classList.add("is-over");
  });
  zone?.addEventListener("dragleave", (event) => {
    if (!zone.contains(event.relatedTarget)) zone.classList.remove("is-over");
  });
  zone?.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("is-over");
    add([...event.dataTransfer.files]);
  });

  /** Take files in; each that cannot be a reference is told and left out. */
  function add(files) {
    show("");
    for (const file of files) {
      const kind = kindOf(file.type);
      const trouble = problem(kind, file);
      if (trouble) {
        show(trouble);
        continue;
      }
      const one = { state: "uploading", name: file.name || `pasted ${KIND_NAMES[kind]}`, kind, done: 0, item: null };
      held.push(one);
      upload(one, file);
    }
    paint();
  }

  /** Take in what is stored already, such as a result. Return why not, or "". */
  function use(item) {
    const trouble = problem(item.kind, null);
    show(trouble);
    if (trouble) return trouble;
    held.push({ state: "ready", item, name: item.name, kind: item.kind });
    paint();
    changed();
    return "";
  }

  function problem(kind, file) {
    if (!rule) return "This model takes no references. Choose one that does.";
    const name = file?.name || "The reference";
    if (!rule.kinds.includes(kind)) {
      return `${name} cannot be used: this model takes ${rule.kinds.map((one) => `${KIND_NAMES[one]}s`).join(", ")}.`;
    }
    const kinds = [...held.map((one) => one.kind), kind];
    if (kinds.length > rule.maxFiles) {
      return `This model takes at most ${rule.maxFiles} reference${rule.maxFiles === 1 ? "" : "s"}. Remove one first.`;
    }
    if (rule.mixes.length && !rule.mixes.some((mix) => within(kinds, mix))) {
      return `${name} does not go with the references that are there. ${rule.text}`;
    }
    if (!file) return "";
    const limit = rule.limits[kind];
    if (!limit.mimeTypes.includes(file.type)) {
      return `${name} is ${file.type || "of an unknown type"}; this model takes ${limit.mimeTypes.join(", ")}.`;
    }
    if (file.size > limit.maxBytes) {
      const most = Math.floor(limit.maxBytes / MIB);
      return `${name} has ${(file.size / MIB).toFixed(1)} MB; this model takes at most ${most} MB.`;
    }
    return "";
  }

  function upload(one, file) {
    const form = new FormData();
    form.append("kind", one.kind);
    form.append("model", model);
    form.append("file", file, one.name);
    const request = new XMLHttpRequest(); // fetch does not tell how far an upload is
    one.cancel = () => request.abort();
    request.open("POST", "/studio/files");
    request.setRequestHeader("X-CSRF-Token", token());
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => {
      if (!event.lengthComputable) return;
      one.done = event.loaded / event.total;
      one.bar?.setAttribute("value", String(one.done));
    });
    request.addEventListener("load", () => {
      if (request.status === 201) {
        one.state = "ready";
        one.item = request.response;
      } else {
        drop(one);
        show(`${one.name}: ${refusalOf(request.response?.error ?? {}, request.status).message}`);
      }
      paint();
      changed();
    });
    request.addEventListener("error", () => {
      drop(one);
      paint();
      show(`${one.name} did not arrive: the connection was lost. Add it again.`);
    });
    request.send(form);
  }

  function drop(one) {
    held = held.filter((other) => other !== one);
  }

  function remove(one, place) {
    one.cancel?.();
    drop(one);
    show("");
    paint();
    changed();
    (list.querySelectorAll("button")[Math.min(place, held.length - 1)] ?? input)?.focus();
  }

  function show(text) {
    if (!error) return;
    error.textContent = text;
    error.hidden = !text;
  }

  function paint() {
    list?.replaceChildren(...held.map((one, place) => entry(one, () => remove(one, place))));
    if (list) list.hidden = held.length === 0;
    zone?.classList.toggle("is-full", Boolean(rule) && held.length >= rule.maxFiles);
  }

  paint();
  return {
    add,
    use,
    show,
    clear() {
      held = [];
      paint();
    },
    accepts: (kind) => Boolean(rule?.kinds.includes(kind)),
    busy: () => held.some((one) => one.state !== "ready"),
    items: () => held.filter((one) => one.item).map((one) => one.item),
  };
}

/** Return an entry of the list, with a button that takes it away. */
export function entry(one, remove) {
  const item = document.createElement("li");
  item.className = "studio-reference";
  item.append(preview(one));
  const name = document.createElement("span");
  name.className = "studio-reference-name";
  name.textContent = one.name;
  name.title = one.name;
  item.append(name);
  if (one.state === "uploading") {
    one.bar = document.createElement("progress");
    one.bar.max = 1;
    one.bar.value = one.done;
    one.bar.setAttribute("aria-label", `Uploading ${one.name}`);
    item.append(one.bar);
  }
  const button = document.createElement("button");
  button.type = "button";
  button.className = "studio-reference-remove";
  button.setAttribute("aria-label", `Remove ${one.name}`);
  button.textContent = "×";
  button.addEventListener("click", remove);
  item.append(button);
  return item;
}

function preview(one) {
  if (one.item && one.kind === "image") {
    const image = new Image(56, 56);
    image.src = here(one.item.url);
    image.alt = "";
    return image;
  }
  const mark = document.createElement("span");
  mark.className = "studio-reference-kind";
  const seconds = one.item?.durationSeconds;
  mark.textContent = one.kind === "image" ? "" : seconds ? `${Math.round(seconds)} s` : KIND_NAMES[one.kind];
  return mark;
}

function kindOf(mimeType) {
  return mimeType.split("/")[0];
}

function within(kinds, mix) {
  return kinds.every((kind) => kinds.filter((other) => other === kind).length <= (mix[kind] ?? 0));
}

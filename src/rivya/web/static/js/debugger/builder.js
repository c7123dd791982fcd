/** The left side: model, prompt, params, references, and the request that they make. */

import { showControls } from "./controls.js";
import { BadField, requestBody } from "./request.js";
import { asCurl, asPython } from "./samples.js";
import { announce, byId, showJson } from "./view.js";

/**
 * Wire the form up. `offered` is what the server put on the page; `changed` hears when another model is chosen.
 */
export function requestBuilder(offered, { base, changed }) {
  const byModel = new Map(offered.map((one) => [one.model.id, one]));
  const select = byId("model");
  const prompt = byId("prompt");
  let chosen = offered[0];
  let readControls = () => new Map();
  let references = [];

  const body = () =>
    requestBody(chosen.model, { prompt: prompt.value, values: readControls(), references });

  const preview = () => {
    const most = chosen.model.max_prompt_length;
    byId("prompt-count").textContent = most === null ? `${prompt.value.length}` : `${prompt.value.length} of ${most}`;
    try {
      showJson(byId("request-json"), body());
    } catch (error) {
      byId("request-json").textContent = error.message;
    }
  };

  const choose = (id) => {
    const before = chosen;
    chosen = byModel.get(id) ?? offered[0];
    select.value = chosen.model.id;
    if (prompt.value === "" || prompt.value === (before.prompt ?? "")) prompt.value = chosen.prompt ?? "";
    if (chosen.model.max_prompt_length === null) prompt.removeAttribute("maxlength");
    else prompt.maxLength = chosen.model.max_prompt_length;
    references = references.filter((item) => takes(item.kind));
    readControls = showControls(byId("params"), chosen.model, chosen.examples);
    byId("no-params").hidden = chosen.model.params.length > 0;
    showFacts(chosen.model);
    showReferences();
    preview();
    changed(chosen.model);
  };

  const takes = (kind) => chosen.model.reference_media?.kinds.includes(kind) ?? false;

  const showReferences = () => {
    byId("references").hidden = references.length === 0;
    byId("references-list").replaceChildren(
      ...references.map((item) => {
        const entry = document.createElement("li");
        entry.textContent = `${item.kind}: ${item.name}`;
        return entry;
      }),
    );
  };

  select.addEventListener("change", () => choose(select.value));
  byId("builder").addEventListener("input", preview);
  const clearReferences = () => {
    references = [];
    showReferences();
    preview();
  };

  byId("references-clear").addEventListener("click", () => {
    clearReferences();
    select.focus();
  });
  for (const [id, write] of [
    ["copy-json", (request) => JSON.stringify(request, null, 2)],
    ["copy-curl", (request) => asCurl(base, request)],
    ["copy-python", (request) => asPython(base, request)],
  ]) {
    byId(id).addEventListener("click", () => copy(byId(id), () => write(body())));
  }

  choose(select.value);
  return {
    body,
    takes,
    clearReferences,
    model: () => chosen.model,
    use(item) {
      references = [...references, item].slice(-(chosen.model.reference_media?.max_files ?? 1));
      showReferences();
      preview();
    },
  };
}

function showFacts(model) {
  const facts = [model.category, model.billing_type.toLowerCase().replace("_", " "), model.supported_modes.join(", ")];
  byId("model-facts").textContent = facts.filter(Boolean).join(" · ");
  byId("model-coming").hidden = model.api_status === "available";
  byId("model-notices").replaceChildren(
    ...model.notices.map((notice) => {
      const entry = document.createElement("p");
      entry.textContent = notice.message;
      return entry;
    }),
  );
}

async function copy(button, text) {
  const label = button.querySelector("span");
  button.dataset.label ??= label.textContent;
  try {
    await navigator.clipboard.writeText(text());
    label.textContent = "Copied";
  } catch (error) {
    label.textContent = error instanceof BadField ? "Mend the request first" : "Copying is not allowed here";
  }
  announce(label.textContent);
  setTimeout(() => {
    label.textContent = button.dataset.label;
  }, 1600);
}

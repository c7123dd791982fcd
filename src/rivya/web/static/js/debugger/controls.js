/** One control for each param of a model, cloned from the page's templates. */

const TEMPLATES = { select: "control-select", number: "control-number", text: "control-text", array: "control-array" };

/**
 * Fill `place` with the controls of a model's params. `examples` holds what arrays begin with. Returns a function that
 * reads the text of every control by its param's key.
 */
export function showControls(place, model, examples) {
  const controls = new Map();
  place.replaceChildren(
    ...model.params.map((param) => {
      const { root, control } = made(param, examples[param.key]);
      controls.set(param.key, control);
      return root;
    }),
  );
  return () => new Map(Array.from(controls, ([key, control]) => [key, control.value]));
}

function made(param, example) {
  const root = document.getElementById(TEMPLATES[param.type]).content.firstElementChild.cloneNode(true);
  const control = root.querySelector("select, input, textarea");
  const label = root.querySelector("label");
  const hint = root.querySelector("[data-hint]");
  control.id = `param-${param.key}`;
  label.htmlFor = control.id;
  label.querySelector("[data-name]").textContent = param.key;
  label.querySelector("[data-required]").hidden = !param.required;
  hint.id = `${control.id}-hint`;
  hint.textContent = hintOf(param);
  hint.hidden = hint.textContent === "";
  control.setAttribute("aria-describedby", hint.id);
  if (param.required) control.setAttribute("aria-required", "true");
  fill(control, param, example);
  return { root, control };
}

function fill(control, param, example) {
  if (param.type === "select") {
    const given = param.default === null && !param.required ? [["", "not sent"]] : [];
    const options = [...given, ...param.options.map((value) => [value, value])];
    control.replaceChildren(...options.map(([value, text]) => new Option(text, value)));
  }
  if (param.type === "number") {
    if (param.min !== null) control.min = param.min;
    if (param.max !== null) control.max = param.max;
    control.step = param.step ?? "any";
  }
  if (param.type === "array") {
    control.value = param.required && example !== undefined ? JSON.stringify(example, null, 2) : "";
  } else if (param.default !== null) {
    control.value = String(param.default);
  } else if (param.required && example !== undefined) {
    control.value = String(example);
  }
}

function hintOf(param) {
  const bounds = [];
  if (param.type === "number") {
    if (param.min !== null && param.max !== null) bounds.push(`${param.min} to ${param.max}.`);
    else if (param.min !== null) bounds.push(`At least ${param.min}.`);
    else if (param.max !== null) bounds.push(`At most ${param.max}.`);
  }
  if (param.type === "array") bounds.push("JSON.");
  return [param.description, ...bounds].filter(Boolean).join(" ");
}

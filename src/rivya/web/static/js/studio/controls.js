/** Read the controls of a form as the API takes them, and say at a control what is wrong with it. */

import { entries } from "./rows.js";

/** Return what a control holds; undefined when it holds nothing and may. */
export function valueOf(control) {
  const text = control.value;
  if (control.dataset.type === "number") {
    if (text === "" && !control.validity.badInput) return undefined;
    return Number.isNaN(control.valueAsNumber) ? text : control.valueAsNumber;
  }
  return text === "" && !("required" in control.dataset) ? undefined : text;
}

/** Return the model's params as they stand, without references. */
export function paramsOf(form) {
  const params = {};
  for (const control of form.querySelectorAll("[data-param]")) {
    if (control.matches("[data-array]")) params[control.dataset.param] = entries(control, valueOf);
    else {
      const value = valueOf(control);
      if (value !== undefined) params[control.dataset.param] = value;
    }
  }
  return params;
}

/** Put the values of an earlier form in, as far as this one has them. */
export function carryOver(form, values) {
  for (const control of form.querySelectorAll("[data-param]:not([data-array])")) {
    const value = values[control.dataset.param];
    if (value === undefined) continue;
    const fits = control.options
      ? [...control.options].some((option) => option.value === String(value))
      : control.dataset.type !== "number" || inRange(control, Number(value));
    if (fits) control.value = String(value);
  }
}

function inRange(control, value) {
  return (control.min === "" || value >= Number(control.min)) && (control.max === "" || value <= Number(control.max));
}

/** Return the control that a path of the API names, such as `params.dialogue[0].text`; null if there is none. */
export function controlAt(form, path) {
  if (path === "prompt") return form.querySelector("#prompt");
  const steps = path.split(/[.[\]]+/).filter(Boolean);
  if (steps[0] !== "params") return null;
  const own = form.querySelector(`[data-param="${CSS.escape(steps[1] ?? "")}"]`);
  if (!own?.matches("[data-array]")) return own;
  const row = own.querySelectorAll("[data-row]")[Number(steps[2] ?? 0)];
  return row?.querySelector(steps[3] ? `[data-key="${CSS.escape(steps[3])}"]` : "[data-key]") ?? null;
}

/** Say at a control what is wrong with it; an empty text takes it back. */
export function mark(control, text) {
  const field = control.closest("[data-field]") ?? control.parentElement;
  let note = field.querySelector("[data-error]");
  if (!note && text) {
    note = document.createElement("p");
    note.className = "field-error";
    note.dataset.error = "";
    note.id = `${control.id}-error`;
    field.append(note);
  }
  if (note) {
    note.textContent = text;
    note.hidden = !text;
  }
  const described = (control.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id && id !== note?.id);
  if (text) described.push(note.id);
  if (described.length) control.setAttribute("aria-describedby", described.join(" "));
  else control.removeAttribute("aria-describedby");
  if (text) control.setAttribute("aria-invalid", "true");
  else control.removeAttribute("aria-invalid");
}

/** Take all marks back. */
export function unmarkAll(form) {
  for (const control of form.querySelectorAll("[aria-invalid]")) mark(control, "");
}

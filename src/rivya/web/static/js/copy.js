/** Copy buttons: data-copy-code copies the code that is shown of its block, data-copy="#id" a field or an element. */

import { toast } from "./toast.js";

const SHOWN_MS = 1600;

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy-code], [data-copy]");
  if (!button) return;
  try {
    await navigator.clipboard.writeText(textFor(button));
    shown(button);
  } catch {
    toast("The browser did not let this be copied. Select it and copy it by hand.", "warning");
  }
});

function textFor(button) {
  if (button.hasAttribute("data-copy")) {
    const source = document.querySelector(button.dataset.copy);
    return source.value ?? source.textContent;
  }
  return button.closest("[data-code]").querySelector("pre:not([hidden]) code").textContent;
}

function shown(button) {
  const use = button.querySelector("use");
  const before = use.getAttribute("href");
  if (before.endsWith("#check")) return;
  use.setAttribute("href", before.replace(/#.*$/, "#check"));
  toast("Copied.", "success", SHOWN_MS);
  setTimeout(() => use.setAttribute("href", before), SHOWN_MS);
}

/** Short messages at the edge of the page, read out by screen readers. */

const USUAL_MS = 6000;

/** Show a message. tone: neutral, success, warning, danger, info. Warnings and dangers stay until they are dismissed. */
export function toast(text, tone = "neutral", ms = USUAL_MS) {
  const region = document.getElementById("toasts");
  const made = document.getElementById("toast").content.firstElementChild.cloneNode(true);
  made.dataset.tone = tone;
  made.querySelector("p").textContent = text;
  region.append(made);
  if (tone !== "warning" && tone !== "danger") leave(made, ms);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-dismiss]");
  if (button) button.closest(button.dataset.dismiss).remove();
});

for (const shown of document.querySelectorAll("#toasts .toast")) {
  if (shown.dataset.tone !== "warning" && shown.dataset.tone !== "danger") leave(shown, USUAL_MS);
}

function leave(shown, ms) {
  let timer = setTimeout(() => shown.remove(), ms);
  shown.addEventListener("pointerenter", () => clearTimeout(timer));
  shown.addEventListener("pointerleave", () => (timer = setTimeout(() => shown.remove(), ms)));
}

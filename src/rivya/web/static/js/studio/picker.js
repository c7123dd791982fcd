/** The list of models: a dialog with a search, moved through with the arrow keys. */

/** `chosen(id)` is called with the model that was chosen. */
export function picker({ button, dialog, chosen }) {
  const search = dialog.querySelector("input[type=search]");
  const options = [...dialog.querySelectorAll("[data-model]")];
  const none = dialog.querySelector("[data-none]");

  const shown = () => options.filter((option) => !option.closest("li").hidden);

  function filter() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const option of options) {
      const text = option.dataset.search;
      option.closest("li").hidden = !words.every((word) => text.includes(word));
    }
    none.hidden = shown().length > 0;
  }

  button.addEventListener("click", () => {
    search.value = "";
    filter();
    dialog.showModal();
    search.focus();
  });
  search.addEventListener("input", filter);
  dialog.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") {
      event.preventDefault(); // the search would take the first one for itself
      dialog.close();
    } else if (event.key === "Enter" && event.target === search) {
      event.preventDefault();
      shown()[0]?.click();
    } else if (step) {
      event.preventDefault();
      const all = shown();
      const at = all.indexOf(document.activeElement);
      const next = at + step;
      if (next < 0) search.focus();
      else all[Math.min(next, all.length - 1)]?.focus();
    }
  });
  dialog.addEventListener("click", (event) => {
    const option = event.target.closest("[data-model]");
    if (option) {
      dialog.close();
      chosen(option.dataset.model);
    }
  });
  dialog.addEventListener("close", () => {
    if (!document.activeElement || document.activeElement === document.body) button.focus();
  });
}

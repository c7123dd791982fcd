/** Params that are lists of entries, such as the lines of a dialogue: rows that are added and taken away. */

/** `place` holds `[data-rows]` and a `<template>` of one row. `changed()` is called when a row comes or goes. */
export function rows(place, changed) {
  const list = place.querySelector("[data-rows]");
  const template = place.querySelector("template");
  const add = place.querySelector("[data-add]");
  const least = Math.max(1, Number(place.dataset.least));
  const most = Number(place.dataset.most);
  let made = list.children.length;

  add.addEventListener("click", () => {
    const row = template.content.cloneNode(true).firstElementChild;
    const number = (made += 1);
    for (const element of row.querySelectorAll("[id], [for], [aria-describedby]")) {
      for (const name of ["id", "for", "aria-describedby"]) {
        const value = element.getAttribute(name);
        if (value) element.setAttribute(name, value.replaceAll("__row__", String(number)));
      }
    }
    list.append(row);
    row.querySelector("select, input, textarea")?.focus();
    renumber();
    changed();
  });
  list.addEventListener("click", (event) => {
    const button = event.target.closest("[data-remove]");
    if (!button) return;
    const row = button.closest("[data-row]");
    const next = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    (next?.querySelector("select, input, textarea") ?? add).focus();
    renumber();
    changed();
  });

  function renumber() {
    const all = [...list.children];
    all.forEach((row, at) => {
      row.querySelector("[data-number]").textContent = String(at + 1);
      row.querySelector("[data-remove]").hidden = all.length <= least;
    });
    add.disabled = all.length >= most;
  }
  renumber();
}

/** Return what the rows hold, as the API takes it. */
export function entries(place, read) {
  return [...place.querySelectorAll("[data-rows] > [data-row]")].map((row) => {
    const entry = {};
    for (const control of row.querySelectorAll("[data-key]")) {
      const value = read(control);
      if (value !== undefined) entry[control.dataset.key] = value;
    }
    return entry;
  });
}

/** Tabs by the ARIA pattern. Sets with the same data-choice change together, and the choice is kept for the next visit. */

for (const set of document.querySelectorAll("[data-tabs]")) {
  const kept = set.dataset.choice && localStorage.getItem(`rivya.${set.dataset.choice}`);
  const tab = kept && tabsOf(set).find((one) => one.dataset.value === kept);
  if (tab) choose(set, tab);
}

document.addEventListener("click", (event) => {
  const tab = event.target.closest("[data-tabs] [role=tab]");
  if (tab) chooseEverywhere(tab);
});

document.addEventListener("keydown", (event) => {
  const tab = event.target.closest("[data-tabs] [role=tab]");
  if (!tab) return;
  const tabs = tabsOf(tab.closest("[data-tabs]"));
  const at = tabs.indexOf(tab);
  const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
  if (next === undefined) return;
  event.preventDefault();
  const there = tabs[(next + tabs.length) % tabs.length];
  there.focus();
  chooseEverywhere(there);
});

function chooseEverywhere(tab) {
  const set = tab.closest("[data-tabs]");
  const choice = set.dataset.choice;
  if (!choice) {
    choose(set, tab);
    return;
  }
  const top = tab.getBoundingClientRect().top;
  localStorage.setItem(`rivya.${choice}`, tab.dataset.value);
  for (const other of document.querySelectorAll(`[data-tabs][data-choice="${choice}"]`)) {
    const same = tabsOf(other).find((one) => one.dataset.value === tab.dataset.value);
    if (same) choose(other, same);
  }
  scrollBy(0, tab.getBoundingClientRect().top - top); // what was clicked stays under the pointer
}

function choose(set, chosen) {
  for (const tab of tabsOf(set)) {
    const is = tab === chosen;
    tab.setAttribute("aria-selected", String(is));
    tab.tabIndex = is ? 0 : -1;
    document.getElementById(tab.getAttribute("aria-controls")).hidden = !is;
  }
}

function tabsOf(set) {
  return [...set.querySelectorAll("[role=tab]")];
}

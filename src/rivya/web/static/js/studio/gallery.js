/** What was made: a card for each task, kept up to date while it goes on; its details in a dialog. */

import { follower, isOver } from "./follow.js";
import { call, fragment } from "./net.js";

/** `use(item)` takes a result as a reference and returns why it cannot, or ""; `again(id)` fills the form anew. */
export function gallery({ list, empty, more, dialog, banner, announce, use, again, settled }) {
  const states = new Map();
  const follow = follower({
    changed: (task) => changed(task),
    connected: (isConnected) => {
      banner.hidden = isConnected;
    },
  });

  for (const card of list.querySelectorAll("[data-task]")) watch(card);

  function cardOf(id) {
    return list.querySelector(`[data-task="${CSS.escape(id)}"]`);
  }

  function watch(card) {
    const { task, status } = card.dataset;
    states.set(task, status);
    if (!isOver({ status })) follow.follow(task);
  }

  async function changed(task) {
    const card = cardOf(task.id);
    if (!card) return;
    if (states.get(task.id) === task.status && !task.cancellation) return progress(card, task.progress);
    states.set(task.id, task.status);
    await replace(task.id);
    if (isOver(task)) {
      announce(task.status === "succeeded" ? "A generation is done." : "A generation failed. Its credits are back.");
      settled();
    }
  }

  function progress(card, percent) {
    const bar = card.querySelector("progress");
    if (!bar) return;
    if (percent === null) bar.removeAttribute("value");
    else bar.value = percent;
    const words = card.querySelector("[data-percent]");
    if (words) words.textContent = percent === null ? "" : `${percent} %`;
  }

  async function replace(id) {
    const piece = await read(`/studio/generations/${id}/card`);
    const card = cardOf(id);
    if (!piece || !card) return;
    const held = card.contains(document.activeElement);
    card.replaceWith(piece);
    if (held) cardOf(id)?.querySelector("a, button")?.focus();
  }

  async function read(path) {
    try {
      return await fragment(path);
    } catch (error) {
      announce(error.message);
      return null;
    }
  }

  async function add(task) {
    const piece = await read(`/studio/generations/${task.id}/card`);
    if (!piece) return;
    list.prepend(piece);
    list.hidden = false;
    empty.hidden = true;
    const card = cardOf(task.id);
    card.classList.add("is-new");
    card.scrollIntoView({ block: "nearest", behavior: calm() ? "auto" : "smooth" });
    watch(card);
  }

  async function open(id) {
    const piece = await read(`/studio/generations/${id}/details`);
    if (!piece) return;
    dialog.querySelector("[data-body]").replaceChildren(piece);
    if (!dialog.open) dialog.showModal();
  }

  async function act(button) {
    const id = button.closest("[data-task]")?.dataset.task ?? button.dataset.of;
    switch (button.dataset.action) {
      case "details":
        return open(id);
      case "cancel":
        button.disabled = true;
        try {
          changed(await call("POST", `/studio/generations/${id}/cancel`));
        } catch (error) {
          button.disabled = false;
          announce(error.message);
        }
        return;
      case "use":
        if (dialog.open) dialog.close();
        return use(JSON.parse(button.dataset.reference));
      case "again":
        if (dialog.open) dialog.close();
        return again(id);
      case "more":
        return loadMore(button);
    }
  }

  async function loadMore(button) {
    button.disabled = true;
    const piece = await read(button.dataset.href);
    button.disabled = false;
    if (!piece) return;
    const first = piece.querySelector("[data-task]");
    const next = piece.querySelector("[data-next]");
    list.append(...piece.querySelectorAll("[data-task]"));
    if (next) button.dataset.href = next.dataset.next;
    else button.remove();
    first?.querySelector("a, button")?.focus();
  }

  for (const place of [list, dialog, more]) {
    place?.addEventListener("click", (event) => {
      const button = event.target.closest("[data-action]");
      if (button) {
        event.preventDefault();
        act(button);
      }
    });
  }
  dialog.addEventListener("close", () => {
    // What plays is not to be heard any more.
    dialog.querySelector("[data-body]").replaceChildren();
  });

  return { add };
}

function calm() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

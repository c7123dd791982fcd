/** The messages of a conversation as elements. What a model says is put in as text while it comes, never as HTML. */

import { here, parsed } from "./net.js";

const NEAR_END_PX = 120;

export function transcript({ list, scroller }) {
  const nearEnd = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_END_PX;
  const toEnd = () => {
    scroller.scrollTop = scroller.scrollHeight;
  };

  /** Show what the user says. */
  function said(text, images) {
    const message = element("article", "studio-message is-user");
    message.setAttribute("aria-label", "You");
    const bubble = element("div", "studio-bubble studio-plain");
    bubble.textContent = text;
    if (images.length) message.append(pictures(images));
    message.append(bubble);
    list.append(message);
    toEnd();
    return message;
  }

  /** Begin an answer; return what fills it. */
  function answering() {
    const message = element("article", "studio-message is-assistant is-streaming");
    message.setAttribute("aria-label", "Answer");
    message.setAttribute("aria-busy", "true");
    const thoughts = element("details", "studio-thoughts");
    const summary = element("summary");
    summary.textContent = "Thinking…";
    const thinking = element("div", "studio-plain");
    thoughts.append(summary, thinking);
    thoughts.hidden = true;
    const content = element("div", "studio-prose studio-plain");
    const wait = element("span", "studio-wait");
    wait.textContent = "Waiting for the model…";
    message.append(thoughts, content, wait);
    list.append(message);
    toEnd();
    return {
      add(delta) {
        const follow = nearEnd();
        wait.remove();
        if (delta.thoughts) {
          thoughts.hidden = false;
          thinking.append(delta.thoughts);
        }
        if (delta.content) content.append(delta.content);
        if (follow) toEnd();
      },
      isEmpty: () => !content.textContent && !thinking.textContent,
      text: () => content.textContent,
      /** Put the whole answer, as the server made it, in the place of its pieces. */
      done(html) {
        const follow = nearEnd();
        const made = parsed(html).firstElementChild;
        message.replaceWith(made);
        if (follow) toEnd();
        return made;
      },
      remove: () => message.remove(),
    };
  }

  /** Show that a turn failed, with a way to try again. */
  function failed(text, retry) {
    const note = element("div", "studio-failed");
    note.setAttribute("role", "alert");
    const words = element("p");
    words.textContent = text;
    const button = element("button", "button button-secondary button-small");
    button.type = "button";
    button.textContent = "Try again";
    button.addEventListener("click", () => {
      note.remove();
      retry();
    });
    note.append(words, button);
    list.append(note);
    toEnd();
  }

  return { said, answering, failed, toEnd };
}

function pictures(images) {
  const place = element("div", "studio-message-images");
  for (const one of images) {
    const image = new Image();
    image.src = here(one.url);
    image.alt = one.name;
    place.append(image);
  }
  return place;
}

function element(name, className) {
  const made = document.createElement(name);
  if (className) made.className = className;
  return made;
}

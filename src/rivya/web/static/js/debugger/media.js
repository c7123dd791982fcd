/** Results to look at and listen to. */

const OWN = "/media/";

/** Fill `place` with the results of a task, each as what its model makes. */
export function showMedia(place, urls, model) {
  place.replaceChildren(...urls.map((url, number) => figure(here(url), number, model)));
}

/** Return a link to our own media as a path: it is then read from where this page came from, whatever its name. */
export function here(url) {
  const parts = new URL(url, location.href);
  return parts.pathname.startsWith(OWN) ? parts.pathname + parts.search : parts.href;
}

function figure(url, number, model) {
  const root = document.createElement("figure");
  root.className = "debugger-result";
  const name = `Result ${number + 1} of ${model.display_name}`;
  const link = document.createElement("a");
  link.href = url;
  link.target = "_blank";
  link.rel = "noopener noreferrer";
  link.textContent = `Open ${name.toLowerCase()}`;
  const caption = document.createElement("figcaption");
  caption.append(link);
  root.append(player(url, name, model.category), caption);
  return root;
}

function player(url, name, category) {
  if (category === "image") {
    const image = new Image();
    image.alt = name;
    image.src = url;
    return image;
  }
  const element = document.createElement(category === "video" ? "video" : "audio");
  element.controls = true;
  element.preload = "metadata";
  element.setAttribute("aria-label", name);
  if (category === "video") element.playsInline = true;
  element.src = url;
  return element;
}

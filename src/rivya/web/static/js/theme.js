/** Light or dark as the reader says: kept in a cookie, so that the page comes in it from the server. */

const YEAR_S = 31536000;

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-theme-switch]");
  if (!button) return;
  const next = isDark() ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  document.cookie = `rivya_theme=${next}; path=/; max-age=${YEAR_S}; samesite=lax`;
  showIcons();
});

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function showIcons() {
  for (const use of document.querySelectorAll("[data-theme-switch] use")) {
    use.setAttribute("href", use.getAttribute("href").replace(/#.*$/, isDark() ? "#sun" : "#moon"));
  }
}

showIcons();

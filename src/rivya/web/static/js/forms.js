/** Forms that must not be sent twice, and pages that show a secret once. */

document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (!button?.hasAttribute("data-once") || event.defaultPrevented) return;
  // After the form was read: a disabled button's value would not be sent.
  setTimeout(() => { button.disabled = true; }, 0);
});

// Who comes back finds the form as it was.
addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("[data-once]")) button.disabled = false;
});

// A reload asks for the plain page, and does not make another secret.
const secret = document.querySelector("[data-forget]");
if (secret) history.replaceState(null, "", secret.dataset.forget);

/**
 * The key of live mode. It is held in this closure alone: the field is emptied as soon as it is left, so that nothing
 * on the page, in its history or in storage holds the key, and a reload forgets it.
 */

const LIKE_A_KEY = /^rvya_sk_[0-9A-Za-z]{20,200}$/;
const SHOWN = "rvya_sk_".length + 4;

export function keyField({ input, status, forget, changed }) {
  let key = null;

  const show = () => {
    forget.hidden = key === null;
    status.textContent = key === null ? "No key yet." : `${key.slice(0, SHOWN)}… is ready, in the memory of this page.`;
    changed();
  };

  const drop = () => {
    key = null;
    input.value = "";
    input.setCustomValidity("");
    show();
  };

  input.addEventListener("input", () => {
    const given = input.value.trim();
    key = LIKE_A_KEY.test(given) ? given : null;
    const wrong = given !== "" && key === null;
    input.setAttribute("aria-invalid", String(wrong));
    show();
    if (wrong) status.textContent = "That is not a Rivya API key: keys begin with rvya_sk_.";
  });
  input.addEventListener("change", () => {
    if (key !== null) input.value = "";
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") input.blur();
  });
  forget.addEventListener("click", () => {
    drop();
    input.focus();
  });
  drop();
  return { read: () => key, drop };
}

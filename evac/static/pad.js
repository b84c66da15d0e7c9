// The keys of the PIN pad write to the field that was last used.
document.documentElement.dataset.script = "";
let aim = "";
const quietly = () => {
  // The pad is the keyboard; one on the screen would cover it.
  for (const f of document.querySelectorAll("[data-pin-field]")) f.inputMode = "none";
};
quietly();
// A try that failed leads back here.
if (location.hash === "#pin") document.querySelector("[data-pin-field]")?.focus({ preventScroll: true });
document.addEventListener("live", quietly);
document.addEventListener("focusin", (event) => {
  if (event.target.matches?.("[data-pin-field]")) aim = event.target.id;
});
document.addEventListener("pointerdown", (event) => {
  if (event.target.closest("[data-key]")) event.preventDefault(); // the field keeps the focus
});
document.addEventListener("click", (event) => {
  const key = event.target.closest("[data-key], [data-pin-ok]");
  if (!key) return;
  const fields = [...key.form.querySelectorAll("[data-pin-field]")];
  const field = fields.find((f) => f.id === aim) ?? fields[0];
  if (key.hasAttribute("data-pin-ok")) {
    const empty = fields.find((f) => !f.value);
    if (empty && empty !== fields[0] && fields[0].checkValidity()) {
      event.preventDefault();
      empty.focus({ preventScroll: true });
    }
    return;
  }
  if (key.dataset.key === "erase") field.value = field.value.slice(0, -1);
  else if (field.value.length < field.maxLength) field.value += key.dataset.key;
  if (event.detail) field.focus({ preventScroll: true });
  aim = field.id;
});

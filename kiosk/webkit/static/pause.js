// Asks "are you still there?" and clears the page when nobody answers, so that
// the next person does not read what the last one wrote.
const dialog = document.querySelector("dialog[data-pause]");

if (dialog) {
  const warn = Number(dialog.dataset.warn) * 1000;
  const clear = Number(dialog.dataset.clear) * 1000;
  const left = dialog.querySelector("[data-pause-left]");
  let last = Date.now();

  const leave = () => {
    const form = document.querySelector("form[data-pause-form]");
    for (const field of document.querySelectorAll("input[type=text]")) field.value = "";
    if (form) form.submit();
    else location.replace(dialog.dataset.to);
  };
  const stay = () => {
    last = Date.now();
    if (dialog.open) dialog.close();
  };
  const look = () => {
    // A page to go to is not there while the node is away; what is written is covered.
    if ("away" in document.documentElement.dataset) { last = Math.max(last, Date.now() - warn); return; }
    const idle = Date.now() - last;
    if (idle >= clear) {
      clearInterval(timer);
      leave();
      return;
    }
    if (idle < warn) return;
    left.textContent = Math.ceil((clear - idle) / 1000);
    if (!dialog.open) dialog.showModal();
  };
  const timer = setInterval(look, 250);

  for (const kind of ["pointerdown", "keydown", "input", "wheel", "touchmove"]) {
    // While the question is open only its buttons answer it.
    addEventListener(kind, () => { if (!dialog.open) last = Date.now(); }, { passive: true });
  }
  dialog.addEventListener("cancel", stay);
  dialog.querySelector("[data-pause-more]").addEventListener("click", stay);
  dialog.querySelector("[data-pause-clear]").addEventListener("click", leave);

  // A page that comes back from the browser's memory starts afresh.
  addEventListener("pageshow", (event) => { if (event.persisted) location.replace(dialog.dataset.to); });
}

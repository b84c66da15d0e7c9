// A scanner types a badge and Enter faster than any hand. On the start page,
// where there is no field to type in, that is a check-out.
const form = document.querySelector("form[data-scan]");
let typed = "";
let last = 0;

if (form) {
  addEventListener("keydown", (event) => {
    const now = performance.now();
    if (now - last > 50) typed = "";
    last = now;
    if (event.key === "Enter" && typed.length >= 6) {
      event.preventDefault();
      form.elements.code.value = typed;
      typed = "";
      form.submit();
    } else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) {
      typed += event.key;
    }
  });
}

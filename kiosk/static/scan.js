// A scanner types a badge and Enter without a pause. On the start page, where there
// is no field to type in, that is a check-out. A tablet that is busy, or a reader over
// Bluetooth, leaves tens of milliseconds between keys.
const form = document.querySelector("form[data-scan]");
let typed = "";
let last = 0;

if (form) {
  addEventListener("keydown", (event) => {
    if (event.timeStamp - last > 400) typed = "";
    last = event.timeStamp;
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

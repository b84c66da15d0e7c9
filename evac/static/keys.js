// What a keyboard does, and a scanner that types: "/" seeks, arrows go from line
// to line, Enter on the only hit asks and then marks it safe. A scanner's burst
// is a badge wherever the focus is.
import { press } from "./mark.js";

const payload = /UP[1-9][A-Z0-9]{24,}$/;
let typed = "";
let last = 0;

// Calls back with the payload of a badge that a scanner has typed.
export function scanner(read) {
  addEventListener("keydown", (event) => {
    const now = performance.now();
    // No hand types a hundred letters without a pause.
    if (now - last > 400) typed = "";
    last = now;
    if (event.key === "Enter") {
      const code = payload.exec(typed.toUpperCase())?.[0];
      typed = "";
      if (!code) return;
      event.preventDefault();
      event.stopPropagation();
      const field = event.target;
      if (field.value !== undefined && field.type === "text") {
        field.value = field.value.slice(0, Math.max(0, field.value.length - code.length));
        field.dispatchEvent(new Event("input", { bubbles: true }));
      }
      read(code);
    } else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) {
      typed += event.key;
    }
  }, { capture: true });
}

// A burst that is under way is no search.
export const bursting = (text) => /^UP[1-9][A-Z0-9]{6,}/i.test(text);

const stop = () => [...document.querySelectorAll("#people [data-person]")].map((li) => {
  const shown = [...li.querySelectorAll(".press button, .name")].filter((e) => e.checkVisibility());
  return shown.at(-1) ?? li.querySelector(".name");
});

export function keyboard(field, hits, ask) {
  let asked = "";
  addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]") || event.ctrlKey || event.metaKey || event.altKey) return;
    const writing = event.target.matches("input, select, textarea");
    if (event.key === "/" && !writing) {
      event.preventDefault();
      field.focus();
      field.select();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (writing && event.target !== field) return;
      const stops = stop();
      const here = stops.findIndex((e) => e.closest("[data-person]").contains(document.activeElement));
      const to = here + (event.key === "ArrowDown" ? 1 : -1);
      if (!stops.length) return;
      event.preventDefault();
      if (to < 0) field.focus();
      else stops[Math.min(to, stops.length - 1)].focus();
    } else if (event.key === "Enter" && event.target === field) {
      event.preventDefault();
      const only = hits();
      if (!only || only.chip === "safe") return;
      if (asked !== only.code) {
        asked = only.code;
        ask(only);
        return;
      }
      asked = "";
      press("safe", only.code);
    }
    if (event.key !== "Enter") asked = "";
  });
}

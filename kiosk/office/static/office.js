// The desk by keyboard, and what makes it quicker: filtering as one types,
// copying a line, and telling the node that somebody is still working.
for (const copy of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  copy.hidden = false;
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(copy.dataset.copy).textContent);
    copy.textContent = copy.dataset.copied;
  });
}

// A single key does what stands beside it, unless one is writing. Who speaks to
// the computer, or is bothered by it, turns that off for this browser.
const root = document.documentElement;
const remember = (on) => { try { localStorage.setItem("upprop-keys", on ? "on" : "off"); } catch { /* not kept then */ } };
const kept = () => { try { return localStorage.getItem("upprop-keys") !== "off"; } catch { return true; } };
let keys = kept();
const button = document.querySelector("[data-keys-switch]");
const show = () => {
  root.dataset.keys = keys ? "on" : "off";
  button?.setAttribute("aria-pressed", String(keys));
};
if (button) {
  button.hidden = false;
  button.addEventListener("click", () => { keys = !keys; remember(keys); show(); });
}
show();

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
  const writing = event.target.matches("input, select, textarea");
  if (event.key !== "Escape" && (writing || !keys)) return;
  for (const target of document.querySelectorAll("[data-key]")) {
    if (target.dataset.key !== event.key || target.hidden) continue;
    event.preventDefault();
    if (target.matches("input, [data-key-focus]")) target.focus();
    else target.click();
    return;
  }
});

// Filters what is on the page; Enter searches the whole house.
const filter = document.querySelector("[data-filter]");
if (filter && document.querySelector(".lists[data-live]")) {
  const apply = () => {
    const sought = filter.value.normalize("NFKC").trim().toLowerCase();
    for (const row of document.querySelectorAll("[data-row]")) {
      row.classList.toggle("filtered", sought !== "" && !row.textContent.normalize("NFKC").toLowerCase().includes(sought));
    }
  };
  filter.addEventListener("input", apply);
  document.addEventListener("live", apply);
}

// A session lasts while somebody works. The live list alone does not count.
let told = Date.now();
for (const kind of ["pointerdown", "keydown", "input"]) {
  addEventListener(kind, () => {
    if (Date.now() - told < 5 * 60 * 1000) return;
    told = Date.now();
    fetch("/desk/awake").catch(() => { told = 0; });
  }, { passive: true });
}

// A tone when somebody who may be on the watch list comes, besides what the page
// says; where the browser does not let it sound, the page has said it.
const waiting = () => Number(document.querySelector("[data-alerts]")?.dataset.alerts ?? 0);
let heard = waiting();
let audio;
document.addEventListener("live", () => {
  const now = waiting();
  if (now > heard) {
    audio ??= new AudioContext();
    for (const [at, pitch] of [[0, 660], [0.25, 880]]) {
      const tone = audio.createOscillator();
      const level = audio.createGain();
      tone.frequency.value = pitch;
      level.gain.setValueAtTime(0.2, audio.currentTime + at);
      level.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + at + 0.2);
      tone.connect(level).connect(audio.destination);
      tone.start(audio.currentTime + at);
      tone.stop(audio.currentTime + at + 0.2);
    }
    navigator.vibrate?.([200, 100, 200]);
  }
  heard = now;
});

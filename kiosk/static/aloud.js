// Reads the page aloud with a voice of this machine, in the language of the page
// and of each part of it. The button shows only where there is such a voice:
// one that works without asking anybody elsewhere. Nothing is read by itself.
const button = document.querySelector("[data-aloud]");
const speech = window.speechSynthesis;
const lang = document.documentElement.lang;

const voiceFor = (l) => speech.getVoices().find((v) => v.localService && v.lang.toLowerCase().replace("_", "-").split("-")[0] === l.split("-")[0]);

function show() {
  button.hidden = !voiceFor(lang);
  button.setAttribute("aria-pressed", String(speech.speaking));
}

// What is read: headings, texts, labels and the words on buttons, in their order,
// and never what somebody has written into a field.
function parts() {
  const all = [];
  for (const node of document.querySelectorAll("main :is(h1, h2, h3, p, li, label, a, button, dt, dd)")) {
    if (!node.checkVisibility() || node.closest("dialog, [aria-hidden=true], .visually-hidden") || node.querySelector("p, li, label, a, button")) continue;
    const text = node.textContent.replace(/\s+/g, " ").trim();
    if (text) all.push([text, node.closest("[lang]").lang]);
  }
  return all;
}

function read() {
  speech.cancel();
  for (const [text, l] of parts()) {
    const voice = voiceFor(l);
    if (!voice) continue;
    const said = new SpeechSynthesisUtterance(text);
    said.voice = voice;
    said.lang = voice.lang;
    said.onend = said.onerror = show;
    speech.speak(said);
  }
  show();
}

if (button && speech) {
  button.addEventListener("click", () => {
    if (!speech.speaking) return read();
    speech.cancel();
    show();
  });
  speech.addEventListener?.("voiceschanged", show);
  addEventListener("pagehide", () => speech.cancel());
  addEventListener("submit", () => speech.cancel());
  speech.cancel();
  show();
}

// A quiet sound while somebody at a door asks for help and nobody has answered.
// A browser lets a page sound once it has been touched; until then the button
// says that there is no sound. What was chosen is kept in this browser.
const button = document.querySelector("[data-calls-sound]");
const keep = (on) => { try { localStorage.setItem("upprop-calls-sound", on ? "on" : "off"); } catch { /* not kept then */ } };
const wanted = () => { try { return localStorage.getItem("upprop-calls-sound") === "on"; } catch { return false; } };
const heard = new Set();
let audio, last = 0;

const sounds = () => audio?.state === "running";

function show() {
  if (!button) return;
  button.setAttribute("aria-pressed", String(sounds()));
  button.querySelector("[data-calls-on]").hidden = !sounds();
  button.querySelector("[data-calls-off]").hidden = sounds();
}

async function allow() {
  audio ??= new AudioContext();
  audio.onstatechange = show;
  await audio.resume();
  show();
}

function tone(at, pitch) {
  const voice = audio.createOscillator(), volume = audio.createGain();
  voice.frequency.value = pitch;
  volume.gain.setValueAtTime(0, at);
  volume.gain.linearRampToValueAtTime(0.12, at + 0.03);
  volume.gain.exponentialRampToValueAtTime(0.001, at + 0.6);
  voice.connect(volume).connect(audio.destination);
  voice.start(at);
  voice.stop(at + 0.65);
}

// A new call sounds at once, and every ten seconds while nobody has answered.
function look() {
  const waiting = [...document.querySelectorAll('[data-call="waiting"]')];
  const fresh = waiting.some((call) => !heard.has(call.id));
  for (const call of waiting) heard.add(call.id);
  if (!waiting.length || !sounds() || (!fresh && Date.now() - last < 10000)) return;
  last = Date.now();
  tone(audio.currentTime, 660);
  tone(audio.currentTime + 0.25, 880);
}

if (button && window.AudioContext) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    if (sounds()) await audio.suspend();
    else await allow();
    keep(sounds());
    show();
    if (sounds()) tone(audio.currentTime, 660);
  });
  if (wanted()) {
    for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, (event) => { if (!button.contains(event.target)) allow(); }, { once: true, passive: true });
  }
  document.addEventListener("live", look);
  setInterval(look, 1000);
}

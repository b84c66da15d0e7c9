// Sound and vibration when the list changes, where the reader has asked for
// them, and a screen that stays on while an evacuation runs.
const board = document.querySelector("#board");
let audio;
let last = 0;
const wants = (what) => localStorage.getItem("upprop-" + what) === "on";

export function sound(high) {
  if (!wants("sound")) return;
  audio ??= new AudioContext();
  const tone = audio.createOscillator();
  const level = audio.createGain();
  tone.frequency.value = high ? 880 : 520;
  level.gain.setValueAtTime(0.25, audio.currentTime);
  level.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + 0.3);
  tone.connect(level).connect(audio.destination);
  tone.start();
  tone.stop(audio.currentTime + 0.3);
}

export function buzz(pattern) {
  if (wants("buzz")) navigator.vibrate?.(pattern);
}

// Somebody else has changed the list. grave: somebody is missing or waits.
export function changed(grave) {
  if (Date.now() - last < 2000 && !grave) return;
  last = Date.now();
  sound(!grave);
  buzz(grave ? [200, 100, 200] : 120);
}

for (const box of document.querySelectorAll("[data-setting]")) {
  box.checked = wants(box.dataset.setting);
  box.addEventListener("change", () => {
    localStorage.setItem("upprop-" + box.dataset.setting, box.checked ? "on" : "off");
    if (box.checked) changed(false); // so that the reader knows what it is like
  });
}

let lock = null;
export async function stayAwake() {
  const runs = board?.hasAttribute("data-marks") && document.visibilityState === "visible";
  if (!runs || !navigator.wakeLock) {
    await lock?.release();
    lock = null;
  } else if (!lock || lock.released) {
    // Refused when the battery is low: then the device knows better.
    lock = await navigator.wakeLock.request("screen").catch(() => null);
  }
  const says = document.querySelector("[data-wake]");
  if (says) says.hidden = !lock;
}
document.addEventListener("visibilitychange", stayAwake);

// Reads badges with the camera and marks their bearers safe, one after the
// other. Where the browser reads codes itself, it does; elsewhere a decoder is
// loaded, here and only here.
import { press, restore } from "./mark.js";
import { scanner } from "./keys.js";
import { buzz, sound } from "./notice.js";
import "./look.js";

const page = document.querySelector("[data-scan-page]");
const video = page.querySelector("[data-video]");
const says = page.querySelector("[data-scan-says]");
const log = page.querySelector("[data-scan-log]");
const torch = page.querySelector("[data-torch]");
const badge = /^UP[1-9][A-Z0-9]{24,}$/;
const side = 640;
const rest = 2500; // how long the badge that was just read is not read again

let track;
let lastCode = "";
let lastAt = 0;
let busy = false;

async function read(code) {
  if (busy || code === lastCode && Date.now() - lastAt < rest) {
    if (code === lastCode) lastAt = Date.now();
    return;
  }
  busy = true;
  lastCode = code;
  const told = await press("safe", code, { how: "qr" });
  lastAt = Date.now();
  busy = false;
  if (!told) return;
  const line = document.querySelector("#scan-line").content.firstElementChild.cloneNode(true);
  if (told.error) {
    lastCode = ""; // the same badge may be tried again at once
    line.dataset.failed = "";
    line.querySelector("[data-line]").textContent = `${document.querySelector("#says").dataset.failed}. ${told.error}`;
    buzz([200, 100, 200]);
  } else {
    line.querySelector("[data-line]").textContent = told.known ? told.says : `${says.dataset.stranger} ${told.badge}`;
    line.toggleAttribute("data-stranger", !told.known);
    // A scan is heard whatever the settings: eyes are on the badge.
    navigator.vibrate?.(120);
    sound(true);
  }
  log.prepend(line);
  while (log.children.length > 8) log.lastElementChild.remove();
  says.textContent = says.dataset.ready;
}

// The browser's own reader, or the decoder that comes with this page.
async function reader() {
  if (globalThis.BarcodeDetector && (await BarcodeDetector.getSupportedFormats().catch(() => [])).includes("qr_code")) {
    const native = new BarcodeDetector({ formats: ["qr_code"] });
    return async (picture) => (await native.detect(picture).catch(() => []))[0]?.rawValue ?? "";
  }
  const worker = new Worker(page.dataset.decoder);
  const next = () => new Promise((done) => { worker.onmessage = ({ data }) => done(data); });
  const ready = next();
  worker.postMessage({ library: page.dataset.library });
  await ready;
  return async (picture) => {
    const answer = next();
    worker.postMessage({ picture }, [picture.data.buffer]);
    return (await answer).text;
  };
}

async function start() {
  if (!navigator.mediaDevices?.getUserMedia) {
    says.textContent = isSecureContext ? says.dataset.none : says.dataset.secure;
    return;
  }
  says.textContent = says.dataset.wait;
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 720 } } });
  } catch (err) {
    says.textContent = err.name === "NotAllowedError" ? says.dataset.refused : says.dataset.none;
    return;
  }
  track = stream.getVideoTracks()[0];
  video.srcObject = stream;
  page.querySelector("[data-camera]").hidden = false;
  await video.play();
  if (track.getCapabilities?.().torch) torch.hidden = false;
  const decode = await reader();
  says.textContent = says.dataset.ready;
  page.dataset.scanning = "";
  look(decode);
}

const canvas = document.createElement("canvas");
const paint = canvas.getContext("2d", { willReadFrequently: true });

// The middle of the picture, where a badge is held.
async function look(decode) {
  while (track.readyState === "live") {
    await new Promise((done) => setTimeout(done, 80));
    if (document.hidden || !video.videoWidth) continue;
    const square = Math.min(video.videoWidth, video.videoHeight);
    const size = Math.min(square, side);
    canvas.width = canvas.height = size;
    paint.drawImage(video, (video.videoWidth - square) / 2, (video.videoHeight - square) / 2, square, square, 0, 0, size, size);
    const code = (await decode(paint.getImageData(0, 0, size, size))).trim().toUpperCase();
    if (badge.test(code)) read(code);
  }
}

torch.addEventListener("click", async () => {
  const on = torch.getAttribute("aria-pressed") !== "true";
  await track.applyConstraints({ advanced: [{ torch: on }] });
  torch.setAttribute("aria-pressed", on);
});
addEventListener("pagehide", () => track?.stop());
document.addEventListener("pressed", ({ detail: { told } }) => {
  if (told) says.textContent = told.error ?? told.says;
});

restore();
scanner(read);
start();

// Reading the QR code of a badge with the camera: by the browser's own reader, or
// where it has none by the decoder that comes with this page.

import {$} from "./view.js";

export async function canScan() { return !!navigator.mediaDevices?.getUserMedia; }

async function native() {
  try {
    return "BarcodeDetector" in window && (await BarcodeDetector.getSupportedFormats()).includes("qr_code");
  } catch { return false; }
}

// Other codes are passed over: there may be posters in sight.
const badge = /^UP[1-9][A-Z0-9]{24,}$/i, side = 640;

// reader gives a function that says what the code in a video's picture says, and
// one that puts it away.
async function reader() {
  if (await native()) {
    const detector = new BarcodeDetector({formats: ["qr_code"]});
    return {read: async video => (await detector.detect(video).catch(() => []))[0]?.rawValue || "", end() {}};
  }
  const worker = new Worker("/phone/app/decode.js");
  const next = () => new Promise((yes, no) => { worker.onmessage = e => yes(e.data); worker.onerror = no; });
  const ready = next();
  worker.postMessage({library: "/phone/app/jsQR.js"});
  await ready;
  const canvas = document.createElement("canvas"), paint = canvas.getContext("2d", {willReadFrequently: true});
  return {
    // The middle of the picture, where a badge is held.
    async read(video) {
      const square = Math.min(video.videoWidth, video.videoHeight), size = Math.min(square, side);
      if (!size) return "";
      canvas.width = canvas.height = size;
      paint.drawImage(video, (video.videoWidth - square) / 2, (video.videoHeight - square) / 2, square, square, 0, 0, size, size);
      const picture = paint.getImageData(0, 0, size, size), answer = next();
      worker.postMessage({picture}, [picture.data.buffer]);
      return (await answer).text;
    },
    end: () => worker.terminate(),
  };
}

// scan gives what the first code in sight says, or null when it is closed.
export async function scan() {
  const dialog = $("scanner"), video = $("video");
  const stream = await navigator.mediaDevices.getUserMedia({video: {facingMode: "environment"}});
  let open = true, decoder;
  const closed = new Promise(yes => dialog.addEventListener("close", () => { open = false; yes(null); }, {once: true}));
  $("scan-end").onclick = () => dialog.close();
  video.srcObject = stream;
  dialog.showModal();
  try {
    await video.play();
    const seen = (async () => {
      decoder = await reader();
      while (open) {
        const code = await decoder.read(video);
        if (badge.test(code.trim())) return code;
        await new Promise(yes => setTimeout(yes, 120));
      }
      return null;
    })();
    return await Promise.race([seen, closed]);
  } finally {
    open = false;
    decoder?.end();
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
    if (dialog.open) dialog.close();
  }
}

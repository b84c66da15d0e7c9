// Reads one code with the camera of this screen, when somebody asks for it, and
// sends it in as if it had been typed. The picture goes to the decoder on this
// page and nowhere else, and the camera is off whenever its dialog is closed.
const place = document.querySelector("[data-camera]");
const form = document.querySelector("form[data-camera-form]");
const side = 640;

if (place && form && isSecureContext && navigator.mediaDevices?.getUserMedia) {
  place.hidden = false;
  const dialog = place.querySelector("[data-camera-dialog]");
  const video = place.querySelector("[data-camera-picture]");
  const says = place.querySelector("[data-camera-says]");
  const canvas = document.createElement("canvas");
  const paint = canvas.getContext("2d", { willReadFrequently: true });
  let decode;
  let stream;
  let timer;

  const off = () => {
    clearTimeout(timer);
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = video.srcObject = null;
    if (dialog.open) dialog.close();
  };
  const fail = (why) => {
    off();
    says.textContent = says.dataset[why];
  };

  const open = async () => {
    says.textContent = "";
    dialog.showModal();
    timer = setTimeout(fail, Number(place.dataset.seconds) * 1000, "off");
    let mine;
    try {
      // Whoever reads this screen stands before it.
      mine = await navigator.mediaDevices.getUserMedia({ audio: false, video: { facingMode: "user", width: { ideal: 1280 }, height: { ideal: 720 } } });
    } catch (err) {
      if (dialog.open) fail(err.name === "NotAllowedError" ? "refused" : "none");
      return;
    }
    if (!dialog.open || stream) { // closed while it was being asked for
      for (const track of mine.getTracks()) track.stop();
      return;
    }
    stream = mine;
    for (const track of stream.getTracks()) track.addEventListener("ended", () => { if (stream === mine) fail("none"); });
    video.srcObject = stream;
    // Seen in a mirror a code is brought to the middle at once; the decoder gets it as it is.
    video.toggleAttribute("data-mirror", stream.getVideoTracks()[0].getSettings().facingMode !== "environment");
    decode ??= await reader();
    await video.play().catch(() => {});
    look(mine);
  };

  // The middle of the picture, where a code is held.
  const look = async (mine) => {
    while (stream === mine) {
      await new Promise((done) => setTimeout(done, 100));
      if (stream !== mine || document.hidden || !video.videoWidth) continue;
      const square = Math.min(video.videoWidth, video.videoHeight);
      canvas.width = canvas.height = Math.min(square, side);
      paint.drawImage(video, (video.videoWidth - square) / 2, (video.videoHeight - square) / 2, square, square, 0, 0, canvas.width, canvas.height);
      const code = (await decode(paint.getImageData(0, 0, canvas.width, canvas.height))).trim();
      if (!code || stream !== mine) continue;
      off();
      navigator.vibrate?.(120);
      form.elements.code.value = code;
      form.submit();
      return;
    }
  };

  place.querySelector("[data-camera-open]").addEventListener("click", open);
  place.querySelector("[data-camera-close]").addEventListener("click", off);
  // The event comes late: by then the dialog may be open anew.
  dialog.addEventListener("close", () => { if (!dialog.open) off(); });
  addEventListener("pagehide", off);
  document.addEventListener("visibilitychange", () => { if (document.hidden) off(); });
}

// The browser's own reader, or the decoder that comes with this page.
async function reader() {
  if (globalThis.BarcodeDetector && (await BarcodeDetector.getSupportedFormats().catch(() => [])).includes("qr_code")) {
    const native = new BarcodeDetector({ formats: ["qr_code"] });
    return async (picture) => (await native.detect(picture).catch(() => []))[0]?.rawValue ?? "";
  }
  const worker = new Worker(place.dataset.decoder);
  const next = () => new Promise((done) => { worker.onmessage = ({ data }) => done(data); });
  const ready = next();
  worker.postMessage({ library: place.dataset.library });
  await ready;
  return async (picture) => {
    const answer = next();
    worker.postMessage({ picture }, [picture.data.buffer]);
    return (await answer).text;
  };
}

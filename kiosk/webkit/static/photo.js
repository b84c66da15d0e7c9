// Takes a photo of whoever has ticked that they agree, and puts it into the form. The
// camera runs only while the box is ticked and nothing has been taken; what it shows
// stays on this page until the form is sent. Without a camera the form goes on
// without a photo.
const place = document.querySelector("[data-photo]");
const agreed = document.querySelector("[data-photo-agreed]");
const wide = 360, high = 450, most = 30 * 1024;

if (place && agreed) {
  const at = (name) => place.querySelector(`[data-photo-${name}]`);
  const says = at("says"), frame = at("frame"), live = at("live"), still = at("still"), acts = at("acts");
  const field = place.querySelector("input[name=photo]");
  let stream, timer;

  const say = (why) => { says.textContent = why ? says.dataset[why] : ""; };
  const off = () => {
    clearTimeout(timer);
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = live.srcObject = null;
  };
  // What is seen: the camera, the photo, or neither.
  const show = (what) => {
    frame.hidden = !what;
    live.hidden = what !== "live";
    still.hidden = what !== "still";
    acts.hidden = !what;
    at("take").hidden = what !== "live";
    at("again").hidden = what !== "still";
  };
  const stop = (why) => {
    off();
    show("");
    say(why);
  };

  const open = async () => {
    field.value = "";
    say("");
    off();
    let mine;
    try {
      if (!isSecureContext || !navigator.mediaDevices?.getUserMedia) throw new DOMException("", "NotFoundError");
      mine = await navigator.mediaDevices.getUserMedia({ audio: false, video: { facingMode: "user", width: { ideal: 1280 }, height: { ideal: 720 } } });
    } catch (err) {
      stop(err.name === "NotAllowedError" ? "refused" : "none");
      return;
    }
    if (!agreed.checked || stream) { // unticked while it was being asked for
      for (const track of mine.getTracks()) track.stop();
      return;
    }
    stream = mine;
    for (const track of stream.getTracks()) track.addEventListener("ended", () => { if (stream === mine) stop("none"); });
    live.srcObject = stream;
    show("live");
    timer = setTimeout(() => { agreed.checked = false; stop("off"); }, Number(place.dataset.seconds) * 1000);
    await live.play().catch(() => {});
  };

  const take = async () => {
    if (!live.videoWidth) return;
    const w = Math.min(live.videoWidth, live.videoHeight * 4 / 5), h = w * 5 / 4;
    const cut = document.createElement("canvas");
    cut.width = wide;
    cut.height = high;
    cut.getContext("2d").drawImage(live, (live.videoWidth - w) / 2, (live.videoHeight - h) / 2, w, h, 0, 0, wide, high);
    let picture;
    for (const quality of [0.85, 0.7, 0.55, 0.4, 0.25]) {
      picture = await new Promise((done) => cut.toBlob(done, "image/jpeg", quality));
      if (picture && picture.size <= most) break;
    }
    if (!picture || picture.size > most) {
      stop("none");
      return;
    }
    const bytes = new Uint8Array(await picture.arrayBuffer());
    field.value = btoa(Array.from(bytes, (b) => String.fromCharCode(b)).join("")).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
    off();
    still.getContext("2d").drawImage(cut, 0, 0, still.width, still.height);
    show("still");
    say("taken");
    at("again").focus();
  };

  const without = () => {
    field.value = "";
    stop("");
    agreed.checked = false;
    agreed.focus();
  };

  // One that was taken before the form came back.
  const again = async () => {
    const bytes = Uint8Array.from(atob(field.value.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
    const picture = await createImageBitmap(new Blob([bytes], { type: "image/jpeg" }));
    still.getContext("2d").drawImage(picture, 0, 0, still.width, still.height);
    show("still");
    say("taken");
  };

  stop("");
  if (agreed.checked && field.value) again().catch(without);
  else if (agreed.checked) open();
  agreed.addEventListener("change", () => { if (agreed.checked) open(); else without(); });
  at("take").addEventListener("click", take);
  at("again").addEventListener("click", open);
  at("drop").addEventListener("click", without);
  addEventListener("pagehide", off);
  document.addEventListener("visibilitychange", () => { if (document.hidden && stream) stop("off"); });
}

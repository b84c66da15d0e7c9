// Points are placed by a press on the plan: first a point's button, then the picture.
// The two number fields do the same, and move the mark as they change; without script
// they are all there is. A picture is turned and made smaller before it is sent.
const plan = document.querySelector("[data-plan]");
const places = document.querySelector("[data-places]");

if (plan && places) {
  const says = places.querySelector("[data-says]");
  const rows = [...places.querySelectorAll("[data-row]")];
  let picked;
  const fields = (row) => ["x", "y"].map((c) => places.elements[`${c}-${row.dataset.row}`]);
  const show = (row) => {
    const [x, y] = fields(row);
    const mark = plan.querySelector(`[data-mark="${row.dataset.row}"]`);
    const on = [x, y].every((f) => f.value !== "" && f.validity.valid);
    mark.toggleAttribute("data-off", !on);
    row.querySelector(".plan-number").toggleAttribute("data-off", !on);
    if (!on) return;
    mark.setAttribute("x", `${x.value}%`);
    mark.setAttribute("y", `${y.value}%`);
  };
  const pick = (row) => {
    picked = row;
    for (const r of rows) {
      r.querySelector("[data-pick]").setAttribute("aria-pressed", String(r === row));
      plan.querySelector(`[data-mark="${r.dataset.row}"]`).toggleAttribute("data-here", r === row);
    }
  };
  for (const row of rows) {
    const button = row.querySelector("[data-pick]");
    button.hidden = false;
    button.addEventListener("click", () => {
      pick(row);
      says.textContent = says.dataset.says;
      plan.scrollIntoView({ block: "nearest" });
    });
    row.addEventListener("focusin", () => pick(row));
    row.addEventListener("input", () => show(row));
    show(row);
  }
  plan.toggleAttribute("data-press", true);
  plan.addEventListener("click", (e) => {
    if (!picked) return;
    const box = plan.querySelector("img").getBoundingClientRect();
    const part = (at, from, size) => String(Math.round(Math.min(1, Math.max(0, (at - from) / size)) * 1000) / 10);
    const [x, y] = fields(picked);
    x.value = part(e.clientX, box.left, box.width);
    y.value = part(e.clientY, box.top, box.height);
    show(picked);
    says.textContent = says.dataset.set;
  });
}

const upload = document.querySelector("[data-upload]");
const input = upload?.querySelector("input[type=file]");
const enough = 1000000; // bytes that are sent as they are

// smaller is a picture as a node would keep it, and the right way up.
const smaller = async (file, side) => {
  const from = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, side / Math.max(from.width, from.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(from.width * scale);
  canvas.height = Math.round(from.height * scale);
  const on = canvas.getContext("2d");
  on.fillStyle = "#fff";
  on.fillRect(0, 0, canvas.width, canvas.height);
  on.imageSmoothingQuality = "high";
  on.drawImage(from, 0, 0, canvas.width, canvas.height);
  const as = (type) => new Promise((done) => canvas.toBlob(done, type, 0.9));
  const sharp = file.type === "image/png" ? await as("image/png") : null;
  return sharp && sharp.size <= enough ? sharp : as("image/jpeg");
};

input?.addEventListener("change", async () => {
  const [file] = input.files;
  if (!file || file.type === "image/png" && file.size <= enough) return;
  const send = upload.querySelector("button[value=plan]");
  send.disabled = true;
  try {
    const blob = await smaller(file, Number(upload.dataset.upload));
    const sent = new DataTransfer();
    sent.items.add(new File([blob], "plan", { type: blob.type }));
    input.files = sent.files;
  } catch { /* no picture: the node says so */ }
  send.disabled = false;
});

// Lets a signature be drawn with a finger, a pen or a mouse, beside the field in
// which a name can be typed. What is drawn is kept as strokes of points in a
// field 1000 wide and 300 high, and goes with the form; it is never sent by
// itself.
const limit = 3000;

for (const box of document.querySelectorAll("[data-draw]")) {
  const canvas = box.querySelector("canvas"), field = box.querySelector("input"), pen = canvas.getContext("2d");
  let strokes = field.value ? field.value.split(";").map((s) => s.split(" ").map((p) => p.split(",").map(Number))) : [];
  box.hidden = false;

  function paint() {
    pen.clearRect(0, 0, canvas.width, canvas.height);
    pen.strokeStyle = getComputedStyle(canvas).color;
    pen.lineWidth = 5;
    pen.lineCap = pen.lineJoin = "round";
    for (const stroke of strokes) {
      pen.beginPath();
      pen.moveTo(...stroke[0]);
      for (const point of stroke) pen.lineTo(...point);
      pen.stroke();
    }
  }

  function keep() {
    field.value = strokes.map((s) => s.map((p) => p.join(",")).join(" ")).join(";");
  }

  function at(event) {
    const r = canvas.getBoundingClientRect();
    const x = Math.round(((event.clientX - r.left) / r.width) * 1000), y = Math.round(((event.clientY - r.top) / r.height) * 300);
    return [Math.min(1000, Math.max(0, x)), Math.min(300, Math.max(0, y))];
  }

  // A finger that draws flings nothing: else its next tap would only stop that.
  canvas.addEventListener("touchstart", (event) => event.preventDefault());
  canvas.addEventListener("pointerdown", (event) => {
    if (field.value.length > limit - 20) return;
    canvas.setPointerCapture(event.pointerId);
    strokes.push([at(event)]);
    keep();
    paint();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!canvas.hasPointerCapture(event.pointerId) || field.value.length > limit - 20) return;
    const stroke = strokes[strokes.length - 1], last = stroke[stroke.length - 1], next = at(event);
    // Points closer than this tell nothing more, and the field is small.
    if (Math.hypot(next[0] - last[0], next[1] - last[1]) < 8) return;
    stroke.push(next);
    keep();
    paint();
  });
  box.querySelector("[data-draw-clear]").addEventListener("click", () => {
    strokes = [];
    keep();
    paint();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
  paint();
}

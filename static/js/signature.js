/* A signature drawn by finger: integer strokes in a 600 × 200 box, kept in the hidden input as JSON.
   The points are thinned as they come, so that a long name stays below 4 KB. */
for (const part of document.querySelectorAll("[data-signature]")) {
  const box = part.querySelector("[data-signature-box]");
  const canvas = box.querySelector("canvas");
  const input = part.querySelector("input[name=signature]");
  const typed = part.querySelector("input[name=typed_name]");
  const WIDTH = canvas.width, HEIGHT = canvas.height;
  const LIMIT = Number(part.dataset.longest) - 96; // what is thinned out must still close its brackets
  const style = getComputedStyle(canvas);
  const context = canvas.getContext("2d");
  if (!context || !window.PointerEvent) continue;
  let strokes = [], stroke = null;

  const sharp = Math.min(3, window.devicePixelRatio || 1);
  canvas.width = WIDTH * sharp;
  canvas.height = HEIGHT * sharp;
  box.hidden = false;

  function draw() {
    context.setTransform(sharp, 0, 0, sharp, 0, 0);
    context.clearRect(0, 0, WIDTH, HEIGHT);
    context.strokeStyle = style.getPropertyValue("--pen-rule");
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(30, 160);
    context.lineTo(WIDTH - 30, 160);
    context.stroke();
    context.strokeStyle = style.getPropertyValue("--pen");
    context.lineWidth = 4;
    context.lineCap = context.lineJoin = "round";
    for (const points of strokes) {
      context.beginPath();
      context.moveTo(points[0], points[1]);
      for (let i = 2; i + 3 < points.length; i += 2) {
        context.quadraticCurveTo(points[i], points[i + 1], (points[i] + points[i + 2]) / 2, (points[i + 1] + points[i + 3]) / 2);
      }
      context.lineTo(points[points.length - 2], points[points.length - 1]);
      context.stroke();
    }
  }

  function keep() {
    input.value = strokes.length ? JSON.stringify({ strokes, size: [WIDTH, HEIGHT] }) : "";
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  function place(event) {
    const frame = canvas.getBoundingClientRect();
    const across = Math.round(((event.clientX - frame.left) / frame.width) * WIDTH);
    const down = Math.round(((event.clientY - frame.top) / frame.height) * HEIGHT);
    return [Math.max(0, Math.min(WIDTH, across)), Math.max(0, Math.min(HEIGHT, down))];
  }

  canvas.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    stroke = place(event);
    strokes.push(stroke);
    draw();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!stroke) return;
    for (const one of event.getCoalescedEvents ? event.getCoalescedEvents() : [event]) {
      const [x, y] = place(one);
      const far = Math.hypot(x - stroke[stroke.length - 2], y - stroke[stroke.length - 1]);
      if (far >= 5 && input.value.length + stroke.length * 4 < LIMIT) stroke.push(x, y);
    }
    draw();
  });
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, () => { if (stroke) { stroke = null; keep(); } });
  }
  part.querySelector("[data-signature-undo]").addEventListener("click", () => { strokes.pop(); draw(); keep(); });
  part.querySelector("[data-signature-clear]").addEventListener("click", () => { strokes = []; draw(); keep(); });
  if (input.value) {
    try { strokes = JSON.parse(input.value).strokes; } catch { strokes = []; }
  }
  draw();
  typed.dispatchEvent(new Event("change", { bubbles: true }));
}

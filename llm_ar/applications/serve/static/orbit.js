// Turning and zooming a view by pointer, wheel, fingers and keys.

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

export function orbit(canvas, view, changed) {
  const fingers = new Map();
  let spread = 0;
  const move = (turn, tilt) => {
    view.turn += turn;
    view.tilt = clamp(view.tilt + tilt, -0.1, 1.4);
    changed();
  };
  const zoom = (factor) => {
    view.zoom = clamp(view.zoom * factor, 0.4, 4);
    changed();
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, [event.clientX, event.clientY]);
    spread = 0;
  });
  canvas.addEventListener("pointermove", (event) => {
    const last = fingers.get(event.pointerId);
    if (!last) return;
    fingers.set(event.pointerId, [event.clientX, event.clientY]);
    if (fingers.size === 1) {
      move((event.clientX - last[0]) * 0.01, (event.clientY - last[1]) * 0.006);
    } else {
      const [one, two] = [...fingers.values()];
      const now = Math.hypot(one[0] - two[0], one[1] - two[1]);
      if (spread) zoom(now / spread);
      spread = now;
    }
  });
  const up = (event) => fingers.delete(event.pointerId);
  canvas.addEventListener("pointerup", up);
  canvas.addEventListener("pointercancel", up);
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(Math.exp(-event.deltaY * 0.001));
  }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    const keys = {
      ArrowLeft: () => move(0.15, 0), ArrowRight: () => move(-0.15, 0),
      ArrowUp: () => move(0, 0.1), ArrowDown: () => move(0, -0.1),
      "+": () => zoom(1.15), "=": () => zoom(1.15), "-": () => zoom(1 / 1.15),
    };
    if (keys[event.key]) {
      event.preventDefault();
      keys[event.key]();
    }
  });
}

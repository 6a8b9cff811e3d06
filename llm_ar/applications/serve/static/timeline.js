// The timeline of a long recording: a row of segments a person, an axis and a line at the present time.

import { byId, make, percent } from "./dom.js";
import { csv, vtt, who } from "./segments.js";

const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120];
const LEAST = 64; // Pixels between two times of the axis.
const LABEL = 44; // Pixels that a time takes.
const MOST_ZOOM = 64;
const NOTHING = "nothing known";
const FORMS = {
  json: ["application/json", (found) => `${JSON.stringify(found, null, 1)}\n`],
  csv: ["text/csv", csv],
  vtt: ["text/vtt", vtt],
};

const clock = (seconds) => {
  const tenths = Math.round(10 * seconds), minutes = Math.floor(tenths / 600);
  return `${minutes}:${((tenths % 600) / 10).toFixed(1).padStart(4, "0")}`;
};

export class Timeline {
  // play(start, end): called with the times of a segment that is chosen.
  constructor(play) {
    this.play = play;
    this.root = byId("timeline");
    this.tracks = byId("tracks");
    this.wide = byId("tracks-inner");
    this.note = byId("timeline-note");
    this.chosen = byId("segment");
    this.found = null;
    this.zoom = 1;
    byId("zoom-in").addEventListener("click", () => this.zoomBy(2));
    byId("zoom-out").addEventListener("click", () => this.zoomBy(0.5));
    this.tracks.addEventListener("keydown", (event) => this.key(event));
    for (const form of Object.keys(FORMS)) byId(`save-${form}`).addEventListener("click", () => this.save(form));
    new ResizeObserver(() => this.drawAxis()).observe(this.tracks);
  }

  hide() {
    this.root.hidden = true;
    this.found = null;
  }

  wait(text) {
    this.root.hidden = false;
    this.found = null;
    this.note.textContent = text;
    this.chosen.textContent = "";
    this.wide.replaceChildren();
    this.enable(false);
  }

  enable(on) {
    for (const button of this.root.querySelectorAll(".timeline-tools button")) button.disabled = !on;
  }

  show(found) {
    this.root.hidden = false;
    this.found = found;
    this.zoom = 1;
    this.hues = new Map();
    const rows = found.people.map((line, row) => this.row(line, row, found));
    this.axis = make("div", { className: "axis" });
    this.axis.setAttribute("aria-hidden", "true");
    this.head = make("i", { className: "playhead" });
    this.wide.replaceChildren(this.axis, ...rows, this.head);
    const known = found.people.flatMap((line) => line.segments).filter((one) => one.action !== null).length;
    this.note.textContent = `${found.seconds.toFixed(1)} s, ${known === 1 ? "one segment" : `${known} segments`} of known actions`;
    this.chosen.textContent = "Choose a segment to play it. Arrow keys go from one to the next, plus and minus zoom.";
    this.enable(true);
    this.stretch();
    this.at(0);
  }

  row(line, row, found) {
    const track = make("ol", { className: "track" });
    track.setAttribute("aria-label", who(line));
    line.segments.forEach((one, place) => {
      const name = one.action ?? NOTHING;
      const times = `${clock(one.start)} to ${clock(one.end)}`;
      const likely = one.probability === null ? "" : `, ${percent(one.probability)}`;
      const button = make("button", {
        type: "button", className: one.action === null ? "segment nothing" : "segment",
        title: `${name}, ${times}${likely}`, tabIndex: row || place ? -1 : 0,
      }, make("span", { textContent: name }));
      button.setAttribute("aria-label", `${who(line)}: ${name}, ${times}${likely}`);
      if (one.action !== null) {
        if (!this.hues.has(one.action)) this.hues.set(one.action, (this.hues.size * 137.5 + 250) % 360);
        button.style.setProperty("--hue", String(this.hues.get(one.action)));
      }
      button.addEventListener("click", () => this.choose(button, one));
      button.addEventListener("focus", () => this.rove(button));
      const item = make("li", {}, button);
      item.style.setProperty("--from", String(one.start / found.seconds));
      item.style.setProperty("--share", String((one.end - one.start) / found.seconds));
      track.append(item);
    });
    const label = make("span", { className: "who", textContent: who(line) });
    label.setAttribute("aria-hidden", "true");
    return make("div", { className: "line" }, ...(found.people.length > 1 ? [label] : []), track);
  }

  choose(button, one) {
    for (const other of this.wide.querySelectorAll("[aria-current]")) other.removeAttribute("aria-current");
    button.setAttribute("aria-current", "true");
    this.chosen.textContent = button.getAttribute("aria-label");
    this.play(one.start, one.end);
  }

  rove(button) {
    for (const other of this.wide.querySelectorAll(".segment")) other.tabIndex = other === button ? 0 : -1;
  }

  key(event) {
    if (event.key === "+" || event.key === "=") this.zoomBy(2);
    else if (event.key === "-") this.zoomBy(0.5);
    else if (!event.target.classList.contains("segment") || !this.step(event.key, event.target)) return;
    event.preventDefault();
  }

  // Go to another segment; false where the key means none.
  step(key, from) {
    const rows = [...this.wide.querySelectorAll(".track")].map((track) => [...track.querySelectorAll(".segment")]);
    const row = rows.findIndex((each) => each.includes(from)), place = rows[row].indexOf(from);
    const beside = (other) => {
      const { start, end } = this.found.people[row].segments[place], middle = (start + end) / 2;
      const index = this.found.people[other].segments.findIndex((one) => middle < one.end);
      return rows[other].at(index);
    };
    const target = {
      ArrowRight: () => rows[row][place + 1], ArrowLeft: () => rows[row][place - 1],
      Home: () => rows[row][0], End: () => rows[row].at(-1),
      ArrowDown: () => row + 1 < rows.length && beside(row + 1), ArrowUp: () => row > 0 && beside(row - 1),
    }[key];
    if (!target) return false;
    const next = target();
    if (next) {
      next.focus({ preventScroll: true });
      next.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
    return true;
  }

  zoomBy(factor) {
    if (!this.found) return;
    const { tracks } = this;
    const middle = (tracks.scrollLeft + tracks.clientWidth / 2) / tracks.scrollWidth;
    this.zoom = Math.min(Math.max(this.zoom * factor, 1), MOST_ZOOM);
    this.stretch();
    tracks.scrollLeft = middle * tracks.scrollWidth - tracks.clientWidth / 2;
  }

  stretch() {
    this.wide.style.setProperty("--zoom", String(this.zoom));
    byId("zoom-out").disabled = this.zoom <= 1;
    byId("zoom-in").disabled = this.zoom >= MOST_ZOOM;
    this.drawAxis();
  }

  drawAxis() {
    if (!this.found || !this.wide.clientWidth) return;
    const { seconds } = this.found;
    const step = STEPS.find((each) => (each / seconds) * this.wide.clientWidth >= LEAST) ?? STEPS.at(-1);
    const times = Array.from({ length: Math.floor(seconds / step + 1e-6) + 1 }, (_, place) => place * step);
    const fits = (time) => (1 - time / seconds) * this.wide.clientWidth >= LABEL;
    this.axis.replaceChildren(...times.filter(fits).map((time) => {
      const tick = make("span", { textContent: clock(time) });
      tick.style.setProperty("--from", String(time / seconds));
      return tick;
    }));
  }

  // Move the line to a time of the recording.
  at(seconds) {
    if (!this.found) return;
    this.head.style.setProperty("--from", String(Math.min(Math.max(seconds / this.found.seconds, 0), 1)));
  }

  save(form) {
    const [type, write] = FORMS[form];
    const url = URL.createObjectURL(new Blob([write(this.found)], { type }));
    const name = this.found.file.replace(/\.[^.]*$/, "") || "recording";
    make("a", { href: url, download: `${name}.timeline.${form}` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  }
}

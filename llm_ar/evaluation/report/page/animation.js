"use strict";
// Plays each sample clip: the recording on the left, its decoded action sentence on the right.
const motion = JSON.parse(document.getElementById("motion").textContent);
const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name);

class Player {
  constructor(canvas) {
    const index = canvas.dataset.sample;
    this.canvas = canvas;
    this.sample = motion.samples[index];
    this.tokens = [...document.querySelector(`[data-sentence="${index}"]`).children];
    this.frames = this.sample.recorded.length;
    this.turn = 0.35;
    this.held = null;
    this.box = this.bounds();
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.drag = { x: event.clientX, turn: this.turn };
    });
    canvas.addEventListener("pointermove", (event) => {
      if (this.drag) this.turn = this.drag.turn + (event.clientX - this.drag.x) / 120;
    });
    canvas.addEventListener("pointerup", () => { this.drag = null; });
    this.tokens.forEach((token, word) => token.addEventListener("click", () => {
      this.held = this.held === word ? null : word;
    }));
  }

  // The recording's lowest and highest point: one scale for all frames, whatever the turn.
  bounds() {
    let low = Infinity, high = -Infinity;
    for (const frame of this.sample.recorded) {
      for (let i = 0; i < this.sample.people * motion.joints * 3; i += 3) {
        low = Math.min(low, frame[i + 1]);
        high = Math.max(high, frame[i + 1]);
      }
    }
    return { low, high: Math.max(high, low + 100) };
  }

  // Middle of the people in a frame: the camera follows them, and the floor shows their way.
  middle(joints) {
    const count = this.sample.people * motion.joints;
    let x = 0, z = 0;
    for (let i = 0; i < count * 3; i += 3) {
      x += joints[i] / count;
      z += joints[i + 2] / count;
    }
    return [x, z];
  }

  draw(now) {
    const span = Math.max(1.2, this.sample.seconds);
    const passed = (now / 1000) % (span + 0.6);
    let frame = Math.min(this.frames - 1, Math.floor((passed / span) * this.frames));
    // A token behind the steps' own sums up the clip and has no frames of its own.
    const perToken = this.frames / this.sample.steps;
    const summary = this.held !== null && this.held >= this.sample.steps;
    if (this.held !== null && !summary) frame = Math.floor((this.held + 0.5) * perToken);
    const word = summary ? this.held : Math.floor(frame / perToken);
    this.tokens.forEach((token, place) => token.classList.toggle("now", place === word));
    const context = this.canvas.getContext("2d");
    const { width, height } = this.canvas;
    context.clearRect(0, 0, width, height);
    this.figure(context, this.sample.recorded[frame], width * 0.27);
    this.figure(context, this.sample.decoded[frame], width * 0.73);
  }

  figure(context, joints, across) {
    const { height } = this.canvas;
    const { low, high } = this.box;
    const scale = (height * 0.74) / (high - low);
    const floor = height * 0.88;
    const [x0, z0] = this.middle(joints);
    const cosine = Math.cos(this.turn), sine = Math.sin(this.turn);
    // The camera looks along z from slightly above, and x grows to its left.
    const project = (x, y, z) => {
      const away = (z - z0) * cosine - (x - x0) * sine;
      return [
        across - ((x - x0) * cosine + (z - z0) * sine) * scale,
        floor - ((y - low) * 0.97 + away * 0.24) * scale,
      ];
    };
    const place = (i) => project(joints[i], joints[i + 1], joints[i + 2]);
    context.fillStyle = color("--dots");
    for (let x = Math.ceil(x0 / 50 - 4) * 50; x <= x0 + 200; x += 50) {
      for (let z = Math.ceil(z0 / 50 - 4) * 50; z <= z0 + 200; z += 50) {
        const distance = Math.hypot(x - x0, z - z0) / 200;
        if (distance >= 1) continue;
        const [left, top] = project(x, low, z);
        context.globalAlpha = 1 - distance * distance;
        context.fillRect(left - 1.5, top - 1.5, 3, 3);
      }
    }
    context.globalAlpha = 1;
    context.lineCap = "round";
    const inks = {
      left: color("--left-limb"), right: color("--right-limb"), middle: color("--trunk"),
    };
    for (let person = 0; person < this.sample.people; person += 1) {
      const start = person * motion.joints;
      for (const [joint, parent, side] of motion.bones) {
        context.strokeStyle = inks[side];
        context.lineWidth = side === "middle" ? 7 : 6;
        context.beginPath();
        context.moveTo(...place((start + joint) * 3));
        context.lineTo(...place((start + parent) * 3));
        context.stroke();
      }
    }
  }
}

const players = [...document.querySelectorAll("canvas[data-sample]")].map((c) => new Player(c));
function tick(now) {
  players.forEach((player) => player.draw(now));
  requestAnimationFrame(tick);
}
requestAnimationFrame(tick);

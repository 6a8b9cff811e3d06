// A figure on a plain canvas, in perspective: for tokens, and where there is no WebGL.

import { bones, colors } from "./motion.js";

export class Figure {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.turn = 0.5;
    this.tilt = 0.12;
    this.zoom = 1;
  }

  show(motion) {
    this.motion = motion;
    this.bones = bones(motion.skeleton);
  }

  weigh() {}

  draw(seconds) {
    const { canvas, context, motion } = this;
    const scale = window.devicePixelRatio || 1;
    const width = canvas.clientWidth, height = canvas.clientHeight;
    if (canvas.width !== Math.round(width * scale)) canvas.width = Math.round(width * scale);
    if (canvas.height !== Math.round(height * scale)) canvas.height = Math.round(height * scale);
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    if (!motion) return;
    const paint = colors();
    const unit = (Math.min(width, height) / motion.radius / 2.5) * this.zoom;
    const [cos, sin] = [Math.cos(this.turn), Math.sin(this.turn)];
    const [up, over] = [Math.cos(this.tilt), Math.sin(this.tilt)];
    const project = ([x, y, z]) => {
      const [a, b, c] = [x - motion.middle[0], y - motion.middle[1], z - motion.middle[2]];
      const across = -(a * cos + c * sin), away = c * cos - a * sin;
      const far = 1 + (away * up) / (motion.radius * 7);
      return [width / 2 + (across * unit) / far, height / 2 - ((b * up + away * over) * unit) / far, away];
    };
    context.strokeStyle = paint.line;
    context.lineWidth = 1;
    context.beginPath();
    for (let step = 0; step <= 48; step += 1) {
      const angle = (step / 48) * 2 * Math.PI, ring = motion.radius * 0.8;
      const [x, y] = project([motion.middle[0] + ring * Math.cos(angle), motion.floor,
        motion.middle[2] + ring * Math.sin(angle)]);
      context.lineTo(x, y);
    }
    context.stroke();
    context.lineCap = "round";
    const head = motion.skeleton.joints.indexOf("head");
    for (const person of motion.at(seconds)) {
      const points = person.map(project);
      const order = [...this.bones].sort((one, two) => points[two.joint][2] - points[one.joint][2]);
      context.lineWidth = Math.max(2, unit * motion.height * 0.035);
      for (const bone of order) {
        context.strokeStyle = paint[bone.side];
        context.beginPath();
        context.moveTo(points[bone.parent][0], points[bone.parent][1]);
        context.lineTo(points[bone.joint][0], points[bone.joint][1]);
        context.stroke();
      }
      if (head >= 0) {
        context.fillStyle = paint.middle;
        context.beginPath();
        context.arc(points[head][0], points[head][1], unit * motion.height * 0.06, 0, 7);
        context.fill();
      }
    }
  }
}

// A movement as the drawings need it: positions at any time, its floor, its middle and its height.

export class Motion {
  // frames: (T, people, joints, 3); x to the viewer's left, y up, z away.
  constructor(skeleton, frames, fps, start = 0) {
    this.skeleton = skeleton;
    this.frames = frames;
    this.fps = fps;
    this.start = start;
    this.people = frames[0].length;
    this.seconds = Math.max(frames.length - 1, 0) / fps;
    const low = [Infinity, Infinity, Infinity], high = [-Infinity, -Infinity, -Infinity];
    const heights = [];
    for (const frame of frames) {
      let bottom = Infinity, top = -Infinity;
      for (const person of frame) {
        for (const joint of person) {
          for (let axis = 0; axis < 3; axis += 1) {
            low[axis] = Math.min(low[axis], joint[axis]);
            high[axis] = Math.max(high[axis], joint[axis]);
          }
        }
      }
      for (const joint of frame[0]) {
        bottom = Math.min(bottom, joint[1]);
        top = Math.max(top, joint[1]);
      }
      heights.push(top - bottom);
    }
    heights.sort((a, b) => a - b);
    this.height = Math.max(heights[Math.floor(heights.length * 0.9)], 0.5);
    this.floor = low[1];
    this.middle = [(low[0] + high[0]) / 2, low[1] + this.height * 0.5, (low[2] + high[2]) / 2];
    this.radius = Math.max(this.height * 0.62, (high[0] - low[0]) * 0.55, (high[2] - low[2]) * 0.45,
      (high[1] - low[1]) * 0.58);
  }

  // Positions (people, joints, 3) at a time in seconds from the first frame, between frames blended.
  at(seconds) {
    const place = Math.min(Math.max(seconds * this.fps, 0), this.frames.length - 1);
    const before = Math.floor(place), after = Math.min(before + 1, this.frames.length - 1);
    const share = place - before;
    if (share === 0 || after === before) return this.frames[before];
    return this.frames[before].map((person, p) => person.map((joint, j) =>
      joint.map((value, axis) => value + share * (this.frames[after][p][j][axis] - value))));
  }
}

// Which side a joint is on: "left", "right" or "middle".
export function side(name) {
  if (name.startsWith("left")) return "left";
  return name.startsWith("right") ? "right" : "middle";
}

// Each bone: joint, parent, side and body part.
export function bones(skeleton) {
  const found = [];
  skeleton.parents.forEach((parent, joint) => {
    if (parent >= 0) {
      found.push({ joint, parent, side: side(skeleton.joints[joint]), part: skeleton.parts[joint] });
    }
  });
  return found;
}

export function colors() {
  const style = getComputedStyle(document.documentElement);
  const value = (name) => style.getPropertyValue(name).trim();
  return {
    left: value("--left"), right: value("--right"), middle: value("--soft"),
    line: value("--line"), accent: value("--bar"), against: value("--against"),
  };
}

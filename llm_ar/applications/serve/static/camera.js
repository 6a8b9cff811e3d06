// The camera: MediaPipe finds the joints on this machine, and only they go to /v1/live.

import { key } from "./api.js";
import { answerRows, byId } from "./dom.js";
import { colors, side } from "./motion.js";

const POSE = "/static/vendor/pose/";
const JOINTS = 33;
const FPS = 15; // Of the joints that are sent, whatever the camera's rate.
const WINDOW = 2;
const EVERY = 0.5;
const VISIBLE = 0.5;
const LONGEST_GAP = 2; // Seconds without a picture that are filled.
// A module with one SIMD instruction.
const SIMD = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0,
  65, 0, 253, 15, 253, 98, 11]);

const NO_POSE = "Pose estimation does not run here. It needs WebGL 2.";
const NO_MODELS = "This installation has no models for pose estimation. Run the service from a checkout of the project.";
const REFUSALS = {
  NotAllowedError: "The camera was refused. Allow it for this page in the browser's settings, then try again.",
  NotFoundError: "No camera was found on this device.",
  NotReadableError: "The camera does not answer; another program may use it.",
};

const known = (point) => point && (point.visibility ?? 1) >= VISIBLE;
const nobody = () => new Array(JOINTS).fill(null);

let loading = null;
function estimator() {
  loading ??= new Promise((loaded, failed) => {
    const script = document.createElement("script");
    script.src = `${POSE}pose.js`;
    script.addEventListener("load", () => loaded(window.Pose));
    script.addEventListener("error", () => {
      loading = null;
      failed(new Error("Pose estimation could not be loaded from the server."));
    });
    document.head.append(script);
  });
  return loading;
}

export class Camera {
  // settings(): model and names for the answers; complain(error, again): says what went wrong.
  constructor(settings, complain) {
    Object.assign(this, { settings, complain });
    this.panel = byId("live");
    this.video = byId("live-video");
    this.canvas = byId("live-picture");
    this.note = byId("live-note");
    this.rows = byId("live-answers");
    this.figures = byId("live-figures");
    this.run = null;
    this.pose = null;
    byId("camera").addEventListener("click", () => (this.run ? this.stop() : this.start()));
    byId("live-stop").addEventListener("click", () => this.stop());
  }

  async start() {
    const run = { sent: [], count: 0, skipped: 0, last: null, pictures: [] };
    this.run = run;
    this.panel.hidden = false;
    byId("camera").textContent = "Stop the camera";
    this.rows.replaceChildren();
    this.figures.textContent = "";
    this.say("Waiting for the camera.");
    try {
      if (!navigator.mediaDevices?.getUserMedia) {
        throw new Error("The browser gives a camera only to pages over HTTPS or of this machine.");
      }
      if (!WebAssembly.validate(SIMD)) throw new Error("This browser is too old for pose estimation (WebAssembly SIMD is missing).");
      run.stream = await this.open();
      if (this.run !== run) return this.end(run);
      this.video.srcObject = run.stream;
      await this.video.play();
      run.stream.getVideoTracks()[0].addEventListener("ended", () => this.fail(run, new Error("The camera was disconnected.")));
      this.say("Loading pose estimation.");
      await this.prepare();
      if (this.run !== run) return this.end(run);
      this.connect(run);
      this.say("Looking for a person.");
      this.look(run);
    } catch (error) {
      this.fail(run, error);
    }
  }

  async open() {
    try {
      return await navigator.mediaDevices.getUserMedia({
        audio: false, video: { width: { ideal: 640 }, height: { ideal: 480 }, facingMode: "user" },
      });
    } catch (error) {
      throw new Error(REFUSALS[error.name] ?? "The camera cannot be used.");
    }
  }

  async prepare() {
    if (this.pose) {
      this.pose.reset();
      return;
    }
    // Without WebGL it would show an alert, and never be ready.
    const drawing = document.createElement("canvas").getContext("webgl2");
    if (!drawing) throw new Error(NO_POSE);
    drawing.getExtension("WEBGL_lose_context")?.loseContext();
    const models = await fetch(`${POSE}pose_landmark_lite.tflite`, { method: "HEAD" });
    if (!models.ok) throw new Error(NO_MODELS);
    const Pose = await estimator();
    const pose = new Pose({ locateFile: (name) => POSE + name });
    pose.setOptions({ modelComplexity: 0, smoothLandmarks: true, enableSegmentation: false });
    pose.onResults((results) => { this.landmarks = results.poseLandmarks ?? null; });
    try {
      await pose.initialize();
    } catch {
      throw new Error(NO_POSE);
    }
    this.pose = pose;
  }

  connect(run) {
    const { model, candidates, fast } = this.settings();
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/v1/live`);
    run.socket = socket;
    const start = { layout: "mediapipe-33", up: "y", fps: FPS, window: WINDOW, every: EVERY, top_k: 3, fast, model, candidates, key: key() };
    const given = Object.fromEntries(Object.entries(start).filter(([, value]) => value !== null));
    socket.addEventListener("open", () => socket.send(JSON.stringify(given)));
    socket.addEventListener("message", (event) => this.hear(run, JSON.parse(event.data)));
    socket.addEventListener("close", () => this.fail(run, new Error("The server closed the connection.")));
  }

  // One picture after the other, until the run ends.
  async look(run) {
    try {
      while (this.run === run) {
        const taken = performance.now();
        await this.pose.send({ image: this.video });
        if (this.run !== run) break;
        const done = performance.now();
        this.draw();
        this.send(run, this.joints(), taken);
        run.pictures.push([taken, done - taken]);
        if (run.pictures.length > 20) run.pictures.shift();
        await new Promise((next) => setTimeout(next, Math.max(0, taken + 1000 / FPS / 2 - performance.now())));
      }
    } catch {
      this.fail(run, new Error("Pose estimation has stopped."));
    }
    this.end(run);
  }

  // The joints in pixels, x to the camera's left and y up, as of a video; those that cannot be seen are null.
  joints() {
    if (!this.landmarks) return nobody();
    const { videoWidth: width, videoHeight: height } = this.video;
    return this.landmarks.map((point) => (known(point) ? [-point.x * width, -point.y * height] : null));
  }

  // Bring the joints to an even rate, linear in time, and send what is due.
  send(run, joints, taken) {
    if (!run.ready || run.socket.readyState !== WebSocket.OPEN) return;
    run.began ??= taken;
    const time = (taken - run.began) / 1000;
    const frames = [];
    const gap = run.last ? time - run.last.time : 0;
    run.skipped += Math.max(0, gap - LONGEST_GAP);
    const now = time - run.skipped;
    while (run.count + frames.length <= now * FPS) {
      const at = (run.count + frames.length) / FPS;
      const before = run.last ?? { now, joints };
      const share = now > before.now ? Math.min(Math.max((at - before.now) / (now - before.now), 0), 1) : 1;
      frames.push(joints.map((joint, place) => {
        const other = before.joints[place];
        if (!joint || !other) return share < 0.5 ? other : joint;
        return joint.map((value, axis) => Number((other[axis] + share * (value - other[axis])).toFixed(2)));
      }));
    }
    run.last = { time, now, joints };
    if (!frames.length) return;
    run.count += frames.length;
    run.sent.push([run.count, taken]);
    if (run.sent.length > 200) run.sent.shift();
    run.socket.send(JSON.stringify({ joints: frames }));
  }

  hear(run, message) {
    if (this.run !== run) return;
    if (message.type === "ready") {
      run.ready = true;
    } else if (message.type === "error") {
      const { code, message: text } = message.error;
      this.fail(run, Object.assign(new Error(`${text.charAt(0).toUpperCase()}${text.slice(1)}.`), { status: code === "no_key" ? 401 : 0 }));
    } else if (message.type === "no_answer") {
      this.rows.replaceChildren();
      this.say(this.landmarks ? `No answer: ${message.error.message}.` : "Nobody is seen. Step back until the whole body is in the picture.");
    } else {
      this.rows.replaceChildren(...answerRows(message.top));
      this.say(message.warnings.join("; "));
      const taken = run.sent.find(([count]) => count >= Math.round(message.seconds[1] * FPS) - 1)?.[1];
      const latency = taken === undefined ? null : performance.now() - taken;
      this.tell(run, latency);
    }
  }

  tell(run, latency) {
    const { pictures } = run;
    const mean = pictures.reduce((sum, [, milliseconds]) => sum + milliseconds, 0) / pictures.length;
    const rate = (1000 * (pictures.length - 1)) / (pictures.at(-1)[0] - pictures[0][0]);
    const parts = [`pose ${Math.round(mean)} ms`];
    if (Number.isFinite(rate)) parts.push(`${rate.toFixed(1)} pictures a second`);
    if (latency !== null) parts.unshift(`answer ${Math.round(latency)} ms after the picture`);
    this.figures.textContent = parts.join(", ");
  }

  draw() {
    const { canvas, video, landmarks } = this;
    const { videoWidth: width, videoHeight: height } = video;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const context = canvas.getContext("2d");
    context.drawImage(video, 0, 0, width, height);
    if (!landmarks) return;
    const paint = colors();
    const names = Object.entries(window.POSE_LANDMARKS).map(([name, place]) => [place, name.toLowerCase()]);
    const sides = new Map(names.map(([place, name]) => [place, side(name)]));
    context.lineWidth = Math.max(3, width / 120);
    context.lineCap = "round";
    for (const [from, to] of window.POSE_CONNECTIONS) {
      const [one, two] = [landmarks[from], landmarks[to]];
      if (!known(one) || !known(two)) continue;
      context.strokeStyle = sides.get(from) === sides.get(to) ? paint[sides.get(to)] ?? paint.middle : "#ffffff";
      context.beginPath();
      context.moveTo(one.x * width, one.y * height);
      context.lineTo(two.x * width, two.y * height);
      context.stroke();
    }
  }

  say(text) { this.note.textContent = text; }

  fail(run, error) {
    if (this.run !== run) return;
    this.stop();
    this.complain(error, () => this.start());
  }

  stop() {
    const { run } = this;
    this.run = null;
    this.landmarks = null;
    this.panel.hidden = true;
    byId("camera").textContent = "Use the camera";
    if (run) this.end(run);
  }

  // Give back the camera and the connection of a run.
  end(run) {
    run.stream?.getTracks().forEach((track) => track.stop());
    run.socket?.close();
    if (!this.run) this.video.srcObject = null;
  }
}

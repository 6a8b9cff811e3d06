// The page: a recording goes to the service; movement, sentence and answers come back.

import * as api from "./api.js";
import { Camera } from "./camera.js";
import { answerRows, byId, make, percent } from "./dom.js";
import { Figure } from "./figure.js";
import { showModels } from "./models.js";
import { Motion } from "./motion.js";
import { orbit } from "./orbit.js";
import { code, curl } from "./snippets.js";
import { Timeline } from "./timeline.js";

const TOP = 5;
const LEAST = 0.02; // Nats; less than that is no difference worth a full bar.
const page = Object.fromEntries(
  ["model", "theme", "problem", "problem-text", "retry", "status", "drop", "file", "clips", "stage", "caption",
    "busy", "play", "scrub", "clock", "speed", "sentence", "sentence-note", "answers", "answers-note", "warnings",
    "names", "names-note", "zero-shot", "reset-names", "why", "explanation", "why-note", "parts", "snippet", "copy",
    "tab-curl", "tab-python", "token", "token-title", "token-stage", "token-text", "key", "key-form", "key-input",
    "model-field", "show-models"].map((id) => [id, byId(id)]));

const state = {
  recording: null, answer: null, motion: null, seconds: 0, until: null, playing: false, language: "curl",
  models: [], again: null, asking: null, dividing: null,
};
const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
let view = null;

const say = (text) => { page.status.textContent = text; };

// ---- problems

function complain(error, again) {
  if (error.name === "AbortError") return;
  if (error.status === 401) {
    state.again = again;
    page.key.showModal();
    return;
  }
  page["problem-text"].textContent = error.message;
  page.retry.hidden = !(error.retry && again);
  state.again = again;
  page.problem.hidden = false;
}

function quiet() { page.problem.hidden = true; }

page.retry.addEventListener("click", () => { quiet(); state.again?.(); });
page["key-form"].addEventListener("submit", (event) => {
  event.preventDefault();
  api.keepKey(page["key-input"].value.trim());
  page["key-input"].value = "";
  page.key.close();
  state.again?.();
});

// ---- theme

const stored = localStorage.getItem("llm-ar-theme");
const preferred = window.matchMedia("(prefers-color-scheme: dark)");
function dress(theme) {
  document.documentElement.dataset.theme = theme;
  view?.paint?.();
  redraw();
}
page.theme.addEventListener("click", () => {
  const other = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  localStorage.setItem("llm-ar-theme", other);
  dress(other);
});
preferred.addEventListener("change", () => {
  if (!localStorage.getItem("llm-ar-theme")) dress(preferred.matches ? "dark" : "light");
});

// ---- asking

function ownNames() {
  const names = page.names.value.split(/[\n,]/).map((name) => name.trim()).filter(Boolean);
  return [...new Set(names)];
}

function settings(extra = {}) {
  const names = ownNames();
  return {
    model: page.model.value || null,
    candidates: names.length ? names : null,
    zero_shot: names.length > 0 && page["zero-shot"].checked,
    ...extra,
  };
}

async function recognize(fresh) {
  if (!state.recording) return;
  state.asking?.abort();
  const asking = new AbortController();
  state.asking = asking;
  page.busy.hidden = false;
  try {
    const answer = await api.send("/v1/recognize", state.recording,
      settings({ top_k: TOP, movement: fresh }), asking.signal);
    quiet();
    state.answer = answer;
    if (fresh) showMovement(answer);
    showSentence(answer);
    showAnswers(answer);
    forgetWhy();
    divide(answer);
    say(`The answer is ${answer.top[0].action}, ${percent(answer.top[0].probability)}.`);
  } catch (error) {
    complain(error, () => recognize(fresh));
  } finally {
    if (state.asking === asking) page.busy.hidden = true;
  }
  showCode();
}

// ---- the timeline

const timeline = new Timeline((start, end) => {
  const { motion } = state;
  const clamp = (seconds) => Math.min(Math.max(seconds - motion.start, 0), motion.seconds);
  state.seconds = clamp(start);
  state.until = clamp(end);
  setPlaying(true);
});

// Recordings longer than the model's clips are divided into segments.
async function divide(answer) {
  state.dividing?.abort();
  const { frames, frames_a_second: rate } = answer.understood;
  const model = state.models.find((each) => each.name === answer.model);
  if (!model || frames / rate <= model.seconds || settings().zero_shot) {
    timeline.hide();
    return;
  }
  const dividing = new AbortController();
  state.dividing = dividing;
  timeline.wait("dividing the recording into segments ...");
  try {
    const found = await api.send("/v1/timeline", state.recording, settings({ fast: model.fast }), dividing.signal);
    timeline.show(found);
    redraw();
  } catch (error) {
    if (state.dividing === dividing && error.name !== "AbortError") timeline.hide();
    complain(error, () => divide(answer));
  }
}

function take(recording) {
  state.recording = recording;
  page.caption.textContent = recording.name;
  return recognize(true);
}

page.file.addEventListener("change", () => {
  const [file] = page.file.files;
  if (file) {
    page.clips.value = "";
    take({ file, name: file.name });
  }
  page.file.value = "";
});

async function takeClip(name) {
  try {
    await take({ joints: await api.clip(name), name });
  } catch (error) {
    complain(error, () => takeClip(name));
  }
}
page.clips.addEventListener("change", () => { if (page.clips.value) takeClip(page.clips.value); });
page.model.addEventListener("change", () => recognize(true));

for (const kind of ["dragenter", "dragover"]) {
  window.addEventListener(kind, (event) => {
    event.preventDefault();
    page.drop.classList.add("over");
  });
}
window.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) page.drop.classList.remove("over");
});
window.addEventListener("drop", (event) => {
  event.preventDefault();
  page.drop.classList.remove("over");
  const [file] = event.dataTransfer.files;
  if (file) {
    page.clips.value = "";
    take({ file, name: file.name });
  }
});

// ---- own names

let typing = 0;
function named() {
  const names = ownNames();
  page["reset-names"].hidden = !names.length;
  clearTimeout(typing);
  typing = setTimeout(() => recognize(false), 350);
}
page.names.addEventListener("input", named);
page["zero-shot"].addEventListener("change", () => { if (ownNames().length) recognize(false); });
page["reset-names"].addEventListener("click", () => {
  page.names.value = "";
  named();
  page.names.focus();
});

// ---- what came back

function showMovement(answer) {
  const { skeleton, joints, fps, start } = answer.movement;
  state.motion = new Motion(skeleton, joints, fps, start);
  state.seconds = 0;
  state.until = null;
  view.show(state.motion);
  const { frames, people, frames_a_second: rate } = answer.understood;
  page.caption.replaceChildren(state.recording.name, make("small", {
    textContent: `${frames} frames, ${Number(rate.toFixed(1))} a second, ${people === 1 ? "one person" : `${people} people`}, ${answer.understood.in_layout}`,
  }));
  page.play.disabled = page.scrub.disabled = page.why.disabled = false;
  setPlaying(!calm.matches);
}

function showSentence(answer) {
  const steps = answer.spans.length;
  page["sentence-note"].textContent = `${steps} tokens`;
  page.sentence.replaceChildren(...answer.sentence.map((token, place) => {
    const [begin, end] = answer.spans[place];
    const chip = make("button", {
      type: "button", className: "chip", textContent: String(token),
      title: `${begin.toFixed(2)} to ${end.toFixed(2)} s`,
    });
    chip.style.setProperty("--hue", String((token * 137.5) % 360));
    chip.setAttribute("aria-label", `Token ${token}, ${begin.toFixed(2)} to ${end.toFixed(2)} seconds; show its movement`);
    chip.addEventListener("click", () => showToken(token));
    return make("li", {}, chip);
  }));
}

function showAnswers(answer) {
  const names = ownNames();
  page["answers-note"].textContent = names.length ? `of your ${names.length} names` : "of the trained names";
  page.answers.replaceChildren(...answerRows(answer.top));
  page.warnings.replaceChildren(...answer.warnings.map((text) => make("li", { textContent: text })));
  const trained = state.models.find((model) => model.name === answer.model)?.actions ?? [];
  const strange = names.filter((name) => !trained.includes(name));
  page["names-note"].textContent = strange.length && !page["zero-shot"].checked
    ? `${strange.length === 1 ? "One name was" : `${strange.length} names were`} not trained; comparing descriptions may serve better.` : "";
}

// ---- tokens

const small = new Figure(page["token-stage"]);
let tokenStarted = 0;
async function showToken(token) {
  try {
    const found = await api.tokens([token], state.answer.model);
    const there = found.movements[0];
    const motion = new Motion(found.skeleton, [...there, ...there.slice(1, -1).reverse(), there[0]], 6);
    small.show(motion);
    page["token-title"].textContent = `Token ${token}`;
    const uses = state.answer.sentence.filter((each) => each === token).length;
    page["token-text"].textContent = `Four frames of movement, decoded and played back and forth. The sentence has it ${uses === 1 ? "once" : `${uses} times`}.`;
    page.token.showModal();
    tokenStarted = performance.now();
  } catch (error) {
    complain(error, () => showToken(token));
  }
}

// ---- why

function forgetWhy() {
  page.explanation.hidden = true;
  view.weigh(null);
  redraw();
}

page.why.addEventListener("click", async () => {
  page.why.disabled = true;
  page.busy.hidden = false;
  try {
    showWhy(await api.send("/v1/explain", state.recording, settings({ zero_shot: null })));
    quiet();
  } catch (error) {
    complain(error, () => page.why.click());
  } finally {
    page.why.disabled = false;
    page.busy.hidden = true;
  }
});

function showWhy(found) {
  const share = (rows) => {
    const most = Math.max(...rows.map((row) => Math.abs(row.drop)), LEAST);
    return (row) => row.drop / most;
  };
  const sure = [...found.parts, ...found.tokens].every((row) => Math.abs(row.drop) < LEAST);
  const ofPart = share(found.parts), ofToken = share(found.tokens);
  page["why-note"].textContent = `What “${found.answer}” loses, in nats of log-probability, when a body part is hidden (below and on the body) or a token says nothing (lines under the tokens). Red speaks against.${sure ? " Here nothing alone makes a difference: the rest says enough." : ""}`;
  page.parts.replaceChildren(...found.parts.map((row) => {
    const bar = make("div", { className: row.drop < 0 ? "bar against" : "bar" }, make("i"));
    bar.style.setProperty("--share", String(Math.abs(ofPart(row))));
    const then = row.answer === found.answer ? "" : `, then ${row.answer}`;
    return make("li", {}, make("div", { className: "name" }, make("b", { textContent: row.part.replace("_", " ") + then }),
      make("span", { textContent: `${row.drop >= 0 ? "+" : "−"}${Math.abs(row.drop).toFixed(2)}` })), bar);
  }));
  [...page.sentence.querySelectorAll(".chip")].forEach((chip, place) => {
    const row = found.tokens[place];
    chip.querySelector(".weight")?.remove();
    const line = make("span", { className: row.drop < 0 ? "weight against" : "weight" });
    line.style.setProperty("--share", String(Math.abs(ofToken(row))));
    chip.append(line);
  });
  view.weigh(Object.fromEntries(found.parts.map((row) => [row.part, ofPart(row)])));
  page.explanation.hidden = false;
  redraw();
  say(`Explained: ${found.parts.map((row) => `${row.part.replace("_", " ")} ${row.drop.toFixed(2)}`).join(", ")}`);
}

// ---- player

function setPlaying(on) {
  state.playing = on;
  page.play.classList.toggle("playing", on);
  page.play.setAttribute("aria-label", on ? "Pause" : "Play");
}
function toggle() {
  state.until = null;
  setPlaying(!state.playing);
}
page.play.addEventListener("click", toggle);
page.scrub.addEventListener("input", () => {
  setPlaying(false);
  state.until = null;
  state.seconds = (page.scrub.value / 1000) * state.motion.seconds;
  redraw();
});
window.addEventListener("keydown", (event) => {
  const typed = event.target.closest("input, textarea, select, button, dialog, pre");
  if (event.key === " " && !typed && state.motion) {
    event.preventDefault();
    toggle();
  }
});

let dirty = true;
function redraw() { dirty = true; }
window.addEventListener("resize", redraw);

let last = performance.now();
function tick(now) {
  const passed = Math.min((now - last) / 1000, 0.1);
  last = now;
  const { motion } = state;
  if (motion && state.playing) {
    state.seconds += passed * Number(page.speed.value);
    if (state.until !== null && state.seconds >= state.until) {
      state.seconds = state.until;
      state.until = null;
      setPlaying(false);
    }
    if (state.seconds > motion.seconds + 0.35) state.seconds = 0;
    dirty = true;
  }
  if (motion && dirty) {
    dirty = false;
    const seconds = Math.min(state.seconds, motion.seconds);
    view.draw(seconds);
    light(motion.start + seconds);
    timeline.at(motion.start + seconds);
    page.scrub.value = motion.seconds ? (1000 * seconds) / motion.seconds : 0;
    page.clock.textContent = `${seconds.toFixed(2)} / ${motion.seconds.toFixed(2)} s`;
    page.scrub.setAttribute("aria-valuetext", `${seconds.toFixed(2)} seconds`);
  }
  if (page.token.open) {
    const gone = (now - tokenStarted) / 1000;
    small.turn = 0.5 + (calm.matches ? 0 : 0.5 * Math.sin(gone * 0.8));
    small.draw(small.motion.seconds ? gone % small.motion.seconds : 0);
  }
  requestAnimationFrame(tick);
}

function light(seconds) {
  const spans = state.answer?.spans ?? [];
  const end = Math.max(...spans.map((span) => span[1]), 0);
  [...page.sentence.children].forEach((item, place) => {
    const span = spans[place];
    const on = span && seconds >= span[0] && (seconds < span[1] || span[1] === end);
    item.firstChild.classList.toggle("on", Boolean(on));
  });
}

// ---- the same request elsewhere

function showCode() {
  const asked = settings({ top_k: TOP });
  page.snippet.textContent = (state.language === "curl" ? curl : code)(state.recording, asked);
}
const tabs = [page["tab-curl"], page["tab-python"]];
function choose(tab) {
  state.language = tab === tabs[0] ? "curl" : "python";
  for (const each of tabs) {
    each.setAttribute("aria-selected", String(each === tab));
    each.tabIndex = each === tab ? 0 : -1;
  }
  page.snippet.setAttribute("aria-labelledby", tab.id);
  showCode();
}
for (const tab of tabs) {
  tab.addEventListener("click", () => choose(tab));
  tab.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      const other = tabs[1 - tabs.indexOf(tab)];
      choose(other);
      other.focus();
    }
  });
}
page.copy.addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText(page.snippet.textContent);
    page.copy.textContent = "Copied";
  } catch {
    window.getSelection().selectAllChildren(page.snippet);
    page.copy.textContent = "Selected; press Ctrl-C";
  }
  setTimeout(() => { page.copy.textContent = "Copy"; }, 2000);
});

// ---- camera and models

new Camera(() => {
  const { model, candidates } = settings();
  const known = state.models.find((each) => each.name === model);
  return { model, candidates, fast: known?.fast ?? false };
}, (error, again) => complain(Object.assign(error, { retry: true }), again));
page["show-models"].addEventListener("click", () => showModels(state.models, api.evaluation, (error) => {
  byId("models").close();
  complain(error);
}));

// ---- begin

async function begin() {
  try {
    const [{ models }, clips] = await Promise.all([api.models(), api.clips()]);
    state.models = models;
    page.model.replaceChildren(...models.map(({ name }) => make("option", { value: name, textContent: name })));
    page["show-models"].disabled = false;
    page["model-field"].hidden = models.length < 2;
    page.clips.append(...clips.map((name) => make("option", { value: name, textContent: name })));
    const wanted = decodeURIComponent(window.location.hash.slice(1));
    const first = clips.includes(wanted) ? wanted : clips[0];
    page.clips.value = first;
    await takeClip(first);
  } catch (error) {
    complain(error, begin);
  }
}

dress(stored ?? (preferred.matches ? "dark" : "light"));
try {
  const { Stage } = await import("./stage.js");
  view = new Stage(page.stage);
} catch {
  view = new Figure(page.stage);
}
orbit(page.stage, view, redraw);
showCode();
requestAnimationFrame(tick);
begin();

// The service's routes. What goes wrong becomes a Refusal with a sentence.

export class Refusal extends Error {
  constructor(message, status = 0, retry = true) {
    super(message);
    this.status = status;
    this.retry = retry;
  }
}

const KEY = "llm-ar-key";
export const key = () => sessionStorage.getItem(KEY);
export const keepKey = (value) => sessionStorage.setItem(KEY, value);

async function call(path, options = {}) {
  const headers = { ...(options.headers ?? {}) };
  if (key()) headers.Authorization = `Bearer ${key()}`;
  let answer;
  try {
    answer = await fetch(path, { ...options, headers });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal("The server does not answer. Is llm-ar serve still running?");
  }
  const data = await answer.json().catch(() => null);
  if (answer.ok && data !== null) return data;
  const said = data?.error?.message ?? `the server answered with status ${answer.status}`;
  const sentence = said.charAt(0).toUpperCase() + said.slice(1) + ".";
  throw new Refusal(sentence, answer.status, answer.status >= 429);
}

export const models = () => call("/v1/models");
export const evaluation = (name) => call(`/v1/models/${encodeURIComponent(name)}/evaluation`);
export const clips = async () => (await call("/v1/clips")).clips;
export const clip = (name) => call(`/v1/clips/${encodeURIComponent(name)}`);
export const tokens = (ids, model) =>
  call(`/v1/tokens?${new URLSearchParams({ ids: ids.join(","), model })}`);

// Send a recording, a file or joints, with the settings of a request.
export function send(route, recording, settings, signal) {
  const given = Object.entries(settings).filter(([, value]) => value !== null && value !== false);
  if (recording.file) {
    const form = new FormData();
    for (const [name, value] of given) {
      for (const each of Array.isArray(value) ? value : [value]) form.append(name, String(each));
    }
    form.append("file", recording.file, recording.file.name);
    return call(route, { method: "POST", body: form, signal });
  }
  const body = JSON.stringify({ ...recording.joints, ...Object.fromEntries(given) });
  const headers = { "Content-Type": "application/json" };
  return call(route, { method: "POST", body, headers, signal });
}

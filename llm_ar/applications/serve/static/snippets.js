// The request that the page has sent, for the command line and for Python.

import { key } from "./api.js";

const quoted = (text) => `'${String(text).replaceAll("'", "'\\''")}'`;
const python = (value) => JSON.stringify(value).replace(/^(true|false|null)$/, (word) => ({ true: "True", false: "False", null: "None" })[word]);

export function curl(recording, settings) {
  const origin = window.location.origin;
  const auth = key() ? ' -H "Authorization: Bearer $LLM_AR_API_KEY"' : "";
  if (!recording) return `curl${auth} -F file=@recording.npz ${origin}/v1/recognize`;
  const entries = Object.entries(settings).filter(([, value]) => value !== null && value !== false);
  if (recording.file) {
    const fields = entries.flatMap(([name, value]) => [value].flat().map((each) => `-F ${quoted(`${name}=${each}`)}`));
    return [`curl${auth}`, ...fields, `-F ${quoted(`file=@${recording.file.name}`)}`, `${origin}/v1/recognize`].join(" \\\n  ");
  }
  const path = `${origin}/v1/clips/${encodeURIComponent(recording.name)}`;
  const more = JSON.stringify(Object.fromEntries(entries));
  return [`curl -s${auth} ${path}`, `| jq -c ${quoted(`. + ${more}`)}`,
    `| curl${auth} -H 'Content-Type: application/json' -d @- ${origin}/v1/recognize`].join(" \\\n  ");
}

export function code(recording, settings) {
  const origin = window.location.origin;
  const entries = Object.entries(settings).filter(([, value]) => value !== null && value !== false);
  const headers = key() ? ', headers={"Authorization": f"Bearer {KEY}"}' : "";
  const first = key() ? "import os\n\nimport requests\n\nKEY = os.environ[\"LLM_AR_API_KEY\"]\n" : "import requests\n\n";
  const pairs = entries.map(([name, value]) => `    ${JSON.stringify(name)}: ${python(value)},`).join("\n");
  if (!recording || recording.file) {
    const name = recording?.file.name ?? "recording.npz";
    return `${first}settings = {\n${pairs}\n}
with open(${JSON.stringify(name)}, "rb") as file:
    answer = requests.post(
        "${origin}/v1/recognize", files={"file": file}, data=settings${headers}
    )
answer.raise_for_status()
print(answer.json()["top"][0])`;
  }
  const path = `${origin}/v1/clips/${encodeURIComponent(recording.name)}`;
  return `${first}settings = {\n${pairs}\n}
clip = requests.get("${path}"${headers}).json()
answer = requests.post("${origin}/v1/recognize", json=clip | settings${headers})
answer.raise_for_status()
print(answer.json()["top"][0])`;
}

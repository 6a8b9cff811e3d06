// A timeline as CSV and WebVTT, as `llm-ar timeline` writes them.

const COLUMNS = ["file", "person", "start", "end", "action", "probability"];
const cell = (value) => {
  const text = String(value ?? "");
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

// A row a segment; person, action and probability are empty where unknown.
export function csv(found) {
  const rows = found.people.flatMap((line) => line.segments.map((one) =>
    [found.file, line.person, one.start.toFixed(3), one.end.toFixed(3), one.action, one.probability]));
  return [COLUMNS, ...rows].map((row) => `${row.map(cell).join(",")}\n`).join("");
}

export const who = (line) => (line.person === null ? "everybody" : `person ${line.person}`);

function stamp(seconds) {
  const thousandths = Math.round(1000 * seconds);
  const part = (value, digits = 2) => String(value).padStart(digits, "0");
  const minutes = Math.floor(thousandths / 60000), rest = thousandths % 60000;
  return `${part(Math.floor(minutes / 60))}:${part(minutes % 60)}:${part(Math.floor(rest / 1000))}.${part(rest % 1000, 3)}`;
}

const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", "\n": " ", "\r": " " };

// A cue for each known segment, in order of time.
export function vtt(found) {
  const several = found.people.length > 1;
  const cues = found.people.flatMap((line) => line.segments
    .filter((one) => one.action !== null && one.end > one.start)
    .map((one) => {
      const name = one.action.replace(/[&<>\n\r]/g, (sign) => ESCAPES[sign]);
      const text = `${several ? `${who(line)}: ` : ""}${name} (${Math.round(100 * one.probability)} %)`;
      return { ...one, text };
    }));
  cues.sort((a, b) => a.start - b.start || a.end - b.end || (a.text < b.text ? -1 : 1));
  return `${["WEBVTT", ...cues.map((one) => `${stamp(one.start)} --> ${stamp(one.end)}\n${one.text}`)].join("\n\n")}\n`;
}

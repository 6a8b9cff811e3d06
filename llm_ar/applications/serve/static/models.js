// The models: what each knows, and what an evaluation found.

import { byId, make } from "./dom.js";

const fact = (name, value) => [make("dt", { textContent: name }), make("dd", { textContent: String(value) })];

// The dialog's cards; fetchMatrix(name) gives labels and counts of an evaluation.
export function showModels(models, fetchMatrix, failed) {
  byId("models-cards").replaceChildren(...models.map((model) => card(model, fetchMatrix, failed)));
  byId("models").showModal();
}

function card(model, fetchMatrix, failed) {
  const facts = make("dl", {}, ...fact("Language model", model.language_model), ...fact("Joints", model.layout),
    ...fact("People", model.people === 1 ? "one" : `${model.people} together`),
    ...fact("Codebook", `${model.tokens} tokens`), ...fact("Sentence", `${model.words} tokens of ${model.frames} frames`),
    ...fact("Fast path", model.fast ? "yes" : "no"));
  const labels = make("details", {}, make("summary", { textContent: `${model.actions.length} actions` }),
    make("ul", { className: "labels" }, ...model.actions.map((name) => make("li", { textContent: name }))));
  const made = make("article", { className: "model-card" }, make("h3", { textContent: model.name }), facts, labels);
  if (model.evaluation) made.append(evaluation(model, fetchMatrix, failed));
  return made;
}

function evaluation(model, fetchMatrix, failed) {
  const { dataset, protocol, clips, top1 } = model.evaluation;
  const place = make("div", { className: "matrix", tabIndex: 0 });
  place.setAttribute("role", "region");
  place.setAttribute("aria-label", `Confusion matrix of ${model.name}`);
  const box = make("details", {}, make("summary", {
    textContent: `${top1.toFixed(2)} % of ${clips} test clips (${dataset}, ${protocol})`,
  }), place);
  box.addEventListener("toggle", async () => {
    if (!box.open || place.firstChild) return;
    try {
      place.replaceChildren(matrix(await fetchMatrix(model.name)));
    } catch (error) {
      box.open = false;
      failed(error);
    }
  });
  return box;
}

// Rows are true actions, columns answers; a cell's color is its share of the row.
function matrix({ labels, confusion }) {
  const head = make("tr", {}, make("th", { scope: "col", textContent: "true action" }),
    ...labels.map((name, place) => {
      const cell = make("th", { scope: "col", textContent: String(place + 1), title: name });
      cell.setAttribute("aria-label", name);
      return cell;
    }));
  const rows = confusion.map((counts, row) => {
    const total = Math.max(1, counts.reduce((sum, count) => sum + count, 0));
    return make("tr", {}, make("th", { scope: "row", textContent: `${row + 1} ${labels[row]}` }),
      ...counts.map((count, column) => {
        const cell = make("td", { textContent: count ? String(count) : "", title: `${labels[row]} answered as ${labels[column]}: ${count}` });
        cell.className = row === column ? "right" : count ? "wrong" : "";
        cell.style.setProperty("--share", String(count / total));
        return cell;
      }));
  });
  return make("table", {}, make("caption", { textContent: "Counts of test clips: rows are true actions, columns are answers by the same numbers." }),
    make("thead", {}, head), make("tbody", {}, ...rows));
}

// Elements and numbers, as all parts of the page write them.

export const byId = (id) => document.getElementById(id);

export function make(tag, properties = {}, ...inner) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...inner);
  return element;
}

export const percent = (share) => `${(100 * share).toFixed(1)} %`;

// Rows of names with bars: answers of [{ action, probability }].
export function answerRows(top) {
  return top.map(({ action, probability }) => {
    const bar = make("div", { className: "bar" }, make("i"));
    bar.style.setProperty("--share", String(probability));
    return make("li", {}, make("div", { className: "name" }, make("b", { textContent: action }),
      make("span", { textContent: percent(probability) })), bar);
  });
}

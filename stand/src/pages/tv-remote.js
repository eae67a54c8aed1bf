/** A remote control has four arrows, OK, back and ten digits. There is no pointer and no keyboard. */

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

let onDigit = () => {};
let onBack = () => {};

/** What the digits and the back key do on the screen that is shown now. */
export function listen({ digit = () => {}, back = () => {} } = {}) {
  onDigit = digit;
  onBack = back;
}

export function startRemote() {
  document.addEventListener("keydown", (event) => {
    const direction = ARROWS[event.key];
    if (direction !== undefined) move(direction);
    else if (/^[0-9]$/.test(event.key)) onDigit(event.key);
    else if (["Escape", "Backspace", "BrowserBack", "GoBack"].includes(event.key)) onBack();
    else return;
    event.preventDefault();
  });
  // A focus that is lost cannot be found again with arrows.
  document.addEventListener("focusout", () => queueMicrotask(() => focusFirst()));
}

/** Gives the focus to `wanted`, or to the first button where nothing has it. */
export function focusFirst(wanted) {
  if (wanted === undefined && document.activeElement?.matches("main button")) return;
  (wanted ?? document.querySelector("main button"))?.focus();
}

/** The nearest button that way; a step aside counts three times, so that rows and columns are kept to. */
function move([x, y]) {
  const from = document.activeElement;
  if (!from?.matches("main button")) return focusFirst();
  const start = centre(from);
  let best;
  for (const candidate of document.querySelectorAll("main button")) {
    if (candidate === from) continue;
    const end = centre(candidate);
    const along = (end.x - start.x) * x + (end.y - start.y) * y;
    const aside = Math.abs((end.x - start.x) * y) + Math.abs((end.y - start.y) * x);
    const cost = along + 3 * aside;
    if (along > 8 && (best === undefined || cost < best.cost)) best = { candidate, cost };
  }
  best?.candidate.focus();
  best?.candidate.scrollIntoView({ block: "nearest" });
}

function centre(element) {
  const { left, top, width, height } = element.getBoundingClientRect();
  return { x: left + width / 2, y: top + height / 2 };
}

/** Makes an element: `make("p", { class: "bad" }, "text", child)`. Texts stay texts. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "press") element.addEventListener("click", value);
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** An SVG as a picture: it can show, and do nothing else. */
export function pictureOf(svg, attributes) {
  return make("img", { src: `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`, ...attributes });
}

/** Puts a screen in place of the one before. */
export function show(name, ...children) {
  const screen = document.querySelector("#screen");
  screen.dataset.screen = name;
  screen.replaceChildren(...children);
  focusFirst(screen.querySelector("[data-first]") ?? screen.querySelector("button") ?? undefined);
}

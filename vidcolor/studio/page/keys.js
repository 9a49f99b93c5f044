// Keys for everything; `?` shows them.

export const KEYS = [
  ["P B G E I H", "point, brush, leave grey, eraser, picker, move"],
  ["1 … 6", "the likely colours, in their order"],
  ["Delete", "remove the dot that is chosen"],
  ["Ctrl+Z, Ctrl+Y", "undo, redo"],
  ["[ ]", "smaller, larger dots and brush"],
  ["← →", "frame before, next frame (Shift: ten)"],
  ["Page up, Page down", "shot before, next shot"],
  ["Home, End", "first, last frame"],
  ["Space", "play the shot, stop; held with the mouse: move the picture"],
  ["C", "hold: without colour"],
  ["S", "before and after, side by side"],
  ["M", "where the colour went"],
  ["O", "show or hide dots"],
  ["+ − 0", "nearer, further, whole picture"],
  ["X", "a crosshair: arrows move it (Shift: further), Enter sets a dot or paints"],
  ["F", "full screen"],
  ["K", "type a colour"],
  ["Ctrl+S", "save this frame as a still"],
  ["Ctrl+Enter", "colour the film"],
  ["Esc", "stop, choose nothing"],
  ["?", "these keys"],
];

export function bindKeys(act) {
  const held = new Set();
  addEventListener("keydown", (event) => {
    const field = event.target.closest?.("input:not([type=range]):not([type=checkbox]):not([type=radio]), select, textarea");
    if (document.querySelector("dialog[open]") || (field && event.key !== "Escape")) return;
    const onButton = event.target.closest?.("button, a, [role=tab], label");
    if (onButton && ["Enter", " "].includes(event.key)) return;
    const onRange = event.target.closest?.("input[type=range]");
    if (onRange && onRange.id !== "scrub" && event.key.startsWith("Arrow")) return;
    if (event.target.closest?.("input[type=radio]") && (event.key.startsWith("Arrow") || event.key === " ")) return;
    const name = (event.ctrlKey || event.metaKey ? "Ctrl+" : "") + (event.key.length === 1 ? event.key.toLowerCase() : event.key);
    if (event.altKey || !act(name, event, event.repeat)) return;
    held.add(name);
    event.preventDefault();
  });
  addEventListener("keyup", (event) => {
    const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (held.delete(name)) act(`-${name}`, event, false);
  });
}

export function listKeys(into) {
  into.replaceChildren(...KEYS.flatMap(([keys, words]) => {
    const term = document.createElement("dt"), said = document.createElement("dd");
    term.textContent = keys; said.textContent = words;
    return [term, said];
  }));
}

// Dots and strokes, and the colour that they get.

import { GREY, Wheel, read, shown, swatches } from "./color.js";
import { act } from "./changes.js";
import { desk, on } from "./desk.js";
import { $, bin, made, trouble } from "./dom.js";
import { showMask } from "./frame.js";

let current = "#3b5f8a", likely = [], lastTool = "point";

const wheel = new Wheel($("wheel"), (color, final) => { take(color); if (final) choose(color); });
const newId = () => [...crypto.getRandomValues(new Uint8Array(6))].map((b) => b.toString(16).padStart(2, "0")).join("");
const rounded = (points) => points.map((p) => [Math.round(p[0] * 100) / 100, Math.round(p[1] * 100) / 100]);

function put(points, color) {
  const { frame, stage } = desk;
  const dot = { id: newId(), frame, points: rounded(points), radius: stage.radius, colour: color, strength: 1 };
  stage.selected = dot.id; stage.pending = null;
  showSelected();
  return act([{ put: dot }], [{ remove: dot.id }]);
}

function recolor(id, color) {
  const dot = desk.dots.find((one) => one.id === id);
  if (!dot || dot.colour === color) return null;
  return act([{ put: { ...dot, colour: color } }], [{ put: dot }]);
}

export function remove(ids) { return cut(new Map(ids.map((id) => [id, []]))); }

// Leaves of each dot the pieces that are given for its id.
function cut(left) {
  const gone = desk.dots.filter((dot) => left.has(dot.id));
  if (!gone.length) return null;
  if (left.has(desk.stage.selected)) desk.stage.selected = null;
  showSelected();
  const pieces = gone.flatMap((dot) => left.get(dot.id).map((points) => ({ ...dot, id: newId(), points: rounded(points) })));
  return act(
    [...gone.map((dot) => ({ remove: dot.id })), ...pieces.map((piece) => ({ put: piece }))],
    [...pieces.map((piece) => ({ remove: piece.id })), ...gone.map((dot) => ({ put: dot }))],
  );
}

function select(dot) {
  const { picture, stage } = desk;
  stage.selected = dot.id; stage.pending = null;
  setColor(shown(dot.colour)); showSelected(); ask(dot.points[0]);
  stage.over();
  if (picture.masked) showMask();
}

function point(place) {
  const { stage } = desk, dot = stage.showDots ? stage.hit(place) : null;
  if (dot) { select(dot); return; }
  stage.pending = place; stage.selected = null;
  showSelected(); ask(place);
}

async function ask(place) {
  const { facts, film, frame } = desk;
  $("likely").replaceChildren(); $("likely").dataset.empty = "asking…";
  try {
    const said = await film.json(`/frame/${frame}/likely`, { x: Math.min(1, place[0] / facts.width), y: Math.min(1, place[1] / facts.height) });
    if (frame === desk.frame) { likely = said.colours; showLikely(); }
  } catch (error) { $("likely").dataset.empty = ""; trouble(error); }
}

export function showLikely() {
  $("likely").dataset.empty = "Point at a thing to see what the network holds likely.";
  swatches($("likely"), likely, choose);
}

export function chooseLikely(number) { if (likely[number]) choose(likely[number].colour); }

function showPalette() {
  const used = new Map();
  for (const dot of desk.dots) used.set(dot.colour, (used.get(dot.colour) ?? 0) + 1);
  $("palette").dataset.empty = "Colours you use are kept here.";
  swatches($("palette"), [...used].sort((a, b) => b[1] - a[1]).slice(0, 24).map(([colour]) => ({ colour })), choose);
}

function showList() {
  $("dots").dataset.empty = "None on this frame.";
  $("dots").replaceChildren(...desk.stage.dots.map((dot) => {
    const patch = made("button", { className: "swatch" });
    patch.style.background = shown(dot.colour); patch.setAttribute("aria-label", `Choose ${dot.colour}`);
    patch.addEventListener("click", () => select(dot));
    const words = made("span", { textContent: `${dot.points.length > 1 ? "stroke" : "dot"}, ${dot.colour}` });
    return made("li", {}, patch, words, bin("Remove", () => remove([dot.id])));
  }));
}

// The colour that the next dot or stroke gets.
function take(color) {
  current = color; desk.stage.color = color;
  $("swatch").style.background = color;
  if (document.activeElement !== $("text")) $("text").value = color;
}

export function setColor(color = current) {
  take(color);
  wheel.show(color); $("light").value = Math.round(wheel.hsv[2] * 100);
  $("text-problem").textContent = "";
}

// A colour was chosen: for what is pointed at, for the dot that is chosen, or for the brush.
export function choose(color) {
  const { stage } = desk;
  if (color !== GREY) setColor(shown(color));
  if (stage.pending) put([stage.pending], color);
  else if (stage.selected) recolor(stage.selected, color);
  stage.over();
}

export function showSelected() {
  const { dots, stage } = desk, dot = dots.find((one) => one.id === stage.selected);
  $("remove").hidden = !stage.selected;
  $("selected-words").textContent = stage.pending ? "What colour was this?"
    : stage.selected ? `The ${dot?.points.length > 1 ? "stroke" : "dot"} that is chosen`
      : { point: "Point at a thing.", brush: "Paint with this colour.", grey: "Paint what is to stay grey.", eraser: "Rub out what is to go.", pick: "Touch a colour in the picture.", hand: "Drag the picture." }[stage.tool];
}

export function removeSelected() { if (desk.stage.selected) remove([desk.stage.selected]); }

export function choosesNothing() {
  const { stage } = desk;
  stage.pending = stage.selected = stage.cross = null;
  showSelected(); stage.over();
}

export function setTool(tool) {
  const { stage } = desk;
  stage.tool = tool; stage.overlay.dataset.tool = tool;
  for (const button of $("tools").children) button.setAttribute("aria-pressed", String(button.dataset.tool === tool));
  if (tool !== "point" && tool !== "pick") stage.pending = null;
  if (tool !== "pick") lastTool = tool;
  showSelected(); stage.over();
}

export function setRadius(share) {
  const { facts, stage } = desk;
  share = Math.max(0.3, Math.min(6, share));
  $("radius").value = share; $("radius-out").textContent = `${share.toFixed(1)} %`;
  stage.radius = Math.max(0.5, share / 100 * Math.min(facts.width, facts.height));
  stage.over();
}
export const scaleRadius = (by) => setRadius(Number($("radius").value) * by);

export const tools = {
  point,
  brush: (points) => put(points.map((p) => desk.stage.clamped(p)), current),
  grey: (points) => put(points.map((p) => desk.stage.clamped(p)), GREY),
  eraser: cut,
  pick: (place) => { choose(desk.picture.colorAt(...desk.stage.toCanvas(place))); setTool(lastTool); },
  slid: () => { desk.picture.split = desk.stage.slider; desk.picture.draw(); },
};

function takeText() {
  const word = $("text").value, color = read(word);
  $("text-problem").textContent = color ? "" : `“${word}” is no colour: write #rrggbb or a name such as olive.`;
  if (color) { $("text").blur(); choose(color); }
}

on("another", () => { likely = []; showLikely(); });
on("place", showList);
on("dots", () => { showPalette(); showSelected(); });

$("remove").addEventListener("click", removeSelected);
for (const button of $("tools").children) button.addEventListener("click", () => setTool(button.dataset.tool));
$("radius").addEventListener("input", () => setRadius(Number($("radius").value)));
$("light").addEventListener("input", () => { wheel.hsv[2] = Number($("light").value) / 100; wheel.draw(); take(wheel.color); });
$("take").addEventListener("click", takeText);
$("text").addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); takeText(); } });

// What each key does.

import { desk } from "./desk.js";
import { $ } from "./dom.js";
import { chooseLikely, choosesNothing, remove, removeSelected, scaleRadius, setTool, tools } from "./dots.js";
import { go, step, stepShot } from "./frame.js";
import { openOrder } from "./order.js";
import { play, stop } from "./playing.js";
import { openTab } from "./tabs.js";
import { full, setGrey, switchDots, switchMask, switchSlider } from "./views.js";

const TOOLS = { p: "point", b: "brush", g: "grey", e: "eraser", i: "pick", h: "hand" };
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function moveCross(name, far) {
  const { facts, stage } = desk, by = Math.max(1, facts.width / 200) * (far ? 8 : 1), [dx, dy] = ARROWS[name];
  stage.cross = stage.clamped([stage.cross[0] + dx * by, stage.cross[1] + dy * by]); stage.over();
}

function useCross() {
  const { stage } = desk;
  if (!stage.cross) return;
  if (["brush", "grey"].includes(stage.tool)) tools[stage.tool]([stage.cross]);
  else if (stage.tool === "eraser") { const dot = stage.hit(stage.cross); if (dot) remove([dot.id]); }
  else tools[stage.tool]?.(stage.cross);
}

function switchCross() {
  const { facts, stage } = desk;
  stage.cross = stage.cross ? null : [facts.width / 2, facts.height / 2];
  stage.over(); stage.overlay.focus();
}

const showKeys = () => $("keys-dialog").showModal();

const PRESSED = {
  "ArrowLeft": (e) => step(e.shiftKey ? -10 : -1), "ArrowRight": (e) => step(e.shiftKey ? 10 : 1),
  "PageUp": () => stepShot(-1), "PageDown": () => stepShot(1),
  "Home": () => go(0), "End": () => go(desk.facts.frames - 1),
  "Ctrl+z": (e) => (e.shiftKey ? desk.history.redo() : desk.history.undo()), "Ctrl+y": () => desk.history.redo(),
  "Delete": removeSelected, "Backspace": removeSelected,
  "[": () => scaleRadius(1 / 1.2), "]": () => scaleRadius(1.2),
  "c": () => setGrey(true), "-c": () => setGrey(false),
  "s": switchSlider, "m": switchMask, "o": switchDots, "f": full,
  "+": () => desk.stage.zoomMiddle(1.25), "=": () => desk.stage.zoomMiddle(1.25), "-": () => desk.stage.zoomMiddle(0.8), "0": () => desk.stage.fit(),
  "x": switchCross, "Enter": useCross,
  "k": () => { openTab("colour"); $("text").focus(); $("text").select(); },
  "Ctrl+s": () => $("save-still").click(), "Ctrl+Enter": openOrder, "?": showKeys,
  " ": (_, again) => { if (!again) { desk.stage.panned = false; desk.stage.held = "hand"; } },
  "- ": () => { desk.stage.held = null; if (!desk.stage.panned && desk.facts.film) play(); desk.stage.panned = false; },
  "Escape": () => { if (desk.playing) stop(); choosesNothing(); },
};

// Does what a key is for, "-c" where c is let go; false where that is nothing.
export function pressed(name, event, again) {
  if (!desk.film) return name === "?" ? (showKeys(), true) : false;
  if (desk.stage.cross && ARROWS[name]) moveCross(name, event.shiftKey);
  else if (TOOLS[name]) setTool(TOOLS[name]);
  else if (/^[1-6]$/.test(name)) chooseLikely(Number(name) - 1);
  else if (PRESSED[name]) PRESSED[name](event, again);
  else return false;
  return true;
}

$("keys").addEventListener("click", showKeys);

// The frame that is looked at: its luma, its colour, where that went.

import { desk, on, say } from "./desk.js";
import { $, trouble } from "./dom.js";
import { clock } from "./strip.js";

const KEPT = 24;          // luma of so many frames, so that stepping back costs nothing
const kept = new Map();
let loading = null, lumaOf = -1, stepping = false;

async function lumaFile(index, signal) {
  if (kept.has(index)) return kept.get(index);
  const { bitmap } = await desk.film.picture(`/frame/${index}/luma`, {}, signal);
  kept.set(index, bitmap);
  if (kept.size > KEPT) kept.delete(kept.keys().next().value);
  return bitmap;
}

export function forget() { kept.clear(); lumaOf = -1; }

export async function go(index, { stay = false } = {}) {
  const { facts, stage } = desk;
  index = Math.max(0, Math.min(facts.frames - 1, Math.round(index)));
  if (!stay) say("leaving");
  if (index !== desk.frame) { stage.pending = null; stage.selected = null; say("another"); }
  desk.frame = index;
  say("place");
  await lookAt();
}

// Fetches what is shown: luma where the frame is another, then its colour.
export async function lookAt() {
  loading?.abort();
  const mine = loading = new AbortController(), index = desk.frame;
  const { film, facts, picture, stage } = desk;
  try {
    let chroma = null;
    const askColor = () => { chroma ??= film.picture(`/frame/${index}/chroma`, {}, mine.signal); chroma.catch(() => {}); };
    // The very first colour loads the network: the frame itself does not wait for that.
    if (lumaOf !== -1) askColor();
    if (lumaOf !== index) {
      const luma = await lumaFile(index, mine.signal);
      if (mine !== loading) return;
      picture.set("luma", luma); picture.set("chroma", null); picture.set("mask", null);
      lumaOf = index; document.body.dataset.shown = index;
      stage.lay();
      if (!desk.kind) $("state").textContent = "The first colour is on its way: the network is being loaded…";
    }
    askColor();
    const { bitmap, headers } = await chroma;
    if (mine !== loading) return;
    picture.set("chroma", bitmap);
    picture.gain = 1;
    desk.kind = headers.get("X-Kind");
    document.body.dataset.seen = String(Number(document.body.dataset.seen ?? 0) + 1);
    document.body.dataset.frame = index;
    picture.draw(); showState(headers.get("X-More") === "1");
    if (picture.masked) await showMask();
    if (stepping && facts.film && index + 1 < facts.frames && !kept.has(index + 1)) lumaFile(index + 1).catch(() => {});
  } catch (error) { if (mine === loading) trouble(error); }
}

export async function showMask() {
  const { film, picture, stage, stills, trusted } = desk, index = desk.frame;
  const still = stills.find((one) => one.name === trusted && one.frame === index);
  try {
    const { bitmap } = await film.picture(`/frame/${index}/mask`, { without: still?.name ?? stage.selected ?? "" });
    if (index !== desk.frame) return;
    picture.set("mask", bitmap); picture.draw();
    document.body.dataset.masked = String(Number(document.body.dataset.masked ?? 0) + 1);
  } catch (error) { trouble(error); }
}

export function setMasked(on) {
  const { picture } = desk;
  if (!on) desk.trusted = null;
  picture.masked = on; picture.set("mask", null);
  $("mask").setAttribute("aria-pressed", String(on));
  picture.draw();
  if (on) showMask();
}

export function showState(more) {
  const { facts, kind, playing, strip } = desk, shot = strip.at(desk.frame);
  let words = "";
  if (playing) words = "Playing the shot in settled colour";
  else if (shot?.state === "making") words = more ? "Colour from other frames of this shot is on its way…" : "The shot is being made anew…";
  else if (kind === "own") words = "This shot keeps the colour that it has";
  else if (kind === "alone" && facts.film) words = "A first guess; play the shot to see it settled";
  else if (more) words = "Colour from other frames of this shot is not in this picture yet";
  $("state").textContent = words;
}

export function step(by) { stepping = true; go(desk.frame + by); }
export function jump(index) { stepping = false; go(index); }
export function stepShot(by) {
  const { frame, strip } = desk, place = strip.shots.findIndex((shot) => frame >= shot.first && frame < shot.first + shot.count);
  const shot = place < 0 ? strip.shots.at(-1) : by < 0 && frame > strip.shots[place].first ? strip.shots[place] : strip.shots[place + by];
  if (shot) jump(shot.first);
}

on("place", () => {
  const { dots, facts, film, frame, stage, strip } = desk;
  $("clock").textContent = `${clock(frame, facts.rate)}  ·  frame ${frame}`;
  $("scrub").value = frame;
  stage.dots = dots.filter((dot) => dot.frame === frame);
  $("save-still").href = film.path(`/frame/${frame}/still.png`);
  $("save-still").download = `ref_${String(frame).padStart(6, "0")}.png`;
  say("shot", strip.mark(frame));
  stage.over();
});

$("back").addEventListener("click", () => step(-1)); $("forth").addEventListener("click", () => step(1));
$("shot-back").addEventListener("click", () => stepShot(-1)); $("shot-forth").addEventListener("click", () => stepShot(1));
$("scrub").addEventListener("input", () => jump(Number($("scrub").value)));

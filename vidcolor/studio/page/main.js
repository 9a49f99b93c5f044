// The page as a whole: what the server says is shown, what a person does is sent.

import { GREY, Wheel, read, shown, swatches } from "./color.js";
import { showGrid } from "./grid.js";
import { History } from "./history.js";
import { bindKeys, listKeys } from "./keys.js";
import { Film, Gone, Stale, items, listen, makingStep } from "./net.js";
import { Picture } from "./picture.js";
import { Stage } from "./stage.js";
import { Strip, clock, minutes } from "./strip.js";

const $ = (id) => document.getElementById(id);
const options = new URLSearchParams(location.search);
const remembered = (name, otherwise) => localStorage.getItem(`vidcolor-${name}`) ?? otherwise;

// Light or dark.
const themes = ["auto", "light", "dark"];
const darkSystem = matchMedia("(prefers-color-scheme: dark)");
let theme = remembered("theme", "auto");
function showTheme() {
  document.documentElement.dataset.theme = theme === "auto" ? (darkSystem.matches ? "dark" : "light") : theme;
  $("theme").title = `Light or dark: ${theme === "auto" ? "as the system" : theme}`;
  stage?.lay();
}
darkSystem.addEventListener("change", showTheme);
$("theme").addEventListener("click", () => {
  theme = themes[(themes.indexOf(theme) + 1) % themes.length];
  localStorage.setItem("vidcolor-theme", theme);
  showTheme();
});

// Words that pass.
function toast(words, seconds = 7) {
  const line = document.createElement("p");
  line.textContent = words;
  $("toasts").append(line);
  setTimeout(() => line.remove(), seconds * 1000);
}
function trouble(error) {
  if (error instanceof Stale) return;
  if (error instanceof Gone) { lose(error.message); return; }
  toast(error.message);
}
const banners = new Map();
function banner(kind, words) {
  if (words) banners.set(kind, words); else banners.delete(kind);
  $("banner").hidden = !banners.size;
  $("banner").textContent = [...banners.values()].join(" ");
}
function lose(words = "The studio has ended.") {
  banner("lost", `${words} Start it again with vidcolor studio and open the address it shows; what you did is kept. If it still runs, this page reconnects by itself.`);
}

let film = null, facts = null, stage = null, picture = null, strip = null, history = null, ended = null;
let frame = 0, look = {}, dots = [], stills = [], current = "#3b5f8a", likely = [], making = { state: "idle" };
let loading = null, lumaOf = -1, chromaKind = "", playing = null, wheel = null, seenSaturation = 1;
const kept = new Map();   // luma of frames, so that stepping back costs nothing

// ---- The frame

async function lumaFile(index, signal) {
  if (kept.has(index)) return kept.get(index);
  const { bitmap } = await film.picture(`/frame/${index}/luma`, {}, signal);
  kept.set(index, bitmap);
  if (kept.size > 24) kept.delete(kept.keys().next().value);
  return bitmap;
}

async function go(index, { stay = false } = {}) {
  index = Math.max(0, Math.min(facts.frames - 1, Math.round(index)));
  if (!stay) stop(false);
  if (index !== frame) { stage.pending = null; stage.selected = null; likely = []; showLikely(); }
  frame = index;
  showPlace();
  await look_at();
}

// Fetches what is shown: luma where the frame is another, then its colour.
async function look_at() {
  loading?.abort();
  const mine = loading = new AbortController(), index = frame;
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
      if (!chromaKind) $("state").textContent = "The first colour is on its way: the network is being loaded…";
    }
    askColor();
    const { bitmap, headers } = await chroma;
    if (mine !== loading) return;
    picture.set("chroma", bitmap);
    seenSaturation = look.saturation ?? facts.saturation;
    picture.gain = 1;
    chromaKind = headers.get("X-Kind");
    document.body.dataset.seen = String(Number(document.body.dataset.seen ?? 0) + 1);
    document.body.dataset.frame = index;
    picture.draw(); showState(headers.get("X-More") === "1");
    if (picture.masked) await showMask();
    if (facts.film && index + 1 < facts.frames && !kept.has(index + 1) && stepping) lumaFile(index + 1).catch(() => {});
  } catch (error) { if (mine === loading) trouble(error); }
}
let stepping = false;

let trusted = null;   // a still whose trusted area is looked at

async function showMask() {
  const index = frame, mine = stills.find((still) => still.name === trusted && still.frame === frame);
  const without = mine?.name ?? stage.selected ?? "";
  try {
    const { bitmap } = await film.picture(`/frame/${index}/mask`, { without });
    if (index !== frame) return;
    picture.set("mask", bitmap); picture.draw();
    document.body.dataset.masked = String(Number(document.body.dataset.masked ?? 0) + 1);
  } catch (error) { trouble(error); }
}

function showState(more) {
  const shot = strip.at(frame);
  let words = "";
  if (playing) words = "Playing the shot in settled colour";
  else if (shot?.state === "making") words = more ? "Colour from other frames of this shot is on its way…" : "The shot is being made anew…";
  else if (chromaKind === "alone" && facts.film) words = "A first guess; play the shot to see it settled";
  else if (more) words = "Colour from other frames of this shot is not in this picture yet";
  $("state").textContent = words;
}

function showPlace() {
  $("clock").textContent = `${clock(frame, facts.rate)}  ·  frame ${frame}`;
  $("scrub").value = frame;
  const shot = strip.mark(frame);
  stage.dots = dots.filter((dot) => dot.frame === frame);
  $("save-still").href = film.path(`/frame/${frame}/still.png`);
  $("save-still").download = `ref_${String(frame).padStart(6, "0")}.png`;
  showShot(shot); showDots(); stage.over();
}

function showShot(shot) {
  if (!facts.film) { $("shot-name").textContent = "Photograph"; $("shot-words").textContent = `${facts.width} × ${facts.height}`; return; }
  $("shot-name").textContent = shot ? `Shot ${shot.number}` : "Shot";
  const marks = { plain: "not made yet", making: "being made", ready: "made as it is now", stale: "changed since it was made" };
  $("shot-words").textContent = shot
    ? `frames ${shot.first} to ${shot.first + shot.count - 1}, ${minutes(shot.count / facts.rate)} · ${marks[shot.state]}${shot.said ? ` · ${shot.said} frame${shot.said > 1 ? "s" : ""} with dots or stills` : ""}${shot.filmed ? " · in the film as it is now" : ""}`
    : "The film is being walked through; its shots appear one by one.";
  $("shot-play").disabled = $("shot-grey").disabled = !shot;
}

function showDots() {
  $("dots").dataset.empty = "None on this frame.";
  $("dots").replaceChildren(...stage.dots.map((dot) => {
    const item = document.createElement("li"), patch = document.createElement("button"), words = document.createElement("span"), bin = document.createElement("button");
    patch.className = "swatch"; patch.style.background = shown(dot.colour); patch.setAttribute("aria-label", `Choose ${dot.colour}`);
    patch.addEventListener("click", () => select(dot));
    words.textContent = `${dot.points.length > 1 ? "stroke" : "dot"}, ${dot.colour}`;
    bin.textContent = "✕"; bin.className = "quiet"; bin.setAttribute("aria-label", "Remove");
    bin.addEventListener("click", () => remove([dot.id]));
    item.append(patch, words, bin);
    return item;
  }));
}

// ---- Dots

const newId = () => [...crypto.getRandomValues(new Uint8Array(6))].map((b) => b.toString(16).padStart(2, "0")).join("");

async function send(changes) {
  // Shown before the server has answered: it costs a picture, not a question.
  const now = new Map(dots.map((dot) => [dot.id, dot]));
  for (const change of changes) if (change.put) now.set(change.put.id, change.put); else now.delete(change.remove);
  dots = [...now.values()];
  showPlace(); showPalette();
  try {
    const said = await film.post("/dots", changes);
    dots = said.dots; showPlace();
    await look_at();
  } catch (error) {
    trouble(error);
    const said = await film.json("/state").catch(() => null);
    if (said) { dots = said.dots; showPlace(); look_at(); }
  }
}

function put(points, colour) {
  const dot = { id: newId(), frame, points: points.map((p) => [Math.round(p[0] * 100) / 100, Math.round(p[1] * 100) / 100]), radius: stage.radius, colour, strength: 1 };
  stage.selected = dot.id; stage.pending = null;
  showSelected();
  return history.act([{ put: dot }], [{ remove: dot.id }]);
}

function recolor(id, colour) {
  const dot = dots.find((one) => one.id === id);
  if (!dot || dot.colour === colour) return null;
  return history.act([{ put: { ...dot, colour } }], [{ put: dot }]);
}

function remove(ids) {
  const gone = dots.filter((dot) => ids.includes(dot.id));
  if (!gone.length) return null;
  if (ids.includes(stage.selected)) stage.selected = null;
  showSelected();
  return history.act(gone.map((dot) => ({ remove: dot.id })), gone.map((dot) => ({ put: dot })));
}

function select(dot) {
  stage.selected = dot.id; stage.pending = null;
  setCurrent(shown(dot.colour)); showSelected(); ask(dot.points[0]);
  stage.over();
  if (picture.masked) showMask();
}

function point(place) {
  const dot = stage.showDots ? stage.hit(place) : null;
  if (dot) { select(dot); return; }
  stage.pending = place; stage.selected = null;
  showSelected(); ask(place);
}

async function ask(place) {
  const index = frame;
  $("likely").replaceChildren(); $("likely").dataset.empty = "asking…";
  try {
    const said = await film.json(`/frame/${index}/likely`, { x: Math.min(1, place[0] / facts.width), y: Math.min(1, place[1] / facts.height) });
    if (index === frame) { likely = said.colours; showLikely(); }
  } catch (error) { $("likely").dataset.empty = ""; trouble(error); }
}

function showLikely() {
  $("likely").dataset.empty = "Point at a thing to see what the network holds likely.";
  swatches($("likely"), likely, choose);
}

function showPalette() {
  const used = new Map();
  for (const dot of dots) used.set(dot.colour, (used.get(dot.colour) ?? 0) + 1);
  $("palette").dataset.empty = "Colours you use are kept here.";
  swatches($("palette"), [...used].sort((a, b) => b[1] - a[1]).slice(0, 24).map(([colour]) => ({ colour })), choose);
}

function setCurrent(colour) {
  current = colour; stage.colour = colour;
  $("swatch").style.background = colour;
  if (document.activeElement !== $("text")) $("text").value = colour;
  wheel.show(colour); $("light").value = Math.round(wheel.hsv[2] * 100);
  $("text-problem").textContent = "";
}

// A colour was chosen: for what is pointed at, for the dot that is chosen, or for the brush.
function choose(colour) {
  if (colour !== GREY) setCurrent(shown(colour));
  if (stage.pending) put([stage.pending], colour);
  else if (stage.selected) recolor(stage.selected, colour);
  stage.over();
}

function showSelected() {
  const dot = dots.find((one) => one.id === stage.selected);
  $("remove").hidden = !stage.selected;
  $("selected-words").textContent = stage.pending ? "What colour was this?"
    : stage.selected ? `The ${dot?.points.length > 1 ? "stroke" : "dot"} that is chosen`
      : { point: "Point at a thing.", brush: "Paint with this colour.", grey: "Paint what is to stay grey.", eraser: "Touch what is to go.", pick: "Touch a colour in the picture.", hand: "Drag the picture." }[stage.tool];
}

function setTool(tool) {
  stage.tool = tool; stage.overlay.dataset.tool = tool;
  for (const button of $("tools").children) button.setAttribute("aria-pressed", String(button.dataset.tool === tool));
  if (tool !== "point" && tool !== "pick") { stage.pending = null; }
  if (tool !== "pick") lastTool = tool;
  showSelected(); stage.over();
}
let lastTool = "point";

const acts = {
  point,
  brush: (points) => put(points.map((p) => stage.clamped(p)), current),
  grey: (points) => put(points.map((p) => stage.clamped(p)), GREY),
  eraser: (ids) => remove(ids),
  pick: (place) => { choose(picture.colorAt(...stage.toCanvas(place))); setTool(lastTool); },
  slid: () => { picture.split = stage.slider; picture.draw(); },
};

// ---- Playing

const video = $("video");
async function play() {
  if (playing) { stop(); return; }
  const shot = strip.at(frame);
  if (!shot) { toast("The film is being walked through; this shot is not known yet."); return; }
  const kind = video.canPlayType('video/mp4; codecs="avc1.64001f"') ? "mp4" : "webm";
  waiting = shot.first;
  try {
    const { name } = await film.post(`/shots/${shot.first}/play`, null, { kind });
    if (name) start(shot, name);
  } catch (error) { trouble(error); }
}
let waiting = null;

function start(shot, name) {
  waiting = null;
  playing = shot;
  video.src = film.path(`/played/${name}`);
  video.hidden = false; stage.playing = true; stage.over();
  video.play().catch(() => toast("This browser cannot play the shot."));
  $("play").firstElementChild.firstElementChild.setAttribute("href", "/page/icons.svg#stop");
  document.body.dataset.playing = "yes";
  showState(false); tick();
}

function tick() {
  if (!playing) return;
  const index = playing.first + Math.min(playing.count - 1, Math.floor(video.currentTime * facts.rate + 0.01));
  $("clock").textContent = `${clock(index, facts.rate)}  ·  frame ${index}`; $("scrub").value = index;
  requestAnimationFrame(tick);
}

function stop(stay = true) {
  waiting = null;
  if (!playing) return;
  const index = playing.first + Math.min(playing.count - 1, Math.floor(video.currentTime * facts.rate + 0.01));
  playing = null;
  stage.playing = false; stage.over();
  video.pause(); video.removeAttribute("src"); video.load(); video.hidden = true;
  $("play").firstElementChild.firstElementChild.setAttribute("href", "/page/icons.svg#play");
  document.body.dataset.playing = "no";
  if (stay) go(index, { stay: true });
}
video.addEventListener("error", () => { if (playing && video.src) { stop(); toast("This browser cannot play the shot."); } });

// ---- Look

const sliders = { saturation: (v) => v.toFixed(2), vividness: (v) => v.toFixed(1), steady: (v) => v.toFixed(2) };
function showLook() {
  for (const [name, words] of Object.entries(sliders)) {
    const value = Number(look[name] ?? facts.saturation);
    if (document.activeElement !== $(name)) $(name).value = value;
    $(`${name}-out`).textContent = words(value);
  }
  $("keep").checked = look.keep_colored; $("reach").value = look.reach;
}
async function setLook(values) {
  try {
    look = (await film.post("/look", values)).look;
    showLook(); await look_at(); refreshCommand();
  } catch (error) { trouble(error); }
}
for (const name of Object.keys(sliders)) {
  $(name).addEventListener("input", () => {
    const value = Number($(name).value);
    $(`${name}-out`).textContent = sliders[name](value);
    // Saturation shows while the slider moves; people's own colours are exact again when it rests.
    if (name === "saturation") { picture.gain = seenSaturation ? value / seenSaturation : 1; picture.draw(); }
  });
  $(name).addEventListener("change", () => setLook({ [name]: Number($(name).value) }));
}
$("keep").addEventListener("change", () => setLook({ keep_colored: $("keep").checked }));
$("reach").addEventListener("change", () => setLook({ reach: $("reach").value }));
$("reset-look").addEventListener("click", () => setLook({ saturation: null, vividness: 1, steady: 1, keep_colored: false }));
async function refreshCommand() {
  const said = await film.json("/state").catch(() => null);
  if (said) $("command").textContent = said.command;
}
$("copy").addEventListener("click", () => navigator.clipboard?.writeText($("command").textContent).then(() => toast("Copied.", 2), () => {}));

// ---- Stills

function showStills() {
  $("stills").dataset.empty = "None yet.";
  $("stills").replaceChildren(...stills.map((still) => {
    const item = document.createElement("li"), words = document.createElement("span"), to = document.createElement("button"), bin = document.createElement("button");
    words.textContent = still.problem ? `${still.name}: ${still.problem}`
      : `frame ${still.frame}, ${still.grey ? "grey" : `trusted on ${Math.round(still.trusted * 100)} %`}`;
    if (still.problem) words.className = "problem";
    to.textContent = "Show"; to.hidden = still.frame === null;
    to.addEventListener("click", async () => {
      trusted = still.name; stage.selected = null;
      await go(still.frame); setMasked(true);
      toast("Bright is where this still is trusted.", 4);
    });
    bin.textContent = "✕"; bin.className = "quiet"; bin.setAttribute("aria-label", `Remove ${still.name}`);
    bin.addEventListener("click", async () => {
      try { stills = (await film.remove(`/stills/${encodeURIComponent(still.name)}`)).stills; showStills(); look_at(); } catch (error) { trouble(error); }
    });
    item.append(words, to, bin);
    return item;
  }));
}

async function addStill(file, index) {
  toast(`Laying ${file.name} over frame ${index}…`, 3);
  try {
    stills = (await film.post("/stills", file, { frame: index })).stills;
    showStills(); await look_at();
    const mine = stills.find((still) => still.frame === index);
    if (mine) toast(`It fits: trusted on ${Math.round(mine.trusted * 100)} % of frame ${index}.`);
  } catch (error) { trouble(error); }
}
$("still-file").addEventListener("change", () => { const file = $("still-file").files[0]; if (file) addStill(file, frameIn(file.name) ?? frame); $("still-file").value = ""; });
$("shot-grey").addEventListener("click", async () => {
  const shot = strip.at(frame);
  if (!shot) return;
  try { stills = (await film.post(`/shots/${shot.first}/grey`)).stills; showStills(); await look_at(); toast("A grey still rules this shot now; it stands among the stills and can be removed there."); } catch (error) { trouble(error); }
});

const frameIn = (name) => { const found = name.match(/(?:ref|still|frame)[_-]?(\d+)/i); return found && Number(found[1]) < facts.frames ? Number(found[1]) : null; };

async function dropped(file) {
  const index = frameIn(file.name) ?? frame;
  $("drop-words").textContent = `${file.name} may be frame ${index}, coloured, or any picture with the colours you look for.`;
  $("drop-dialog").returnValue = "no";
  $("drop-dialog").showModal();
  await new Promise((done) => $("drop-dialog").addEventListener("close", done, { once: true }));
  if ($("drop-dialog").returnValue === "still") await addStill(file, index);
  if ($("drop-dialog").returnValue === "sample") await showSample(file);
}

async function showSample(file) {
  try {
    const bitmap = await createImageBitmap(file), canvas = $("sample-picture");
    const scale = Math.min(1, 900 / bitmap.width);
    canvas.width = bitmap.width * scale; canvas.height = bitmap.height * scale;
    canvas.getContext("2d", { willReadFrequently: true }).drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    $("sample").hidden = false; openTab("colour");
    $("sample").scrollIntoView({ block: "nearest" });
  } catch { toast("This picture cannot be read."); }
}
$("sample-picture").addEventListener("click", (event) => {
  const canvas = $("sample-picture"), box = canvas.getBoundingClientRect();
  const pixel = canvas.getContext("2d").getImageData((event.clientX - box.left) * canvas.width / box.width, (event.clientY - box.top) * canvas.height / box.height, 1, 1).data;
  choose("#" + [0, 1, 2].map((i) => pixel[i].toString(16).padStart(2, "0")).join(""));
});
$("sample-close").addEventListener("click", () => { $("sample").hidden = true; });

// ---- The finished film

function showMaking(said) {
  making = said;
  const busy = ["running", "paused"].includes(said.state), mine = !said.source || said.source === facts?.name;
  const words = {
    running: () => `${mine ? "Colouring" : `Colouring ${said.source}`}${said.frames ? `: ${said.done} of ${said.frames} frames` : "…"}${said.left_s != null ? `, ${minutes(said.left_s)} left` : ""}`,
    paused: () => "Paused",
    done: () => `Done: ${said.output}${said.resumed ? `; ${said.resumed} frames stayed as they were` : ""}${said.notes?.length ? ` — ${said.notes.join("; ")}` : ""}`,
    failed: () => said.problem,
    cancelled: () => "Stopped; what is finished of it is kept for another start.",
    interrupted: () => `The studio ended while ${said.output ?? "the film"} was being coloured. What was finished is kept: press the button to go on.`,
  }[said.state];
  $("making").hidden = !words;
  if (words) $("making-words").textContent = words();
  $("making-bar").hidden = !busy; $("making-pause").hidden = $("making-cancel").hidden = !busy; $("making-hide").hidden = busy;
  if (said.frames) $("making-bar").value = said.done / said.frames; else $("making-bar").removeAttribute("value");
  $("making-pause").textContent = said.state === "paused" ? "Go on" : "Pause";
  $("making-words").className = said.state === "failed" ? "problem" : "";
  document.body.dataset.making = said.state;
  if (facts) $("film-words").textContent = facts.film ? (["interrupted", "cancelled"].includes(said.state) ? "Go on with the film" : "Colour the film") : "Save in colour";
}
$("making-pause").addEventListener("click", () => makingStep(making.state === "paused" ? "go" : "pause").catch(trouble));
$("making-cancel").addEventListener("click", () => makingStep("cancel").catch(trouble));
$("making-hide").addEventListener("click", () => { $("making").hidden = true; });

function openOrder() {
  const before = facts.order, stem = facts.name.replace(/\.[^.]+$/, ""), ending = facts.name.match(/\.[^.]+$/)?.[0].toLowerCase();
  const fits = facts.film ? [".mp4", ".mkv", ".mov", ".webm", ".m4v"] : [".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp"];
  $("order-name").value = before?.name ?? `${stem}-colour${fits.includes(ending) ? ending : facts.film ? ".mkv" : ".png"}`;
  $("order-place").value = before?.beside === false ? "studio" : "beside";
  $("order-codec").value = before?.codec ?? ""; $("order-crf").value = before?.crf ?? "";
  $("order-replace").checked = before?.overwrite ?? false;
  $("order-problem").textContent = "";
  $("order-title").textContent = facts.film ? "Colour the film" : "Save the photograph in colour";
  $("order-go").textContent = facts.film ? "Colour it" : "Save it";
  $("order-dialog").showModal();
}
$("film").addEventListener("click", openOrder);
$("order").addEventListener("submit", async (event) => {
  if (event.submitter?.value !== "go") return;
  event.preventDefault();
  const order = {
    name: $("order-name").value.trim(), beside: $("order-place").value === "beside", codec: facts.film ? $("order-codec").value : "",
    crf: $("order-crf").value === "" ? null : Number($("order-crf").value), overwrite: $("order-replace").checked,
  };
  try {
    showMaking(await film.post("/film", order));
    facts.order = order;
    $("order-dialog").close();
  } catch (error) { $("order-problem").textContent = error.message; }
});

// ---- Seeing

function toggle(id, on) { $(id).setAttribute("aria-pressed", String(on)); }
function setSlider(on) { stage.slider = on ? 0.5 : null; picture.split = on ? 0.5 : 0; toggle("slider", on); picture.draw(); stage.over(); }
function setMasked(on) { if (!on) trusted = null; picture.masked = on; picture.set("mask", null); toggle("mask", on); picture.draw(); if (on) showMask(); }
function setMarks(on) { stage.showDots = on; toggle("marks", on); stage.over(); }
function setGrey(on) { if (picture.grey !== on) { picture.grey = on; picture.draw(); } }
function full() { if (document.fullscreenElement) document.exitFullscreen(); else $("desk").requestFullscreen?.().catch(() => toast("This browser has no full screen.")); }
$("slider").addEventListener("click", () => setSlider(stage.slider === null));
$("mask").addEventListener("click", () => setMasked(!picture.masked));
$("marks").addEventListener("click", () => setMarks(!stage.showDots));
$("fit").addEventListener("click", () => stage.fit());
$("full").addEventListener("click", full);
for (const name of ["pointerdown", "pointerup", "pointerleave", "pointercancel"]) $("before").addEventListener(name, () => setGrey(name === "pointerdown"));
$("before").addEventListener("click", (event) => { if (event.detail === 0) setGrey(!picture.grey); });

function openTab(name) {
  for (const tab of document.querySelectorAll("[data-tab]")) tab.setAttribute("aria-selected", String(tab.dataset.tab === name));
  for (const part of document.querySelectorAll("[data-panel]")) part.hidden = part.dataset.panel !== name;
  if (name === "look" && film) refreshCommand();
}
const tabs = [...document.querySelectorAll("[data-tab]")];
tabs.forEach((tab, index) => {
  tab.addEventListener("click", () => openTab(tab.dataset.tab));
  tab.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.stopPropagation(); event.preventDefault();
    const next = tabs[(index + step + tabs.length) % tabs.length];
    next.focus(); openTab(next.dataset.tab);
  });
});

function setRadius(share) {
  share = Math.max(0.3, Math.min(6, share));
  $("radius").value = share; $("radius-out").textContent = `${share.toFixed(1)} %`;
  stage.radius = Math.max(0.5, share / 100 * Math.min(facts.width, facts.height));
  stage.over();
}

function step(by) { stepping = true; go(frame + by); }
function stepShot(by) {
  const place = strip.shots.findIndex((shot) => frame >= shot.first && frame < shot.first + shot.count);
  const shot = place < 0 ? strip.shots.at(-1) : by < 0 && frame > strip.shots[place].first ? strip.shots[place] : strip.shots[place + by];
  if (shot) { stepping = false; go(shot.first); }
}
$("back").addEventListener("click", () => step(-1)); $("forth").addEventListener("click", () => step(1));
$("shot-back").addEventListener("click", () => stepShot(-1)); $("shot-forth").addEventListener("click", () => stepShot(1));
$("play").addEventListener("click", play); $("shot-play").addEventListener("click", play);
$("scrub").addEventListener("input", () => { stepping = false; go(Number($("scrub").value)); });
$("undo").addEventListener("click", () => history.undo()); $("redo").addEventListener("click", () => history.redo());
$("remove").addEventListener("click", () => stage.selected && remove([stage.selected]));
for (const button of $("tools").children) button.addEventListener("click", () => setTool(button.dataset.tool));
$("radius").addEventListener("input", () => setRadius(Number($("radius").value)));
$("light").addEventListener("input", () => { wheel.hsv[2] = Number($("light").value) / 100; wheel.draw(); current = wheel.colour; stage.colour = current; $("swatch").style.background = current; $("text").value = current; });
$("take").addEventListener("click", takeText);
$("text").addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); takeText(); } });
function takeText() {
  const word = $("text").value, colour = read(word);
  $("text-problem").textContent = colour ? "" : `“${word}” is no colour: write #rrggbb or a name such as olive.`;
  if (colour) { $("text").blur(); choose(colour); }
}
// A button that the mouse pressed does not keep the keys: Space is to play.
addEventListener("click", (event) => {
  const button = event.target.closest?.("button");
  if (button && event.detail && !button.closest("dialog")) button.blur();
});
$("keys").addEventListener("click", () => $("keys-dialog").showModal());

// ---- Keys

const TOOLS = { p: "point", b: "brush", g: "grey", e: "eraser", i: "pick", h: "hand" };
function key(name, event, again) {
  if (!film) return name === "?" ? ($("keys-dialog").showModal(), true) : false;
  const far = event.shiftKey ? 10 : 1;
  if (stage.cross && name.startsWith("Arrow")) {
    const by = Math.max(1, facts.width / 200) * (event.shiftKey ? 8 : 1);
    const [dx, dy] = { ArrowLeft: [-by, 0], ArrowRight: [by, 0], ArrowUp: [0, -by], ArrowDown: [0, by] }[name];
    stage.cross = stage.clamped([stage.cross[0] + dx, stage.cross[1] + dy]); stage.over();
    return true;
  }
  if (TOOLS[name]) { setTool(TOOLS[name]); return true; }
  if (/^[1-6]$/.test(name)) { const one = likely[Number(name) - 1]; if (one) choose(one.colour); return true; }
  const table = {
    "ArrowLeft": () => step(-far), "ArrowRight": () => step(far), "PageUp": () => stepShot(-1), "PageDown": () => stepShot(1),
    "Home": () => go(0), "End": () => go(facts.frames - 1),
    "Ctrl+z": () => (event.shiftKey ? history.redo() : history.undo()), "Ctrl+y": () => history.redo(),
    "Delete": () => stage.selected && remove([stage.selected]), "Backspace": () => stage.selected && remove([stage.selected]),
    "[": () => setRadius(Number($("radius").value) / 1.2), "]": () => setRadius(Number($("radius").value) * 1.2),
    "c": () => setGrey(true), "-c": () => setGrey(false),
    "s": () => setSlider(stage.slider === null), "m": () => setMasked(!picture.masked), "o": () => setMarks(!stage.showDots),
    "+": () => stage.zoomMiddle(1.25), "=": () => stage.zoomMiddle(1.25), "-": () => stage.zoomMiddle(0.8), "0": () => stage.fit(), "f": full,
    "x": () => { stage.cross = stage.cross ? null : [facts.width / 2, facts.height / 2]; stage.over(); stage.overlay.focus(); },
    "Enter": () => { if (stage.cross) { if (["brush", "grey"].includes(stage.tool)) acts[stage.tool]([stage.cross]); else if (stage.tool === "eraser") { const dot = stage.hit(stage.cross); if (dot) remove([dot.id]); } else acts[stage.tool]?.(stage.cross); } },
    "k": () => { openTab("colour"); $("text").focus(); $("text").select(); },
    "Ctrl+s": () => $("save-still").click(), "Ctrl+Enter": openOrder, "?": () => $("keys-dialog").showModal(),
    " ": () => { if (!again) { stage.panned = false; stage.held = "hand"; } },
    "- ": () => { stage.held = null; if (!stage.panned && facts.film) play(); stage.panned = false; },
    "Escape": () => { if (playing) stop(); stage.pending = stage.selected = stage.cross = null; showSelected(); stage.over(); },
  };
  if (!table[name]) return false;
  table[name]();
  return true;
}

// ---- Messages

function heard(message) {
  if (message.load) { load(); return; }
  if (message.making) { showMaking(message.making); if (message.making.state === "done") refreshCommand(); }
  if (message.notice) toast(message.notice);
  if (!strip) return;
  if (message.more_shots) { strip.add(message.more_shots); showPlace(); }
  if (message.surveyed) $("survey").textContent = "";
  for (const row of message.shots_now ?? (message.shot ? [message.shot] : [])) {
    const before = strip.shots.find((one) => one.first === row[0])?.state, shot = strip.change(row);
    if (shot && shot === strip.at(frame)) {
      showShot(shot); showState(false);
      const late = shot.state === "ready" ? chromaKind !== "settled" : shot.state === "stale" && chromaKind === "settled";
      if (late && before !== shot.state && !playing) look_at();
    }
  }
  if (message.play && message.play.first === waiting) { const shot = strip.at(message.play.first); if (shot) start(shot, message.play.name); }
  if (message.dots && JSON.stringify(message.dots) !== JSON.stringify(dots)) {
    const here = JSON.stringify(dots.filter((dot) => dot.frame === frame));
    dots = message.dots; showPlace(); showPalette(); showSelected();
    if (JSON.stringify(dots.filter((dot) => dot.frame === frame)) !== here) look_at();
  }
  if (message.stills) { stills = message.stills; showStills(); look_at(); }
  if (message.look && JSON.stringify(message.look) !== JSON.stringify(look)) { look = message.look; showLook(); look_at(); }
  if ("trouble" in message) showTrouble(message.trouble);
}

function showTrouble(words) {
  banner("trouble", words);
  $("saved").textContent = words ? "not saved" : "saved";
}

// ---- Beginning

function applied(state) {
  facts = state; look = state.look; dots = state.dots; stills = state.stills;
  document.body.classList.toggle("photograph", !state.film);
  document.title = `${state.name} · vidcolor studio`;
  $("name").textContent = state.name;
  $("folder").textContent = `${state.folder}/stills`; $("command").textContent = state.command;
  $("scrub").max = state.frames - 1;
  picture.weights = state.weights;
  stage.film = { width: state.width, height: state.height };
  $("order-codec").replaceChildren(...state.codecs.map((name) => new Option(name || "the program's choice", name)));
  strip.set(state.shots); $("survey").textContent = state.surveyed || !state.film ? "" : "finding shots…";
  showMaking(state.making); showTrouble(state.trouble); showLook(); showStills(); showPalette(); showLikely(); showSelected();
}

async function load() {
  try { applied(await film.json("/state")); kept.clear(); lumaOf = -1; await go(Math.min(frame, facts.frames - 1), { stay: true }); } catch (error) { trouble(error); }
}

async function openFilm(key) {
  leave();
  $("grid").hidden = true; $("opening").hidden = false; $("opening").textContent = "Opening…";
  film = new Film(key);
  try {
    const state = await film.json("/state");
    $("opening").hidden = true; $("desk").hidden = false; $("film").hidden = false;
    $("home").hidden = !state.in_folder;
    picture ??= new Picture($("picture"), options.has("flat"));
    stage ??= new Stage($("stage"), picture, acts);
    wheel ??= new Wheel($("wheel"), (colour, final) => { current = colour; stage.colour = colour; $("swatch").style.background = colour; $("text").value = colour; if (final) choose(colour); });
    strip = new Strip($("shots"), film, (index) => { stepping = false; go(index); });
    history = new History(key + state.source, send, () => { $("undo").disabled = !history.past.length; $("redo").disabled = !history.future.length; });
    history.changed();
    applied(state); setRadius(1.2); setCurrent(current); setTool("point"); stage.fit();
    document.body.dataset.canvas = picture.kind;
    ended = listen(key, heard, connected);
    await go(state.film && !dots.length ? Math.min(state.frames - 1, 0) : dots.at(-1)?.frame ?? 0);
    document.body.dataset.ready = "yes";
  } catch (error) {
    $("desk").hidden = true; $("opening").hidden = false;
    $("opening").textContent = error.message;
    document.body.dataset.ready = "failed";
    if (facts === null) $("home").hidden = !folder;
  }
}

function connected(here, again) {
  if (!here) { lose(); return; }
  banner("lost", "");
  if (again && film) load();
}

function leave() {
  ended?.(); ended = null; stop(false);
  if (stage) { stage.dots = []; stage.pending = stage.selected = stage.cross = null; lumaOf = -1; kept.clear(); }
  likely = []; frame = 0; chromaKind = "";
  $("undo").disabled = $("redo").disabled = true;
}

let folder = false;
async function openGrid() {
  leave(); film = null; facts = null;
  document.title = "vidcolor studio"; $("name").textContent = ""; $("saved").textContent = "";
  $("desk").hidden = true; $("opening").hidden = true; $("grid").hidden = false; $("film").hidden = true; $("home").hidden = true; $("making").hidden = true;
  $("items").replaceChildren();
  const grid = await showGrid($("grid"), openFilm, toast);
  if (grid.facts.making.state !== "idle") showMaking(grid.facts.making);
  ended = listen(null, (message) => { if (message.items) grid.show(message.items); heard(message); }, connected);
  document.body.dataset.ready = "yes";
}
$("home").addEventListener("click", () => openGrid().catch(trouble));

const stageBox = $("stage");
addEventListener("dragover", (event) => { if (film && [...event.dataTransfer.types].includes("Files")) { event.preventDefault(); $("dropzone").hidden = false; } });
addEventListener("dragleave", (event) => { if (!event.relatedTarget) $("dropzone").hidden = true; });
addEventListener("drop", (event) => {
  event.preventDefault(); $("dropzone").hidden = true;
  const file = event.dataTransfer.files[0];
  if (film && file) dropped(file);
});
stageBox.addEventListener("dblclick", () => { if (stage.mode === "hand") stage.fit(); });

listKeys($("keys-list")); bindKeys(key); openTab("colour"); showTheme();
try {
  const first = await items();
  folder = first.folder;
  if (folder) await openGrid(); else await openFilm(first.items[0].key);
} catch (error) { trouble(error); $("opening").textContent = error.message; }

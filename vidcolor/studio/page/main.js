// The page as a whole: a film is opened, and what the server says of it is taken up.

import { pressed } from "./actions.js";
import { hear, newHistory, takeUp } from "./changes.js";
import { desk, say } from "./desk.js";
import { $, banner, lose, toast, trouble } from "./dom.js";
import { setColor, setRadius, setTool, showLikely, showSelected, tools } from "./dots.js";
import { forget, go, jump, lookAt, showState } from "./frame.js";
import { showGrid } from "./grid.js";
import { bindKeys, listKeys } from "./keys.js";
import "./looks.js";
import { Film, items, listen } from "./net.js";
import { offerCodecs, showMaking } from "./order.js";
import { Picture } from "./picture.js";
import { ready, stop } from "./playing.js";
import { Stage } from "./stage.js";
import "./stills.js";
import { Strip } from "./strip.js";
import { openTab } from "./tabs.js";
import { showTheme } from "./views.js";

let ended = null, inFolder = false;

// What the server says by itself.

function heard(message) {
  if (message.load) { load(); return; }
  if (message.making) showMaking(message.making);
  if (message.notice) toast(message.notice);
  if (!desk.strip) return;
  if (message.more_shots) { desk.strip.add(message.more_shots); say("place"); }
  if (message.surveyed) $("survey").textContent = "";
  for (const row of message.shots_now ?? (message.shot ? [message.shot] : [])) changeShot(row);
  if (message.play) ready(message.play);
  hear(message);
  if ("trouble" in message) showTrouble(message.trouble);
}

function changeShot(row) {
  const { kind, playing, strip } = desk;
  const before = strip.shots.find((one) => one.first === row[0])?.state, shot = strip.change(row);
  if (!shot || shot !== strip.at(desk.frame)) return;
  say("shot", shot); showState(false);
  const late = shot.state === "ready" ? kind !== "settled" : shot.state === "stale" && kind === "settled";
  if (late && before !== shot.state && !playing) lookAt();
}

function showTrouble(words) {
  banner("trouble", words);
  $("saved").textContent = words ? "not saved" : "saved";
}

function connected(here, again) {
  if (!here) { lose(); return; }
  banner("lost", "");
  if (again && desk.film) load();
}

// A film is opened.

function applied(state) {
  desk.facts = state;
  document.body.classList.toggle("photograph", !state.film);
  document.title = `${state.name} · vidcolor studio`;
  $("name").textContent = state.name;
  $("folder").textContent = `${state.folder}/stills`;
  $("scrub").max = state.frames - 1;
  desk.picture.weights = state.weights;
  desk.stage.film = { width: state.width, height: state.height };
  offerCodecs(state.codecs);
  desk.strip.set(state.shots); $("survey").textContent = state.surveyed || !state.film ? "" : "finding shots…";
  showMaking(state.making); showTrouble(state.trouble);
  takeUp(state); showLikely();
}

async function load() {
  try { applied(await desk.film.json("/state")); forget(); await go(Math.min(desk.frame, desk.facts.frames - 1), { stay: true }); } catch (error) { trouble(error); }
}

async function openFilm(key) {
  leave();
  $("grid").hidden = true; $("opening").hidden = false; $("opening").textContent = "Opening…";
  desk.film = new Film(key);
  try {
    const state = await desk.film.json("/state");
    $("opening").hidden = true; $("desk").hidden = false; $("film").hidden = false;
    $("home").hidden = !state.in_folder;
    desk.picture ??= new Picture($("picture"), new URLSearchParams(location.search).has("flat"));
    desk.stage ??= new Stage($("stage"), desk.picture, tools);
    desk.strip = new Strip($("shots"), desk.film, jump);
    newHistory(key + state.source);
    applied(state); setRadius(1.2); setColor(); setTool("point"); desk.stage.fit();
    document.body.dataset.canvas = desk.picture.kind;
    ended = listen(key, heard, connected);
    await go(state.film && !desk.dots.length ? 0 : desk.dots.at(-1)?.frame ?? 0);
    document.body.dataset.ready = "yes";
  } catch (error) {
    $("desk").hidden = true; $("opening").hidden = false;
    $("opening").textContent = error.message;
    document.body.dataset.ready = "failed";
    if (desk.facts === null) $("home").hidden = !inFolder;
  }
}

function leave() {
  ended?.(); ended = null;
  if (desk.stage) {
    stop(false); forget();
    desk.stage.dots = []; desk.stage.pending = desk.stage.selected = desk.stage.cross = null;
    showSelected();
  }
  Object.assign(desk, { frame: 0, kind: "" });
  say("another");
  $("undo").disabled = $("redo").disabled = true;
}

async function openGrid() {
  leave();
  Object.assign(desk, { film: null, facts: null });
  document.title = "vidcolor studio"; $("name").textContent = ""; $("saved").textContent = "";
  $("desk").hidden = true; $("opening").hidden = true; $("grid").hidden = false; $("film").hidden = true; $("home").hidden = true; $("making").hidden = true;
  $("items").replaceChildren();
  const grid = await showGrid($("grid"), openFilm, toast);
  if (grid.facts.making.state !== "idle") showMaking(grid.facts.making);
  ended = listen(null, (message) => { if (message.items) grid.show(message.items); heard(message); }, connected);
  document.body.dataset.ready = "yes";
}
$("home").addEventListener("click", () => openGrid().catch(trouble));

// A button that the mouse pressed does not keep the keys: Space is to play.
addEventListener("click", (event) => {
  const button = event.target.closest?.("button");
  if (button && event.detail && !button.closest("dialog")) button.blur();
});

listKeys($("keys-list")); bindKeys(pressed); openTab("colour"); showTheme();
try {
  const first = await items();
  inFolder = first.folder;
  if (inFolder) await openGrid(); else await openFilm(first.items[0].key);
} catch (error) { trouble(error); $("opening").textContent = error.message; }

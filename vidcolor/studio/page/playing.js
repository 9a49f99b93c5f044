// A shot plays in settled colour, made at the size of a preview.

import { desk, on } from "./desk.js";
import { $, toast, trouble } from "./dom.js";
import { go, showState } from "./frame.js";
import { clock } from "./strip.js";

const video = $("video");
let waiting = null;

export async function play() {
  const { film, frame, playing, strip } = desk;
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

// A shot that somebody asked for is made.
export function ready({ first, name }) {
  const shot = desk.strip.at(first);
  if (first === waiting && shot) start(shot, name);
}

function start(shot, name) {
  waiting = null;
  desk.playing = shot;
  video.src = desk.film.path(`/played/${name}`);
  video.hidden = false; desk.stage.playing = true; desk.stage.over();
  video.play().catch(() => toast("This browser cannot play the shot."));
  show("stop", "yes"); showState(false); tick();
}

function here() {
  const { facts, playing } = desk;
  return playing.first + Math.min(playing.count - 1, Math.floor(video.currentTime * facts.rate + 0.01));
}

function tick() {
  if (!desk.playing) return;
  const index = here();
  $("clock").textContent = `${clock(index, desk.facts.rate)}  ·  frame ${index}`; $("scrub").value = index;
  requestAnimationFrame(tick);
}

export function stop(stay = true) {
  waiting = null;
  if (!desk.playing) return;
  const index = here();
  desk.playing = null;
  desk.stage.playing = false; desk.stage.over();
  video.pause(); video.removeAttribute("src"); video.load(); video.hidden = true;
  show("play", "no");
  if (stay) go(index, { stay: true });
}

function show(icon, plays) {
  $("play").querySelector("use").setAttribute("href", `/page/icons.svg#${icon}`);
  document.body.dataset.playing = plays;
}

on("leaving", () => stop(false));
video.addEventListener("error", () => { if (desk.playing && video.src) { stop(); toast("This browser cannot play the shot."); } });
$("play").addEventListener("click", play); $("shot-play").addEventListener("click", play);

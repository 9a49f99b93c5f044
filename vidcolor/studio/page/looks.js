// How the film is to look, and single shots of it.

import { act } from "./changes.js";
import { desk, lookOf, on } from "./desk.js";
import { $, toast } from "./dom.js";
import { minutes } from "./strip.js";

const SLIDERS = { saturation: (v) => v.toFixed(2), vividness: (v) => v.toFixed(1), steady: (v) => v.toFixed(2) };
const MARKS = { plain: "not made yet", making: "being made", ready: "made as it is now", stale: "changed since it was made" };

const ofFilm = (name) => Number(desk.look[name] ?? desk.facts.saturation);
const shotHere = () => desk.strip.at(desk.frame);
const ofShot = (name) => Number(lookOf(shotHere())[name] ?? ofFilm(name));
const usual = { saturation: null, vividness: 1, steady: 1, keep_colored: false };
const asFilm = { saturation: null, vividness: null, steady: null, leave: false };

function setFilm(values) { act([{ look: values }], [{ look: only(desk.look, values) }]); }
function setShot(values) {
  const shot = shotHere();
  if (shot) act([{ shot: shot.first, values }], [{ shot: shot.first, values: only(asFilm, values, lookOf(shot)) }]);
}

// What `held`, or else `otherwise`, has for each name in `values`.
function only(otherwise, values, held = otherwise) {
  return Object.fromEntries(Object.keys(values).map((name) => [name, held[name] ?? otherwise[name] ?? null]));
}

for (const [name, words] of Object.entries(SLIDERS)) {
  for (const [prefix, held, set] of [["", ofFilm, setFilm], ["shot-", ofShot, setShot]]) {
    const slider = $(`${prefix}${name}`);
    slider.addEventListener("input", () => {
      const value = Number(slider.value);
      $(`${prefix}${name}-out`).textContent = words(value);
      // Saturation shows while the slider moves; people's own colours are exact again when it rests.
      const reaches = prefix || lookOf(shotHere()).saturation === undefined;
      if (name === "saturation" && reaches) { desk.picture.gain = held(name) ? value / held(name) : 1; desk.picture.draw(); }
    });
    slider.addEventListener("change", () => set({ [name]: Number(slider.value) }));
  }
}

function showFilm() {
  for (const name of Object.keys(SLIDERS)) show(name, ofFilm(name));
  $("keep").checked = desk.look.keep_colored; $("reach").value = desk.look.reach;
}

function show(name, value, prefix = "") {
  const slider = $(`${prefix}${name}`);
  if (document.activeElement !== slider) slider.value = value;
  $(`${prefix}${name}-out`).textContent = SLIDERS[name](value);
}

function showShot(shot) {
  const { facts } = desk;
  if (!facts.film) { $("shot-name").textContent = "Photograph"; $("shot-words").textContent = `${facts.width} × ${facts.height}`; return; }
  $("shot-name").textContent = shot ? `Shot ${shot.number}` : "Shot";
  $("shot-words").textContent = shot
    ? `frames ${shot.first} to ${shot.first + shot.count - 1}, ${minutes(shot.count / facts.rate)} · ${MARKS[shot.state]}${shot.said ? ` · ${shot.said} frame${shot.said > 1 ? "s" : ""} with dots or stills` : ""}${shot.filmed ? " · in the film as it is now" : ""}`
    : "The film is being walked through; its shots appear one by one.";
  const look = lookOf(shot), grey = look.saturation === 0;
  $(look.leave ? "shot-left" : grey ? "shot-grey" : "shot-coloured").checked = true;
  for (const name of Object.keys(SLIDERS)) {
    show(name, ofShot(name), "shot-");
    $(`shot-${name}`).disabled = !shot || look.leave || grey;
  }
  for (const id of ["shot-play", "shot-coloured", "shot-left", "shot-grey"]) $(id).disabled = !shot;
  $("shot-reset").disabled = !Object.keys(look).length;
}

async function showCommand() {
  if (!desk.film || $("command").closest("section").hidden) return;
  const said = await desk.film.json("/state").catch(() => null);
  if (said) $("command").textContent = said.command;
}

on("look", () => { showFilm(); showShot(shotHere()); showCommand(); });
on("shot", showShot);
on("tab", showCommand); on("filmed", showCommand);

$("keep").addEventListener("change", () => setFilm({ keep_colored: $("keep").checked }));
$("reach").addEventListener("change", () => setFilm({ reach: $("reach").value }));
$("reset-look").addEventListener("click", () => setFilm(usual));
$("shot-coloured").addEventListener("change", () => setShot(lookOf(shotHere()).saturation === 0 ? { saturation: null, leave: false } : { leave: false }));
$("shot-left").addEventListener("change", () => setShot({ saturation: null, leave: true }));
$("shot-grey").addEventListener("change", () => setShot({ saturation: 0, leave: false }));
$("shot-reset").addEventListener("click", () => setShot(asFilm));
$("copy").addEventListener("click", () => navigator.clipboard?.writeText($("command").textContent).then(() => toast("Copied.", 2), () => {}));

// Stills that were painted elsewhere, and pictures that lend their colours.

import { act } from "./changes.js";
import { desk, on, say } from "./desk.js";
import { $, bin, made, toast, trouble } from "./dom.js";
import { choose } from "./dots.js";
import { go, lookAt, setMasked } from "./frame.js";
import { openTab } from "./tabs.js";

function showStills() {
  $("stills").dataset.empty = "None yet.";
  $("stills").replaceChildren(...desk.stills.map((still) => {
    const words = made("span", {
      textContent: still.problem ? `${still.name}: ${still.problem}`
        : `frame ${still.frame}, ${still.grey ? "grey" : `trusted on ${Math.round(still.trusted * 100)} %`}`,
      className: still.problem ? "problem" : "",
    });
    const to = made("button", { textContent: "Show", hidden: still.frame === null });
    to.addEventListener("click", async () => {
      desk.trusted = still.name; desk.stage.selected = null;
      await go(still.frame); setMasked(true);
      toast("Bright is where this still is trusted.", 4);
    });
    const gone = () => act([{ still: still.name, holds: null }], [{ still: still.name, holds: still.holds }]);
    return made("li", {}, words, to, bin(`Remove ${still.name}`, gone));
  }));
}

async function addStill(file, index) {
  toast(`Laying ${file.name} over frame ${index}…`, 3);
  const before = desk.stills;
  try {
    desk.stills = (await desk.film.post("/stills", file, { frame: index })).stills;
    remember(before, desk.stills);
    say("stills"); await lookAt();
    const mine = desk.stills.find((still) => still.frame === index);
    if (mine) toast(`It fits: trusted on ${Math.round(mine.trusted * 100)} % of frame ${index}.`);
  } catch (error) { trouble(error); }
}

// What was laid down already can be undone: from each of two states to the other.
function remember(before, after) {
  const held = (list) => new Map(list.map((still) => [still.name, still.holds]));
  const was = held(before), is = held(after);
  const other = [...new Set([...was.keys(), ...is.keys()])].filter((name) => was.get(name) !== is.get(name));
  const to = (state) => other.map((name) => ({ still: name, holds: state.get(name) ?? null }));
  if (other.length) desk.history.did(to(is), to(was));
}

// The frame that a file's name says.
function frameIn(name) {
  const found = name.match(/(?:ref|still|frame)[_-]?(\d+)/i);
  return found && Number(found[1]) < desk.facts.frames ? Number(found[1]) : null;
}

async function dropped(file) {
  const index = frameIn(file.name) ?? desk.frame;
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

on("stills", showStills);
$("still-file").addEventListener("change", () => {
  const file = $("still-file").files[0];
  if (file) addStill(file, frameIn(file.name) ?? desk.frame);
  $("still-file").value = "";
});
$("sample-picture").addEventListener("click", (event) => {
  const canvas = $("sample-picture"), box = canvas.getBoundingClientRect();
  const pixel = canvas.getContext("2d").getImageData((event.clientX - box.left) * canvas.width / box.width, (event.clientY - box.top) * canvas.height / box.height, 1, 1).data;
  choose("#" + [0, 1, 2].map((i) => pixel[i].toString(16).padStart(2, "0")).join(""));
});
$("sample-close").addEventListener("click", () => { $("sample").hidden = true; });
addEventListener("dragover", (event) => { if (desk.film && [...event.dataTransfer.types].includes("Files")) { event.preventDefault(); $("dropzone").hidden = false; } });
addEventListener("dragleave", (event) => { if (!event.relatedTarget) $("dropzone").hidden = true; });
addEventListener("drop", (event) => {
  event.preventDefault(); $("dropzone").hidden = true;
  const file = event.dataTransfer.files[0];
  if (desk.film && file) dropped(file);
});

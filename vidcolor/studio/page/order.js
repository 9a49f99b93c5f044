// The finished film: ordered, in work, done.

import { desk, say } from "./desk.js";
import { $, trouble } from "./dom.js";
import { makingStep } from "./net.js";
import { minutes } from "./strip.js";

let making = { state: "idle" };

export function showMaking(said) {
  making = said;
  const { facts } = desk;
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
  if (said.state === "done") say("filmed");
}

export function offerCodecs(names) {
  $("order-codec").replaceChildren(...names.map((name) => new Option(name || "the program's choice", name)));
}

export function openOrder() {
  const { facts } = desk, before = facts.order;
  const stem = facts.name.replace(/\.[^.]+$/, ""), ending = facts.name.match(/\.[^.]+$/)?.[0].toLowerCase();
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
  const { facts, film } = desk;
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
$("making-pause").addEventListener("click", () => makingStep(making.state === "paused" ? "go" : "pause").catch(trouble));
$("making-cancel").addEventListener("click", () => makingStep("cancel").catch(trouble));
$("making-hide").addEventListener("click", () => { $("making").hidden = true; });

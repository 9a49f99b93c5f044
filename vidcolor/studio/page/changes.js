// Whatever a person changes goes through here: shown at once, sent, and undone as often as wanted.
//
// A change is {put: dot}, {remove: id}, {look: values}, {shot: first frame, values}, or
// {still: file, holds: what it is to hold, null for none}.

import { desk, say } from "./desk.js";
import { $, trouble } from "./dom.js";
import { lookAt } from "./frame.js";
import { History } from "./history.js";

export function newHistory(name) {
  desk.history = new History(name, send, () => {
    $("undo").disabled = !desk.history?.past.length;
    $("redo").disabled = !desk.history?.future.length;
  });
  desk.history.changed();
}

export const act = (forth, back) => desk.history.act(forth, back);

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
const onFrame = (dots) => dots.filter((dot) => dot.frame === desk.frame);
let sending = Promise.resolve(), waiting = 0, news = {};

// One after the other, so that the latest stands.
function send(changes) {
  const dots = changes.filter((one) => one.put || one.remove);
  if (dots.length) show(dots);
  waiting += 1;
  sending = sending.then(() => deliver(changes, dots));
  return sending;
}

async function deliver(changes, dots) {
  const { film } = desk, stills = changes.filter((one) => one.still);
  try {
    if (dots.length) note(await film.post("/dots", dots));
    if (stills.length) note(await film.post("/stills/put", stills));
    for (const one of changes) {
      if (one.look) note(await film.post("/look", one.look));
      if (one.values) note(await film.post(`/shots/${one.shot}/look`, one.values));
    }
  } catch (error) {
    trouble(error);
    note(await film.json("/state").catch(() => ({})));
  }
  waiting -= 1;
  if (waiting) return;
  const said = news;
  news = {};
  if (film !== desk.film) return;
  takeUp(said);
  lookAt();
}

// While the server has yet to hear of something, what it says may be of the past: the last word counts.
function note({ dots, stills, look, looks }) {
  news = { ...news, ...(dots && { dots }), ...(stills && { stills }), ...(look && { look, looks }) };
}

// What another window, or somebody at the files, changed.
export function hear(message) {
  if (waiting) { note(message); return; }
  const { dots, look, looks, stills } = desk;
  const other = {
    dots: message.dots && !same(message.dots, dots) && message.dots,
    stills: message.stills && !same(message.stills, stills) && message.stills,
    look: message.look && !same([message.look, message.looks], [look, looks]) && message.look,
    looks: message.looks,
  };
  takeUp(other);
  if (other.stills || other.look || (other.dots && !same(onFrame(dots), onFrame(desk.dots)))) lookAt();
}

// What the server says of dots, stills and sliders is how they stand.
export function takeUp({ dots, stills, look, looks }) {
  if (dots) { desk.dots = dots; say("place"); say("dots"); }
  if (stills) { desk.stills = stills; say("stills"); }
  if (look) { desk.look = look; desk.looks = looks; say("look"); }
}

// Shown before the server has answered: it costs a picture, not a question.
function show(changes) {
  const now = new Map(desk.dots.map((dot) => [dot.id, dot]));
  for (const change of changes) if (change.put) now.set(change.put.id, change.put); else now.delete(change.remove);
  desk.dots = [...now.values()];
  say("place"); say("dots");
}

$("undo").addEventListener("click", () => desk.history.undo());
$("redo").addEventListener("click", () => desk.history.redo());

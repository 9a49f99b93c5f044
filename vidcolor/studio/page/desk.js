// What lies on the desk, for every part of the page. Who changes something says so, who shows it listens.

export const desk = {
  film: null, facts: null, stage: null, picture: null, strip: null, history: null,
  frame: 0, look: {}, looks: [], dots: [], stills: [],
  playing: null,      // the shot that plays
  kind: "",           // where the colour of the frame comes from
  trusted: null,      // a still whose trusted area is looked at
};

const listeners = new Map();
export function on(what, act) { listeners.set(what, [...(listeners.get(what) ?? []), act]); }
export function say(what, value) { for (const act of listeners.get(what) ?? []) act(value); }

// How a shot is to look where that is not as the film.
export const lookOf = (shot) => desk.looks.find((one) => shot && shot.first >= one.first && shot.first < one.first + one.frames) ?? {};

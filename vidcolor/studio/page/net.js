// Talking to the server: requests, and messages that come by themselves.

export const windowId = crypto.getRandomValues(new Uint32Array(2)).join("");

export class Refused extends Error {}
export class Stale extends Error {}
export class Gone extends Error {}

async function asked(path, options) {
  let answer;
  try {
    answer = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw new Stale();
    throw new Gone("The studio does not answer.");
  }
  if (answer.ok) return answer;
  if (answer.status === 409) throw new Stale();
  if (answer.status === 403) throw new Gone("This page is of an earlier studio.");
  let words = "Something went wrong in the studio.";
  try {
    const said = await answer.json();
    words = `${said.error} ${said.remedy}`;
  } catch { /* it is no JSON: the words above stand */ }
  throw new Refused(words);
}

export class Film {
  constructor(key) { this.base = `/api/${key}`; }

  path(rest, query = {}) {
    return `${this.base}${rest}?${new URLSearchParams({ ...query, window: windowId })}`;
  }

  async json(rest, query) { return (await asked(this.path(rest, query))).json(); }

  async picture(rest, query, signal) {
    const answer = await asked(this.path(rest, query), { signal });
    const bitmap = await createImageBitmap(await answer.blob(), {
      colorSpaceConversion: "none", premultiplyAlpha: "none",
    });
    return { bitmap, headers: answer.headers };
  }

  async post(rest, body, query) {
    const raw = body instanceof Blob;
    const answer = await asked(this.path(rest, query), {
      method: "POST",
      body: raw ? body : JSON.stringify(body ?? null),
    });
    return answer.json();
  }
}

export async function items() { return (await asked("/api/items")).json(); }
export async function colorAll() { return asked("/api/all/film", { method: "POST" }); }
export async function makingStep(step) { return asked(`/api/0/film/${step}`, { method: "POST" }); }

// Messages for as long as the page is open; `heard` is told of each, `changed` of every loss and return.
export function listen(key, heard, changed) {
  const path = key === null ? "/api/events" : `/api/${key}/events`;
  let socket = null, ended = false, lost = false, timer = 0;
  const open = () => {
    socket = new WebSocket(`ws${location.protocol.slice(4)}//${location.host}${path}`);
    socket.onopen = () => { const again = lost; lost = false; changed(true, again); };
    socket.onmessage = (event) => heard(JSON.parse(event.data));
    socket.onclose = () => {
      if (ended) return;
      if (!lost) { lost = true; changed(false, false); }
      timer = setTimeout(open, 1000);
    };
  };
  open();
  return () => { ended = true; clearTimeout(timer); socket.close(); };
}

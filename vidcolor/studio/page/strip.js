// The time line: shots with their pictures and marks, the frame that is looked at.

const FIELDS = ["first", "count", "number", "state", "share", "thumb", "said", "filmed"];
export const shotOf = (row) => Object.fromEntries(FIELDS.map((name, i) => [name, row[i]]));

export class Strip {
  constructor(list, film, go) {
    this.list = list; this.film = film; this.go = go;
    this.shots = []; this.items = new Map();
  }

  set(rows) { this.shots = []; this.items.clear(); this.list.replaceChildren(); this.add(rows); }

  add(rows) {
    for (const row of rows) {
      const shot = shotOf(row);
      this.shots.push(shot);
      const item = document.createElement("li"), button = document.createElement("button");
      button.innerHTML = '<img alt="" loading="lazy"><span class="number"></span><span class="marks"></span><span class="share"></span>';
      button.addEventListener("click", () => this.go(shot.first));
      item.append(button); this.list.append(item);
      this.items.set(shot.first, button);
      this.show(shot);
    }
  }

  change(row) {
    const shot = shotOf(row), place = this.shots.findIndex((one) => one.first === shot.first);
    if (place < 0) return null;
    Object.assign(this.shots[place], shot);
    this.show(this.shots[place]);
    return this.shots[place];
  }

  show(shot) {
    const button = this.items.get(shot.first), image = button.querySelector("img");
    const source = this.film.path(`/shots/${shot.first}/thumb`, { v: shot.thumb });
    if (image.dataset.v !== String(shot.thumb)) { image.dataset.v = shot.thumb; image.src = source; }
    button.querySelector(".number").textContent = shot.number;
    button.querySelector(".marks").innerHTML = [
      shot.said ? `<i class="mark-said">${Number(shot.said)}</i>` : "",
      shot.state === "ready" ? '<i class="mark-ready"></i>' : "",
      shot.state === "stale" ? '<i class="mark-stale"></i>' : "",
      shot.filmed ? '<i class="mark-filmed"></i>' : "",
    ].join("");
    button.querySelector(".share").style.width = shot.state === "making" ? `${Math.max(6, shot.share * 100)}%` : "0";
    button.classList.toggle("making", shot.state === "making");
    const words = { plain: "", making: ", being made", ready: ", ready to play", stale: ", changed since it was made" }[shot.state];
    button.title = `Shot ${shot.number}, ${shot.count} frames${words}${shot.filmed ? ", in the film" : ""}`;
    button.setAttribute("aria-label", button.title);
  }

  at(frame) { return this.shots.find((shot) => frame >= shot.first && frame < shot.first + shot.count) ?? null; }

  mark(frame) {
    const shot = this.at(frame);
    for (const [first, button] of this.items) {
      const here = shot?.first === first;
      if (here && button.getAttribute("aria-current") !== "true") {
        const { left, right } = button.getBoundingClientRect(), box = this.list.getBoundingClientRect();
        if (left < box.left || right > box.right) this.list.scrollLeft += left - box.left - box.width / 3;
      }
      if (here) button.setAttribute("aria-current", "true"); else button.removeAttribute("aria-current");
    }
    return shot;
  }
}

export function clock(frame, rate) {
  const seconds = frame / (rate || 25), whole = Math.floor(seconds);
  const two = (n) => String(n).padStart(2, "0");
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}.${String(Math.floor((seconds - whole) * 1000)).padStart(3, "0")}`;
}

export function minutes(seconds) {
  const whole = Math.round(seconds), two = (n) => String(n).padStart(2, "0");
  return whole >= 3600 ? `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}` : `${Math.floor(whole / 60)}:${two(whole % 60)}`;
}

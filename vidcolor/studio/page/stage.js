// The picture's place on the screen, what is drawn over it, and what fingers and mice do there.

import { shown } from "./color.js";
import { apart, leftOf } from "./eraser.js";

const HIT = 14;           // pixels of the screen around a dot that still hit it
const LEAST_MOVE = 4;     // a shorter way is a click

export class Stage {
  // `acts`: what tools do, by name, each given a place in pixels of the film.
  constructor(element, picture, acts) {
    this.element = element; this.picture = picture; this.acts = acts;
    this.overlay = element.querySelector("#overlay");
    this.video = element.querySelector("#video");
    this.film = { width: 4, height: 3 };
    this.zoom = 1; this.middle = [0.5, 0.5];
    this.tool = "point"; this.held = null;
    this.dots = []; this.selected = null; this.pending = null; this.cross = null; this.drawing = null;
    this.showDots = true; this.radius = 8; this.color = "#3b5f8a"; this.slider = null;
    this.fingers = new Map();
    new ResizeObserver(() => this.lay()).observe(element);
    const on = (name, act) => this.overlay.addEventListener(name, act);
    on("pointerdown", (e) => this.down(e)); on("pointermove", (e) => this.move(e));
    on("pointerup", (e) => this.up(e)); on("pointercancel", (e) => this.up(e, true));
    on("contextmenu", (e) => e.preventDefault());
    // The mouse does not take the keys here: a frame around the picture would come up with the next one.
    on("mousedown", (e) => { e.preventDefault(); document.activeElement?.blur(); });
    on("wheel", (e) => { e.preventDefault(); this.zoomAt(Math.exp(-e.deltaY * 0.0018), ...this.onCanvas(e)); });
    on("pointerleave", () => { this.hover = null; this.over(); });
  }

  get mode() { return this.held ?? this.tool; }

  // Where the picture lies, in pixels of the canvas.
  lay() {
    const box = this.element.getBoundingClientRect(), ratio = Math.min(devicePixelRatio || 1, 2);
    this.ratio = ratio;
    for (const canvas of [this.picture.canvas, this.overlay]) {
      const width = Math.max(1, Math.round(box.width * ratio)), height = Math.max(1, Math.round(box.height * ratio));
      if (canvas.width !== width || canvas.height !== height) { canvas.width = width; canvas.height = height; }
    }
    const { width, height } = this.overlay;
    const scale = Math.min(width / this.film.width, height / this.film.height) * this.zoom;
    const wide = this.film.width * scale, tall = this.film.height * scale;
    const bound = (middle, size, room) => size <= room ? (room - size) / 2 : Math.min(0, Math.max(room - size, room / 2 - middle * size));
    const place = { x: bound(this.middle[0], wide, width), y: bound(this.middle[1], tall, height), width: wide, height: tall };
    this.middle = [(width / 2 - place.x) / wide, (height / 2 - place.y) / tall];
    this.scale = scale; this.picture.place = place;
    for (const [name, value] of [["left", place.x], ["top", place.y], ["width", wide], ["height", tall]]) this.video.style[name] = `${value / ratio}px`;
    this.picture.draw(); this.over();
  }

  zoomAt(factor, x, y) {
    const before = this.toFilm(x, y), zoom = Math.max(1, Math.min(24, this.zoom * factor));
    this.zoom = zoom;
    const scale = this.scale * 0 + Math.min(this.overlay.width / this.film.width, this.overlay.height / this.film.height) * zoom;
    this.middle = [
      (before[0] * scale + this.overlay.width / 2 - x) / (this.film.width * scale),
      (before[1] * scale + this.overlay.height / 2 - y) / (this.film.height * scale),
    ];
    this.lay();
  }

  zoomMiddle(factor) { this.zoomAt(factor, this.overlay.width / 2, this.overlay.height / 2); }
  fit() { this.zoom = 1; this.middle = [0.5, 0.5]; this.lay(); }
  pan(dx, dy) { this.middle[0] -= dx / this.picture.place.width; this.middle[1] -= dy / this.picture.place.height; this.lay(); }

  onCanvas(event) {
    const box = this.overlay.getBoundingClientRect();
    return [(event.clientX - box.left) * this.ratio, (event.clientY - box.top) * this.ratio];
  }

  toFilm(x, y) { const p = this.picture.place; return [(x - p.x) / this.scale, (y - p.y) / this.scale]; }
  toCanvas([x, y]) { const p = this.picture.place; return [p.x + x * this.scale, p.y + y * this.scale]; }
  inside([x, y]) { return x >= 0 && y >= 0 && x < this.film.width && y < this.film.height; }
  clamped([x, y]) { return [Math.max(0, Math.min(this.film.width - 0.01, x)), Math.max(0, Math.min(this.film.height - 0.01, y))]; }

  // The dot or stroke at a place of the film, the newest first.
  hit(place) {
    const reach = HIT * this.ratio / this.scale;
    for (const dot of [...this.dots].reverse()) {
      const near = Math.max(reach, dot.radius);
      const { points } = dot;
      for (let i = 0; i < points.length; i++) {
        if (apart(place, points[i], points[i + 1] ?? points[i]) <= near) return dot;
      }
    }
    return null;
  }

  down(event) {
    const at = this.onCanvas(event);
    this.overlay.setPointerCapture(event.pointerId);
    this.fingers.set(event.pointerId, at);
    if (this.fingers.size === 2) { this.drawing = null; this.pinch = this.spread(); return; }
    this.moved = 0; this.last = at;
    const place = this.toFilm(...at);
    if (this.slider !== null && Math.abs(at[0] - this.splitX()) < 16 * this.ratio) { this.sliding = true; return; }
    if (event.button === 1 || this.mode === "hand") { this.panning = true; return; }
    if (event.button !== 0 || !this.inside(place)) return;
    if (this.mode === "brush" || this.mode === "grey") this.drawing = [place];
    else if (this.mode === "eraser") this.wiping = [place];
    else this.pressed = place;
    this.over();
  }

  move(event) {
    const at = this.onCanvas(event), before = this.fingers.get(event.pointerId);
    this.hover = at;
    if (!before) { this.cursor(at); this.over(); return; }
    this.fingers.set(event.pointerId, at);
    if (this.fingers.size === 2) {
      const now = this.spread(), was = this.pinch;
      this.pan(now.x - was.x, now.y - was.y);
      this.zoomAt(now.far / Math.max(1, was.far), now.x, now.y);
      this.pinch = now; this.pressed = null;
      return;
    }
    this.moved += Math.hypot(at[0] - before[0], at[1] - before[1]);
    const place = this.toFilm(...at);
    if (this.sliding) { this.slider = Math.max(0, Math.min(1, place[0] / this.film.width)); this.acts.slid(); }
    else if (this.panning) { this.panned = true; this.pan(at[0] - before[0], at[1] - before[1]); }
    else if (this.drawing) {
      const near = this.drawing.at(-1), step = Math.max(1.5, this.radius * 0.3);
      if (Math.hypot(place[0] - near[0], place[1] - near[1]) >= step && this.drawing.length < 3000) this.drawing.push(this.clamped(place));
    } else if (this.wiping) this.wiping.push(place);
    this.over();
  }

  up(event, cancelled = false) {
    if (!this.fingers.delete(event.pointerId)) return;
    const { drawing, pressed } = this, left = this.wiping && this.left();
    this.drawing = this.pressed = this.wiping = null; this.panning = this.sliding = false;
    if (cancelled) { this.over(); return; }
    if (drawing) this.acts[this.mode](this.moved < LEAST_MOVE * this.ratio ? [drawing[0]] : drawing);
    else if (left?.size) this.acts.eraser(left);
    else if (pressed && this.moved < 12 * this.ratio) this.acts[this.mode]?.(pressed, event);
    this.over();
  }

  get reach() { return Math.max(HIT * this.ratio / this.scale, this.radius); }

  // What the eraser leaves of each dot that it touched, by its id.
  left() {
    const pieces = this.dots.map((dot) => [dot.id, leftOf(dot.points, this.wiping, this.reach)]);
    return new Map(pieces.filter(([, left]) => left));
  }

  spread() {
    const [a, b] = [...this.fingers.values()];
    return { x: (a[0] + b[0]) / 2, y: (a[1] + b[1]) / 2, far: Math.hypot(a[0] - b[0], a[1] - b[1]) };
  }

  splitX() { return this.picture.place.x + this.slider * this.picture.place.width; }

  cursor(at) {
    const near = this.slider !== null && Math.abs(at[0] - this.splitX()) < 16 * this.ratio;
    this.overlay.style.cursor = near ? "ew-resize" : "";
    this.overlay.dataset.tool = this.mode;
  }

  // Everything over the picture.
  over() {
    const sheet = this.overlay.getContext("2d"), r = this.ratio;
    sheet.clearRect(0, 0, this.overlay.width, this.overlay.height);
    if (this.slider !== null) {
      const x = this.splitX(), { y, height } = this.picture.place;
      line(sheet, [[x, y], [x, y + height]], 3 * r, "#000a"); line(sheet, [[x, y], [x, y + height]], 1.5 * r, "#fff");
      disc(sheet, [x, y + height / 2], 9 * r, "#fff", "#000a", r);
    }
    if (this.showDots && !this.playing) {
      const left = this.wiping && this.left();
      for (const dot of this.dots) for (const piece of left?.get(dot.id) ?? [dot.points]) {
        const points = piece.map((p) => this.toCanvas(p)), chosen = dot.id === this.selected;
        if (points.length > 1) {
          line(sheet, points, 7 * r, chosen ? "#fff" : "#000a"); line(sheet, points, 4 * r, shown(dot.colour));
        }
        disc(sheet, points[0], (chosen ? 8 : 6) * r, shown(dot.colour), chosen ? "#fff" : "#fffc", r);
        if (dot.colour === "grey") line(sheet, [[points[0][0] - 4 * r, points[0][1] + 4 * r], [points[0][0] + 4 * r, points[0][1] - 4 * r]], 1.5 * r, "#fff");
      }
    }
    if (this.drawing) line(sheet, this.drawing.map((p) => this.toCanvas(p)), Math.max(2, 2 * this.radius * this.scale), this.mode === "grey" ? "#808080c0" : this.color + "c0");
    if (this.pending) {
      const at = this.toCanvas(this.pending);
      ring(sheet, at, 11 * r, "#000c", 4 * r); ring(sheet, at, 11 * r, "#fff", 2 * r); disc(sheet, at, 2.5 * r, "#fff", "#000c", r);
    }
    if (this.cross) {
      const [x, y] = this.toCanvas(this.cross), { width, height } = this.overlay;
      for (const ends of [[[0, y], [width, y]], [[x, 0], [x, height]]]) { line(sheet, ends, 3 * r, "#0008"); line(sheet, ends, r, "#fff"); }
      ring(sheet, [x, y], 9 * r, "#fff", 2 * r);
    }
    if (this.hover && ["brush", "grey", "eraser"].includes(this.mode) && (this.wiping || !this.fingers.size)) {
      ring(sheet, this.hover, Math.max(2 * r, (this.mode === "eraser" ? this.reach : this.radius) * this.scale), "#fffb", r);
    }
  }
}

function line(sheet, points, width, color) {
  sheet.beginPath();
  points.forEach(([x, y], i) => (i ? sheet.lineTo(x, y) : sheet.moveTo(x, y)));
  if (points.length === 1) sheet.lineTo(points[0][0] + 0.01, points[0][1]);
  sheet.lineWidth = width; sheet.lineCap = sheet.lineJoin = "round"; sheet.strokeStyle = color; sheet.stroke();
}

function ring(sheet, [x, y], radius, color, width) {
  sheet.beginPath(); sheet.arc(x, y, radius, 0, 7); sheet.lineWidth = width; sheet.strokeStyle = color; sheet.stroke();
}

function disc(sheet, at, radius, fill, edge, ratio) {
  sheet.beginPath(); sheet.arc(...at, radius, 0, 7); sheet.fillStyle = fill; sheet.fill();
  ring(sheet, at, radius, "#000c", 3.5 * ratio); ring(sheet, at, radius, edge, 1.5 * ratio);
}

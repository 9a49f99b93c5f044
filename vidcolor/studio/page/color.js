// Colours: in words, on a wheel, from the network, from the film.

export function hex(r, g, b) {
  return "#" + [r, g, b].map((v) => Math.round(Math.max(0, Math.min(255, v))).toString(16).padStart(2, "0")).join("");
}

export function rgb(text) { return [1, 3, 5].map((i) => parseInt(text.slice(i, i + 2), 16)); }

export function fromHsv(h, s, v) {
  const part = (n) => { const k = (n + h / 60) % 6; return 255 * (v - v * s * Math.max(0, Math.min(k, 4 - k, 1))); };
  return hex(part(5), part(3), part(1));
}

export function toHsv(text) {
  const [r, g, b] = rgb(text).map((v) => v / 255);
  const v = Math.max(r, g, b), c = v - Math.min(r, g, b);
  const h = c && (v === r ? (g - b) / c : v === g ? 2 + (b - r) / c : 4 + (r - g) / c);
  return [(60 * h + 360) % 360, v && c / v, v];
}

// #rrggbb of what a person typed: #rgb, #rrggbb, or a CSS name; null if it is neither.
export function read(text) {
  const word = text.trim().toLowerCase();
  const short = word.match(/^#?([0-9a-f]{3}|[0-9a-f]{6})$/);
  if (short && (word.startsWith("#") || /\d/.test(word))) {
    const digits = short[1].length === 3 ? [...short[1]].map((d) => d + d).join("") : short[1];
    return "#" + digits;
  }
  if (!/^[a-z]+$/.test(word) || ["transparent", "currentcolor", "inherit", "initial", "unset", "revert"].includes(word)) return null;
  if (!CSS.supports("color", word)) return null;
  const sheet = document.createElement("canvas").getContext("2d");
  sheet.fillStyle = word;
  return typeof sheet.fillStyle === "string" && sheet.fillStyle.startsWith("#") ? sheet.fillStyle : null;
}

export const GREY = "grey";
export const shown = (color) => (color === GREY || color === "gray" ? "#808080" : read(color) ?? "#808080");

// Hue around, strength outwards. Calls `chosen` with #rrggbb; `final` says whether the finger is up.
export class Wheel {
  constructor(canvas, chosen) {
    this.canvas = canvas; this.chosen = chosen;
    this.hsv = [213, 0.57, 0.54];
    let down = false;
    const pick = (event, final) => {
      const box = canvas.getBoundingClientRect();
      const x = ((event.clientX - box.left) / box.width) * 2 - 1, y = ((event.clientY - box.top) / box.height) * 2 - 1;
      this.hsv[0] = (Math.atan2(y, x) * 180 / Math.PI + 360) % 360;
      this.hsv[1] = Math.min(1, Math.hypot(x, y) / 0.94);
      this.draw(); this.chosen(this.color, final);
    };
    canvas.addEventListener("pointerdown", (e) => { down = true; canvas.setPointerCapture(e.pointerId); pick(e, false); });
    canvas.addEventListener("pointermove", (e) => down && pick(e, false));
    canvas.addEventListener("pointerup", (e) => { if (down) { down = false; pick(e, true); } });
    canvas.addEventListener("pointercancel", () => { down = false; });
    canvas.addEventListener("keydown", (e) => {
      const step = { ArrowLeft: [-4, 0], ArrowRight: [4, 0], ArrowUp: [0, 0.04], ArrowDown: [0, -0.04] }[e.key];
      if (!step) return;
      e.preventDefault(); e.stopPropagation();
      this.hsv[0] = (this.hsv[0] + step[0] + 360) % 360;
      this.hsv[1] = Math.max(0, Math.min(1, this.hsv[1] + step[1]));
      this.draw(); this.chosen(this.color, true);
    });
  }

  get color() { return fromHsv(...this.hsv); }

  show(text) { this.hsv = toHsv(text); this.draw(); }

  draw() {
    const { canvas } = this, size = canvas.width, sheet = canvas.getContext("2d"), value = Math.max(0.35, this.hsv[2]);
    if (this.value !== value) {
      const image = sheet.createImageData(size, size);
      for (let y = 0; y < size; y++) for (let x = 0; x < size; x++) {
        const dx = (x + 0.5) / size * 2 - 1, dy = (y + 0.5) / size * 2 - 1, far = Math.hypot(dx, dy) / 0.94;
        if (far > 1.06) continue;
        const [r, g, b] = rgb(fromHsv((Math.atan2(dy, dx) * 180 / Math.PI + 360) % 360, Math.min(1, far), value));
        image.data.set([r, g, b, 255 * Math.max(0, Math.min(1, (1.06 - far) * 30))], 4 * (y * size + x));
      }
      this.image = image; this.value = value;
    }
    sheet.putImageData(this.image, 0, 0);
    const angle = this.hsv[0] * Math.PI / 180, far = this.hsv[1] * 0.94 * size / 2;
    sheet.beginPath();
    sheet.arc(size / 2 + Math.cos(angle) * far, size / 2 + Math.sin(angle) * far, 11, 0, 7);
    sheet.fillStyle = this.color; sheet.fill();
    sheet.lineWidth = 5; sheet.strokeStyle = "#000"; sheet.stroke();
    sheet.lineWidth = 2.5; sheet.strokeStyle = "#fff"; sheet.stroke();
  }
}

// Buttons for colours, as {colour, share}, in place of what an element holds.
export function swatches(into, colors, chosen) {
  into.replaceChildren(...colors.map(({ colour: color, share }, index) => {
    const button = document.createElement("button");
    button.style.background = shown(color);
    button.title = share === undefined ? color : `${color}, ${Math.round(share * 100)} % (${index + 1})`;
    button.setAttribute("aria-label", button.title);
    button.dataset.color = color;
    if (share !== undefined) {
      const bar = document.createElement("i");
      bar.style.width = `${Math.max(4, share * 100)}%`;
      button.append(bar);
    }
    button.addEventListener("click", () => chosen(color));
    return button;
  }));
}

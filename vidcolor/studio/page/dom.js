// The document: its elements by name, and words for the person before it.

import { Gone, Stale } from "./net.js";

export const $ = (id) => document.getElementById(id);
export const toggle = (id, on) => $(id).setAttribute("aria-pressed", String(on));

// An element with properties and children.
export function made(tag, values = {}, ...children) {
  const element = Object.assign(document.createElement(tag), values);
  element.append(...children);
  return element;
}

// A quiet button with a cross, named for those who do not see it.
export function bin(label, act) {
  const button = made("button", { className: "quiet", textContent: "✕" });
  button.setAttribute("aria-label", label);
  button.addEventListener("click", act);
  return button;
}

// Words that pass.
export function toast(words, seconds = 7) {
  const line = made("p", { textContent: words });
  $("toasts").append(line);
  setTimeout(() => line.remove(), seconds * 1000);
}

const banners = new Map();
export function banner(kind, words) {
  if (words) banners.set(kind, words); else banners.delete(kind);
  $("banner").hidden = !banners.size;
  $("banner").textContent = [...banners.values()].join(" ");
}

export function lose(words = "The studio has ended.") {
  banner("lost", `${words} Start it again with vidcolor studio and open the address it shows; what you did is kept. If it still runs, this page reconnects by itself.`);
}

export function trouble(error) {
  if (error instanceof Stale) return;
  if (error instanceof Gone) { lose(error.message); return; }
  toast(error.message);
}

// How the picture is seen: before and after, dots shown or hidden, full screen, light or dark.

import { desk } from "./desk.js";
import { $, toast, toggle } from "./dom.js";
import { setMasked } from "./frame.js";

export function setSlider(on) {
  const { picture, stage } = desk;
  stage.slider = on ? 0.5 : null; picture.split = on ? 0.5 : 0;
  toggle("slider", on); picture.draw(); stage.over();
}
export const switchSlider = () => setSlider(desk.stage.slider === null);
export const switchMask = () => setMasked(!desk.picture.masked);
export function switchDots() {
  const { stage } = desk;
  stage.showDots = !stage.showDots;
  toggle("marks", stage.showDots); stage.over();
}
export function setGrey(on) { const { picture } = desk; if (picture.grey !== on) { picture.grey = on; picture.draw(); } }
export function full() {
  if (document.fullscreenElement) document.exitFullscreen();
  else $("desk").requestFullscreen?.().catch(() => toast("This browser has no full screen."));
}

$("slider").addEventListener("click", switchSlider);
$("mask").addEventListener("click", switchMask);
$("marks").addEventListener("click", switchDots);
$("fit").addEventListener("click", () => desk.stage.fit());
$("full").addEventListener("click", full);
for (const name of ["pointerdown", "pointerup", "pointerleave", "pointercancel"]) $("before").addEventListener(name, () => setGrey(name === "pointerdown"));
$("before").addEventListener("click", (event) => { if (event.detail === 0) setGrey(!desk.picture.grey); });
$("stage").addEventListener("dblclick", () => { if (desk.stage.mode === "hand") desk.stage.fit(); });

const THEMES = ["auto", "light", "dark"];
const darkSystem = matchMedia("(prefers-color-scheme: dark)");
let theme = localStorage.getItem("vidcolor-theme") ?? "auto";
export function showTheme() {
  document.documentElement.dataset.theme = theme === "auto" ? (darkSystem.matches ? "dark" : "light") : theme;
  $("theme").title = `Light or dark: ${theme === "auto" ? "as the system" : theme}`;
  desk.stage?.lay();
}
darkSystem.addEventListener("change", showTheme);
$("theme").addEventListener("click", () => {
  theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
  localStorage.setItem("vidcolor-theme", theme);
  showTheme();
});

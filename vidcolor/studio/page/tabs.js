// The panels beside the picture, one at a time.

import { say } from "./desk.js";

const tabs = [...document.querySelectorAll("[data-tab]")];

export function openTab(name) {
  for (const tab of tabs) tab.setAttribute("aria-selected", String(tab.dataset.tab === name));
  for (const part of document.querySelectorAll("[data-panel]")) part.hidden = part.dataset.panel !== name;
  say("tab", name);
}

tabs.forEach((tab, index) => {
  tab.addEventListener("click", () => openTab(tab.dataset.tab));
  tab.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.stopPropagation(); event.preventDefault();
    const next = tabs[(index + step + tabs.length) % tabs.length];
    next.focus(); openTab(next.dataset.tab);
  });
});

// The films and photographs of a folder.

import { colorAll, items as asked } from "./net.js";

const WORDS = { done: "coloured", running: "being coloured", paused: "paused", failed: "failed", cancelled: "stopped", interrupted: "interrupted" };

export async function showGrid(into, open, toast) {
  const list = into.querySelector("#items"), cards = new Map();
  const show = (items) => {
    for (const item of items) {
      let card = cards.get(item.key);
      if (!card) {
        card = document.createElement("li");
        card.innerHTML = '<button><img alt="" loading="lazy"><span class="words"><b></b><span class="small dim"></span><span class="problem small"></span></span></button>';
        const image = card.querySelector("img");
        image.src = `/api/${item.key}/thumb`;
        image.addEventListener("error", () => { image.style.visibility = "hidden"; card.querySelector(".dim").textContent = "cannot be read"; });
        card.querySelector("b").textContent = item.name;
        card.querySelector("button").addEventListener("click", () => open(item.key));
        cards.set(item.key, card);
        list.append(card);
      }
      const made = WORDS[item.made] ?? "not coloured yet";
      card.querySelector(".dim").textContent = `${item.film ? "film" : "photograph"} · ${made}${item.made === "done" ? `: ${item.output}` : ""}${item.said ? " · directed" : ""}`;
      card.querySelector(".problem").textContent = item.made === "failed" ? item.problem ?? "" : "";
    }
  };
  const facts = await asked();
  show(facts.items);
  into.querySelector("#all").onclick = () => colorAll().catch((error) => toast(error.message));
  return { show, facts };
}

"use strict";
(() => {
  const root = document.documentElement, byId = id => document.getElementById(id);
  root.classList.add("js");
  // Overlays show pixels of the card's own pictures, which the page holds once.
  const paint = card => {
    const pictures = card.querySelectorAll("img");
    for (const to of card.querySelectorAll("[data-picture]:not([href])")) {
      const from = pictures[to.dataset.picture];
      if (from) to.setAttribute("href", from.src);
    }
  };
  for (const d of document.querySelectorAll(".card details[open]")) paint(d.closest(".card"));
  addEventListener("toggle", e => {
    const card = e.target.closest && e.target.closest(".card");
    if (card && e.target.open) paint(card);
  }, true);
  const answers = byId("answers"), geometry = byId("geometry");
  const open = on => { for (const d of document.querySelectorAll(".card details")) d.open = on; };
  if (answers) answers.addEventListener("change", () => open(answers.checked));
  const flip = box => { if (box) box.click(); };
  let at = -1;
  const go = by => {
    const cards = [...document.querySelectorAll(".card")].filter(c => c.offsetParent);
    if (!cards.length) return;
    const now = cards.findIndex(c => c.contains(document.activeElement));
    at = Math.min(Math.max((now < 0 ? at : now) + by, 0), cards.length - 1);
    cards[at].querySelector("summary").focus({ preventScroll: true });
    cards[at].scrollIntoView({ block: "center" });
  };
  addEventListener("keydown", e => {
    if (e.ctrlKey || e.metaKey || e.altKey || /^(TEXTAREA|SELECT)$/.test(e.target.tagName)) return;
    const card = document.activeElement.closest(".card");
    if (e.key === "j") go(1);
    else if (e.key === "k") go(-1);
    else if (e.key === "g") flip(geometry);
    else if (e.key === "a" && card) { const d = card.querySelector("details"); d.open = !d.open; }
    else if (e.key === "a") flip(answers);
    else return;
    e.preventDefault();
  });
})();

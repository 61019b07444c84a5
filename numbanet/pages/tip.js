// The tooltip: what a mark is, beside it and within the window.

let tipped = null; // what it is about: {mark, title, lines}

function tip() {
  return document.getElementById("tip");
}

function hideTip() {
  tip().hidden = true;
  tipped?.mark.classList.remove("near");
  tipped = null;
}

/** Say what a mark is: a title, and lines below it. */
function showTip(mark, title, lines) {
  hideTip();
  tipped = { mark, title, lines };
  mark.classList.add("near");
  const name = document.createElement("strong");
  name.textContent = title;
  const below = lines.map((line) => {
    const element = document.createElement("div");
    element.textContent = line;
    return element;
  });
  tip().replaceChildren(name, ...below);
  tip().hidden = false;
  const at = mark.getBoundingClientRect();
  const size = tip().getBoundingClientRect();
  const room = document.documentElement.clientWidth;
  const left = at.right + 10 + size.width <= room - 8 ? at.right + 10 : at.left - 10 - size.width;
  const top = left < 8 ? at.bottom + 8 : at.top - size.height / 2;
  tip().style.left = `${Math.max(8, Math.min(left, room - 8 - size.width))}px`;
  tip().style.top = `${Math.max(8, Math.min(top, innerHeight - 8 - size.height))}px`;
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    hideTip();
  }
});
// A mark that is chosen by the keyboard may be scrolled into view: its tooltip goes with it.
document.addEventListener(
  "scroll",
  () => {
    if (tipped && tipped.mark === document.activeElement) {
      showTip(tipped.mark, tipped.title, tipped.lines);
    } else {
      hideTip();
    }
  },
  { capture: true, passive: true },
);

// Puts the page together: theme, copy buttons, tables, and the plots, which are drawn anew for each width.

const found = JSON.parse(document.getElementById("data").textContent);

function themeButton() {
  const button = document.getElementById("theme");
  const name = () => {
    button.textContent = isDark() ? "Light theme" : "Dark theme";
  };
  button.addEventListener("click", () => {
    setTheme(isDark() ? "light" : "dark");
    name();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", name);
  name();
}

function copyButton(button) {
  const code = button.previousElementSibling;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(code); // no right to the clipboard: then by the keyboard
      button.textContent = "Selected";
    }
    setTimeout(() => {
      button.textContent = "Copy";
    }, 2000);
  });
}

/** Draw into a box now and whenever its width changes. */
function keepDrawn(box, draw) {
  let width = 0;
  const observer = new ResizeObserver(() => {
    if (box.clientWidth && box.clientWidth !== width) {
      width = box.clientWidth;
      draw();
    }
  });
  observer.observe(box);
}

themeButton();
document.querySelectorAll("button.copy").forEach(copyButton);
document.querySelectorAll("table").forEach(sortable);
document.querySelectorAll("input[data-table]").forEach(filterable);

if (document.getElementById("roofline-plot")) {
  const shown = { series: new Set(found.series.keys()), operation: "" };
  const boxes = ["roofline-plot", "moves-plot"].map((id) => document.getElementById(id));
  const draws = [() => drawRoofline(boxes[0], found, shown), () => drawMoves(boxes[1], found, shown)];
  rooflineControls(document.getElementById("roofline-controls"), found, shown, () => draws.forEach((draw) => draw()));
  boxes.forEach((box, k) => keepDrawn(box, draws[k]));
}
found.training.forEach((model, k) => {
  const box = document.getElementById(`training-plot-${k}`);
  keepDrawn(box, () => drawTraining(box, found, model));
});

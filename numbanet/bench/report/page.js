// Puts the page together: theme, copy buttons, tables, and the plots, which are drawn anew for each width.

const found = JSON.parse(document.getElementById("data").textContent);

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

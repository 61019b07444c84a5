// Puts the page together: which step, sample and time are shown, and what leads from one to another.

const shown = { step: 0, layer: "", sample: 0, time: 0, timed: false, timer: 0 };
const steps = trace.steps;
const part = (id) => document.getElementById(id);

function layerNamed(name) {
  return trace.layers.find((layer) => layer.name === name);
}

/** The layer to look at: that of the step, or the one before, in the loss. */
function layerOf(step) {
  return layerNamed(step.layer) ? step.layer : shown.layer || trace.layers[0].name;
}

function show(step) {
  shown.step = Math.max(0, Math.min(step, steps.length - 1));
  shown.layer = layerOf(steps[shown.step]);
  redraw();
}

function redraw() {
  const step = steps[shown.step];
  hideTip();
  part("count").textContent = `Step ${shown.step + 1} of ${steps.length}`;
  part("scrubber").value = shown.step;
  const kernel = `${step.operation}.${step.function}`;
  part("scrubber").setAttribute("aria-valuetext", `${shown.step + 1}: ${step.phase}, ${step.layer}, ${kernel}`);
  const last = steps.length - 1;
  for (const [id, end] of Object.entries({ first: 0, back: 0, next: last, last })) {
    part(id).setAttribute("aria-disabled", String(shown.step === end)); // disabled itself it would lose the focus
  }
  look();
}

/** Draw the step, and the layer that is looked at. */
function look() {
  const [step, layer] = [steps[shown.step], layerNamed(shown.layer)];
  shown.timed = layer.time.length > 0;
  if (shown.timed) {
    shown.time = Math.min(shown.time, arrayAt(layer.time[0].value.array).extent[1] - 1);
  }
  markNetwork(part("network"), step, shown.layer);
  drawStep(step, shown);
  drawLayer(layer, shown, (time) => {
    shown.time = time;
    drawArrays(part("arrays"), step, shown);
  });
}

/** A layer was pressed: to its first step of this direction, or, where it has none, to its arrays alone. */
function chooseLayer(name) {
  const own = (step) => step.layer === name || step.layer.startsWith(`${name}/`);
  const ahead = steps[shown.step].phase === "forward";
  const found = steps.find((step) => own(step) && (step.phase === "forward") === ahead) ?? steps.find(own);
  if (found) {
    show(found.number);
  }
  if (shown.layer !== name) {
    shown.layer = name;
    look();
  }
}

function play(on) {
  clearInterval(shown.timer);
  shown.timer = on
    ? setInterval(() => (shown.step < steps.length - 1 ? show(shown.step + 1) : play(false)), 1200)
    : 0;
  part("play").textContent = on ? "Pause" : "Play";
  part("play").setAttribute("aria-pressed", String(Boolean(on)));
}

function listenToKeys() {
  document.addEventListener("keydown", (event) => {
    const busy = event.ctrlKey || event.altKey || event.metaKey || event.target.closest("input, select, pre, .formula");
    const targets = { ArrowRight: shown.step + 1, ArrowLeft: shown.step - 1, Home: 0, End: steps.length - 1 };
    if (!busy && event.key in targets) {
      event.preventDefault();
      play(false);
      show(targets[event.key]);
    }
  });
}

function samples() {
  for (let n = 0; n < trace.shown; n += 1) {
    const label = trace.labels ? `, label ${trace.labels[n]}` : "";
    part("sample").append(new Option(`${n} of ${trace.samples}${label}`, n));
  }
  part("sample").addEventListener("change", (event) => {
    shown.sample = Number(event.target.value);
    redraw();
  });
}

function leftOut() {
  const cropped = trace.arrays.filter((array) => array.extent.some((n, axis) => n < array.shape[axis])).length;
  const text = cropped
    ? `To keep the page small, ${cropped} of ${trace.arrays.length} arrays are here with the beginning of their ` +
      "longest axes; each says what it shows."
    : "All arrays are here with all of their numbers.";
  const all = trace.shown < trace.samples ? ` Of ${trace.samples} samples the first ${trace.shown} are here.` : "";
  part("left-out").textContent = text + all;
}

function begin() {
  const last = steps.length - 1;
  const targets = { first: () => 0, back: () => shown.step - 1, next: () => shown.step + 1, last: () => last };
  for (const [id, target] of Object.entries(targets)) {
    part(id).addEventListener("click", () => {
      play(false);
      show(target());
    });
  }
  part("play").addEventListener("click", () => play(!shown.timer));
  part("scrubber").max = last;
  part("scrubber").addEventListener("input", (event) => {
    play(false);
    show(Number(event.target.value));
  });
  samples();
  leftOut();
  drawNetwork(part("network"), chooseLayer);
  normsLegend(part("norms-legend"));
  keepDrawn(part("norms"), () => drawNorms(part("norms")));
  new ResizeObserver(([bar]) => {
    document.documentElement.style.setProperty("--bar", `${bar.target.offsetHeight}px`);
  }).observe(part("controls"));
  listenToKeys();
  themeButton();
  show(0);
  document.addEventListener("theme", redraw);
  let width = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth !== width) {
      width = innerWidth;
      redraw();
    }
  });
}

begin();

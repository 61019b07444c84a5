// SVG elements, logarithmic axes, and plots that are drawn anew for each width.

const compact = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });

function draw(parent, name, attributes = {}, text = "") {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) {
    element.setAttribute(key, value);
  }
  element.textContent = text;
  parent.append(element);
  return element;
}

/** Pixels of a value on a logarithmic axis; its ticks. */
function logScale([low, high], [from, to]) {
  const [a, b] = [Math.log10(low), Math.log10(high)];
  const scale = (value) => from + ((Math.log10(value) - a) / (b - a)) * (to - from);
  const steps = b - a > 1.5 ? [1] : [1, 2, 5];
  const every = Math.ceil(((b - a) * 55) / Math.abs(to - from)); // at most a tick for each 55 pixels
  scale.ticks = [];
  for (let power = Math.floor(a); power <= Math.ceil(b); power += 1) {
    for (const step of power % every ? [] : steps) {
      const tick = Number(`${step}e${power}`);
      if (tick >= low * 0.999 && tick <= high * 1.001) {
        scale.ticks.push(tick);
      }
    }
  }
  return scale;
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

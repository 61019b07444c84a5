// The norms of the gradients, layer by layer, as bars on a logarithmic scale.

const BARS = [
  { key: "dx", name: "dL/dx, by the layer's input", className: "bar-dx" },
  { key: "dW", name: "dL/dW, by its parameters", className: "bar-dw" },
];

function normsLegend(box) {
  for (const { name, className } of BARS) {
    const entry = make("span", className);
    entry.append(make("i", "swatch"), name);
    box.append(entry);
  }
}

function drawNorms(box) {
  const rows = trace.norms.filter((row) => BARS.some(({ key }) => row[key] !== null));
  const values = rows.flatMap((row) => BARS.map(({ key }) => row[key])).filter((value) => value > 0);
  box.replaceChildren();
  if (!values.length) {
    box.append(make("p", "note", "All gradients are 0, or not finite."));
    return;
  }
  const [each, top, left, right, bottom] = [52, 6, 12, 34, 26];
  const low = 10 ** Math.floor(Math.log10(Math.min(...values)) - 0.05);
  const high = 10 ** Math.ceil(Math.log10(Math.max(...values)) + 0.05);
  const [width, height] = [box.clientWidth, top + bottom + each * rows.length];
  const svg = draw(box, "svg", { width, height, role: "group", "aria-label": "Gradient norms by layer" });
  const x = logScale([low, high], [left, width - right]);
  for (const tick of x.ticks) {
    draw(svg, "line", { class: "grid", x1: x(tick), x2: x(tick), y1: top, y2: height - bottom });
    draw(svg, "text", { x: x(tick), y: height - 8, "text-anchor": "middle" }, tickText(tick));
  }
  rows.forEach((row, k) => {
    const y = top + k * each;
    draw(svg, "text", { class: "of-layer", x: left, y: y + 15 }, row.layer);
    BARS.forEach((kind, n) => bar(svg, row, kind, [left, y + 21 + n * 12], x));
  });
}

/** A bar that begins at a place, where the scale x does. */
function bar(svg, row, { key, name, className }, [left, y], x) {
  const value = row[key];
  if (value === null) {
    return;
  }
  const width = value > 0 ? Math.max(2, x(value) - left) : 2;
  const at = { class: className, x: left, y, width, height: 10, role: "img", tabindex: 0 };
  const mark = draw(svg, "rect", { ...at, "aria-label": `${row.layer}: ${name}: ${value}` });
  mark.addEventListener("focus", () => showTip(mark, row.layer, [name, String(value)]));
  mark.addEventListener("blur", hideTip);
  mark.addEventListener("pointerenter", () => showTip(mark, row.layer, [name, String(value)]));
  mark.addEventListener("pointerleave", hideTip);
}

function tickText(tick) {
  return tick >= 0.01 && tick < 1e4 ? String(tick) : tick.toExponential(0).replace("+", "");
}

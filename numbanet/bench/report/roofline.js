// The roofline, the kernels without FLOPs beside it, and what chooses among the points.

const WIDE = 480; // pixels from which there is room for words at the roofs

/** A checkbox for each device, threads and dtype, the shapes of the families, and a list of the operations. */
function rooflineControls(box, found, shown, redraw) {
  const choices = document.createElement("fieldset");
  const legend = document.createElement("legend");
  legend.textContent = "Devices";
  choices.append(legend);
  found.series.forEach(({ label, color }, k) => {
    const input = Object.assign(document.createElement("input"), { type: "checkbox", checked: true });
    const name = document.createElement("label");
    name.className = `s${color}`;
    const swatch = document.createElement("span");
    swatch.className = "swatch";
    name.append(input, swatch, label);
    input.addEventListener("change", () => {
      shown.series[input.checked ? "add" : "delete"](k);
      redraw();
    });
    choices.append(name);
  });
  const shapes = document.createElement("div");
  shapes.className = "shapes";
  found.families.forEach((family, k) => {
    const item = document.createElement("span");
    draw(draw(item, "svg", { width: 14, height: 14, viewBox: "-7 -7 14 14", "aria-hidden": "true" }), "path", {
      d: SHAPES[k](4.5),
    });
    item.append(family);
    shapes.append(item);
  });
  const select = document.createElement("select");
  const operations = [...new Set(found.kernels.map((point) => point.operation))].sort();
  select.append(new Option("all", ""), ...operations.map((name) => new Option(name, name)));
  select.addEventListener("change", () => {
    shown.operation = select.value;
    redraw();
  });
  const chosen = document.createElement("label");
  chosen.append("Operation ", select);
  box.append(choices, chosen, shapes);
}

function visible(points, shown) {
  return points.filter((p) => shown.series.has(p.series) && (!shown.operation || p.operation === shown.operation));
}

/** FLOPs/byte to the right, GFLOP/s upwards, both logarithmic: so a bandwidth is a straight slope. */
function drawRoofline(box, found, shown) {
  const all = found.kernels.filter((point) => point.y > 0);
  const roofs = found.roofs.filter((roof) => shown.series.has(roof.series));
  const xRange = range([...all.map((p) => p.x), ...found.roofs.map((roof) => roof.gflops / roof.gbs)]);
  const yRange = range([...all.map((p) => p.y), ...found.roofs.map((roof) => roof.gflops)]);
  const height = Math.round(Math.max(340, Math.min(560, box.clientWidth * 0.56)));
  const label = "Roofline: GFLOP/s by FLOPs for each byte";
  const plot = frame(box, { label, height, xRange, yRange, xTitle: "FLOPs/byte", yTitle: "GFLOP/s" });
  for (const roof of roofs) {
    drawRoof(plot, roof, found.series[roof.series].color, xRange, yRange);
  }
  drawPoints(plot.svg, visible(all, shown), found.series, (p) => [plot.x(p.x), plot.y(p.y)]);
}

function drawRoof({ svg, x, y }, roof, color, [low, high], [bottom]) {
  const slope = (gbs) => {
    const start = Math.max(low, bottom / gbs); // where it enters the plot
    const corner = roof.gflops / gbs;
    return `M${x(start)},${y(start * gbs)}L${x(corner)},${y(roof.gflops)}`;
  };
  const ceiling = `L${x(high)},${y(roof.gflops)}`;
  for (const gbs of roof.caches) {
    if (roof.gflops / gbs > low) {
      draw(svg, "path", { class: `cache s${color}`, d: slope(gbs) });
    }
  }
  draw(svg, "path", { class: `roof s${color}`, d: slope(roof.gbs) + ceiling });
  if (x(high) - x(low) < WIDE) {
    return; // its numbers are in the table
  }
  const words = `${compact.format(roof.gflops)} GFLOP/s`;
  draw(svg, "text", { class: `s${color} of-roof`, x: x(high), y: y(roof.gflops) - 5, "text-anchor": "end" }, words);
  const start = Math.max(low, bottom / roof.gbs);
  const [x0, y0, x1, y1] = [x(start), y(start * roof.gbs), x(roof.gflops / roof.gbs), y(roof.gflops)];
  const angle = (Math.atan2(y1 - y0, x1 - x0) * 180) / Math.PI;
  const at = `translate(${x0 + 0.12 * (x1 - x0)} ${y0 + 0.12 * (y1 - y0)}) rotate(${angle})`;
  draw(svg, "text", { class: `s${color} of-roof`, transform: at, dy: -5 }, `${compact.format(roof.gbs)} GB/s`);
}

/** Kernels that compute nothing, by GB/s: a row for each device, threads and dtype. */
function drawMoves(box, found, shown) {
  const all = found.kernels.filter((point) => !(point.y > 0));
  const rows = [...new Set(all.map((point) => point.series))].filter((k) => shown.series.has(k)).sort((a, b) => a - b);
  const gbs = [...all.map((p) => p.gbs), ...found.roofs.map((roof) => roof.gbs)];
  const label = "Kernels without FLOPs: GB/s";
  const height = 54 + 46 * Math.max(1, rows.length);
  const plot = frame(box, { label, height, xRange: range(gbs), xTitle: "GB/s", left: 14 });
  const row = (k) => plot.top + 46 * rows.indexOf(k) + 31;
  for (const k of rows) {
    const { label: name, color } = found.series[k];
    draw(plot.svg, "text", { class: `s${color} of-roof`, x: plot.left, y: row(k) - 17 }, name);
    draw(plot.svg, "line", { class: "grid", x1: plot.left, x2: plot.right, y1: row(k), y2: row(k) });
    for (const roof of found.roofs.filter((one) => one.series === k)) {
      const at = plot.x(roof.gbs);
      draw(plot.svg, "path", { class: `roof s${color}`, d: `M${at},${row(k) - 12}V${row(k) + 12}` });
    }
  }
  const points = visible(all, shown);
  drawPoints(plot.svg, points, found.series, (p) => [plot.x(p.gbs), row(p.series)]);
  if (!points.length) {
    draw(plot.svg, "text", { x: plot.left, y: plot.top + 20 }, "none among those that are chosen");
  }
}

// Samples a second by batch: a line for each device, threads and dtype.

function drawTraining(box, found, model) {
  const plot = frame(box, {
    label: `${model.model}: samples a second by batch`,
    height: 300,
    xRange: range(model.points.map((point) => point.x), 1.3),
    yRange: range(model.points.map((point) => point.y)),
    xTitle: "batch",
    yTitle: "samples/s",
  });
  const at = (point) => [plot.x(point.x), plot.y(point.y)];
  found.series.forEach(({ label, color }, k) => {
    const mine = model.points.filter((point) => point.series === k).sort((a, b) => a.x - b.x);
    if (mine.length) {
      draw(plot.svg, "path", { class: `line s${color}`, d: `M${mine.map((point) => at(point).join()).join("L")}` });
      const [x, y] = at(mine.at(-1));
      draw(plot.svg, "text", { class: `s${color} of-roof`, x, y: y - 9, "text-anchor": "end" }, label);
    }
  });
  drawPoints(plot.svg, model.points, found.series, at);
}

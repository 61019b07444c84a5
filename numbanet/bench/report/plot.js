// What the plots share: frames with logarithmic axes, points that say what they are to pointer and keyboard.

const SHAPES = [
  (r) => `M${-r},0a${r},${r} 0 1,0 ${2 * r},0a${r},${r} 0 1,0 ${-2 * r},0`,
  (r) => `M${-r},${-r}h${2 * r}v${2 * r}h${-2 * r}z`,
  (r) => `M0,${-1.3 * r}L${1.3 * r},0L0,${1.3 * r}L${-1.3 * r},0z`,
  (r) => `M0,${-1.2 * r}L${1.2 * r},${r}L${-1.2 * r},${r}z`,
];
const NEAR = 24; // pixels from which a pointer finds a point

/** The smallest and the largest of some positive values, with room around them. */
function range(values, room = 1.6) {
  return values.length ? [Math.min(...values) / room, Math.max(...values) * room] : [0.1, 1000];
}

/** An empty plot that fills the width of its box: {svg, x, y, width, height}, the last two without the margins. */
function frame(box, { label, height, xRange, yRange, xTitle, yTitle, left = 58 }) {
  const [top, right, bottom] = [12, 14, 42];
  const total = box.clientWidth;
  box.replaceChildren();
  const svg = draw(box, "svg", { width: total, height, role: "group", "aria-label": label });
  const x = logScale(xRange, [left, total - right]);
  const y = yRange && logScale(yRange, [height - bottom, top]);
  for (const tick of x.ticks) {
    draw(svg, "line", { class: "grid", x1: x(tick), x2: x(tick), y1: top, y2: height - bottom });
    draw(svg, "text", { x: x(tick), y: height - bottom + 16, "text-anchor": "middle" }, compact.format(tick));
  }
  for (const tick of y ? y.ticks : []) {
    draw(svg, "line", { class: "grid", x1: left, x2: total - right, y1: y(tick), y2: y(tick) });
    draw(svg, "text", { x: left - 6, y: y(tick) + 4, "text-anchor": "end" }, compact.format(tick));
  }
  const middle = (left + total - right) / 2;
  draw(svg, "text", { class: "axis", x: middle, y: height - 6, "text-anchor": "middle" }, xTitle);
  if (y) {
    const at = { class: "axis", transform: `translate(13 ${(top + height - bottom) / 2}) rotate(-90)` };
    draw(svg, "text", { ...at, "text-anchor": "middle" }, yTitle);
  }
  return { svg, x, y, left, right: total - right, top, bottom: height - bottom };
}

/** Marks for the points, each at `at(point)`; one Tab stop for all of them, and arrow keys from one to the next. */
function drawPoints(svg, points, series, at) {
  const placed = points.map((point) => ({ point, at: at(point) }));
  placed.sort((a, b) => a.at[0] - b.at[0] || b.at[1] - a.at[1]);
  const marks = placed.map(({ point, at: [x, y] }, k) => {
    const { label, color } = series[point.series];
    const lines = [label, ...point.lines];
    const mark = draw(svg, "g", {
      class: `point s${color}`,
      role: "img",
      tabindex: k ? -1 : 0,
      transform: `translate(${x} ${y})`,
      "aria-label": [point.name, ...lines].join(", "),
    });
    draw(mark, "path", { d: SHAPES[point.family ?? 0](4.5) });
    mark.addEventListener("focus", () => showTip(mark, point.name, lines));
    mark.addEventListener("blur", hideTip);
    return { mark, lines };
  });
  const nearest = (event) => {
    const box = svg.getBoundingClientRect();
    let [best, found] = [NEAR, -1];
    placed.forEach(({ at: [x, y] }, k) => {
      const distance = Math.hypot(event.clientX - box.left - x, event.clientY - box.top - y);
      if (distance < best) {
        [best, found] = [distance, k];
      }
    });
    return found;
  };
  const point = (event) => {
    const k = nearest(event);
    if (k < 0) {
      hideTip();
    } else {
      showTip(marks[k].mark, placed[k].point.name, marks[k].lines);
    }
  };
  svg.addEventListener("pointermove", point);
  svg.addEventListener("pointerdown", point);
  svg.addEventListener("pointerleave", hideTip);
  svg.addEventListener("keydown", (event) => {
    const here = marks.findIndex(({ mark }) => mark === document.activeElement);
    const last = marks.length - 1;
    const steps = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, Home: -here, End: last - here };
    if (here >= 0 && event.key in steps) {
      event.preventDefault();
      const next = marks[Math.max(0, Math.min(here + steps[event.key], last))].mark;
      marks[here].mark.setAttribute("tabindex", -1);
      next.setAttribute("tabindex", 0);
      next.focus();
    }
  });
}

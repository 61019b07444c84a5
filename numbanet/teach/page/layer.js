// All that a layer computed, by the textbook's names; of a recurrent layer, gates and states step by step in time.

function drawLayer(layer, chosen, setTime) {
  document.getElementById("layer-title").textContent = `All of ${layer.name}`;
  const box = document.getElementById("layer");
  const room = Math.max(220, Math.min(box.clientWidth - 28, 520));
  const words = make("p", "what");
  words.append(make("code", "", layer.words));
  const cards = make("div", "cards");
  const deal = () => cards.replaceChildren(...layer.values.map((ref) => card(ref, chosen, room)));
  box.replaceChildren(words);
  if (layer.time.length) {
    throughTime(box, layer, chosen, (time) => {
      setTime(time);
      deal();
    });
  }
  deal();
  box.append(cards);
}

/** The slider over time, and for each gate and state its numbers at that step, and all of its steps. */
function throughTime(parent, layer, chosen, setTime) {
  const box = make("div", "through-time");
  const array = arrayAt(layer.time[0].value.array);
  const [, steps] = array.extent;
  const label = make("label", "scrubber");
  const count = make("span", "", timeText(chosen.time, array));
  const slider = make("input");
  Object.assign(slider, { type: "range", id: "time", min: 0, max: steps - 1, value: chosen.time });
  slider.setAttribute("aria-label", "Time step");
  slider.setAttribute("aria-valuetext", timeText(chosen.time, array));
  const table = make("div", "gates");
  slider.addEventListener("input", () => {
    setTime(Number(slider.value));
    count.textContent = timeText(chosen.time, array);
    slider.setAttribute("aria-valuetext", timeText(chosen.time, array));
    fill(table, layer, chosen, room);
  });
  label.append(count, slider);
  box.append(make("h3", "", "Through time"), label, table);
  parent.append(box);
  const room = roomOf(table);
  fill(table, layer, chosen, room);
}

/** Pixels for the heat maps of a gate: two cards lie side by side where there is room, as page.css has it. */
function roomOf(table) {
  const gate = make("div", "gate");
  const probe = make("figure", "card");
  gate.append(probe, make("figure", "card"));
  table.replaceChildren(gate);
  return probe.clientWidth - 28;
}

function timeText(time, array) {
  const [, steps] = array.extent;
  const all = array.shape[1];
  return `Time step ${time} of 0 to ${all - 1}${steps < all ? `, of which the first ${steps} are here` : ""}`;
}

function fill(table, layer, chosen, room) {
  const rows = layer.time.map(({ name, value, gradient }) => {
    const row = make("div", "gate");
    row.dataset.name = name;
    row.append(gateCard(value, chosen, room), ...(gradient ? [gateCard(gradient, chosen, room)] : []));
    return row;
  });
  table.replaceChildren(...rows);
}

/** A gate or its gradient: the numbers at the chosen step, above the map of all steps, in which it is marked. */
function gateCard(ref, chosen, room) {
  const box = card(ref, chosen, room);
  const array = arrayAt(ref.array);
  const units = array.extent[2];
  const columns = Math.min(units, Math.max(3, Math.floor(room / PRINTED.width)), PRINTED.across);
  const at = (row, column) => {
    const unit = row * columns + column;
    return unit < units ? [chosen.sample, chosen.time, unit] : null;
  };
  const title = (index) => `${ref.name}[${index.join(", ")}]`;
  const view = { panels: [{ at }], rows: Math.ceil(units / columns), columns, across: 0, room, title, marks: [] };
  const now = make("div", "scroll at-time");
  now.append(heatMap(array, view));
  box.insertBefore(now, box.children[1]);
  return box;
}

// How an array is laid out in panels of rows and columns, and the card that shows it.

/** The names of an array's axes as indices: "O" is o, "KH" kh, "T + 1" t; without a name i, j, k. */
function letters(axes, rank) {
  const named = (axis) => /^(\d*[A-Za-z]+)( \+ 1)?$/.exec(axis ?? "")?.[1].toLowerCase();
  return Array.from({ length: rank }, (_, k) => named(axes[k]) ?? "ijklm"[k] ?? "?");
}

/** A view for heatMap of the array of a reference; chosen: {sample, time, timed}, timed: whether time is chosen. */
function viewOf(ref, chosen, room) {
  const array = arrayAt(ref.array);
  const { extent, batch, rows: perSample } = array;
  const fixed = new Array(extent.length).fill(null);
  if (batch >= 0 && extent.length > 2 && perSample === 1) {
    fixed[batch] = chosen.sample;
  }
  const free = extent.map((_, axis) => axis).filter((axis) => fixed[axis] === null);
  while (free.length > 4) {
    fixed[free.shift()] = 0;
  }
  /** The index of the array whose free axes have these values. */
  const index = (values) => {
    const found = [...fixed];
    free.forEach((axis, k) => {
      found[axis] = values[k];
    });
    return found;
  };
  const layout = LAYOUTS[free.length]({ lengths: free.map((axis) => extent[axis]), free, index, ref, room, array });
  const names = letters(ref.axes, extent.length);
  return {
    across: 0,
    marks: [],
    ...layout,
    room,
    title: (at) => `${ref.name}[${at.join(", ")}]`,
    words: [layout.words(names), fixedText(names, fixed)].filter(Boolean).join("; "),
    marks: marksOf(layout, free, array, ref, chosen),
  };
}

function fixedText(names, fixed) {
  return fixed.map((value, axis) => (value === null ? "" : `${names[axis]} = ${value}`)).filter(Boolean).join(", ");
}

const LAYOUTS = [
  ({ index }) => ({ panels: [{ at: () => index([]) }], rows: 1, columns: 1, words: () => "" }),
  ({ lengths: [n], index, room }) => {
    const few = n <= PRINTED.most;
    const most = few ? Math.max(4, Math.min(PRINTED.across, Math.floor(room / PRINTED.width))) : 20;
    const columns = Math.min(n, most);
    const at = (row, column) => (row * columns + column < n ? index([row * columns + column]) : null);
    return { panels: [{ at }], rows: Math.ceil(n / columns), columns, words: () => "" };
  },
  ({ lengths: [a, b], index, free, ref }) => {
    // time runs from left to right
    const turned = /^(T|A|T \+ 1)$/.test(ref.axes[free[0]] ?? "");
    const [down, along] = turned ? [free[1], free[0]] : free;
    const words = (n) => `rows ${n[down]}, columns ${n[along]}`;
    if (turned) {
      const at = (row, column) => index([column, row]);
      return { panels: [{ at }], rows: b, columns: a, words, timeColumn: along };
    }
    return { panels: [{ at: (row, column) => index([row, column]) }], rows: a, columns: b, words };
  },
  ({ lengths: [a, b, c], index, free, array }) => {
    if (array.batch === 0) {
      // images: the channels beside each other
      const panel = (k) => ({ label: c > 1 ? `${k}` : "", at: (row, column) => index([row, column, k]) });
      const words = (n) => `a panel for each ${n[free[2]]}, rows ${n[free[0]]}, columns ${n[free[1]]}`;
      return { panels: Array.from({ length: c }, (_, k) => panel(k)), rows: a, columns: b, words };
    }
    const panel = (k) => ({ label: a > 1 ? `${k}` : "", at: (row, column) => index([k, row, column]) });
    const words = (n) => `a panel for each ${n[free[0]]}, rows ${n[free[1]]}, columns ${n[free[2]]}`;
    return { panels: Array.from({ length: a }, (_, k) => panel(k)), rows: b, columns: c, words };
  },
  ({ lengths: [a, b, c, d], index, free }) => {
    const panels = [];
    for (let i = 0; i < c; i += 1) {
      for (let o = 0; o < d; o += 1) {
        const at = (row, column) => index([row, column, i, o]);
        panels.push({ label: d > 1 && i === c - 1 ? `${o}` : "", at });
      }
    }
    const words = (n) => {
      const which = c > 1 ? `${n[free[2]]} downwards and ${n[free[3]]} across` : n[free[3]];
      return `a panel for each ${which}, rows ${n[free[0]]}, columns ${n[free[1]]}`;
    };
    return { panels, rows: a, columns: b, across: c > 1 ? d : 0, words };
  },
];

/** The chosen sample's rows, and the chosen step of time. */
function marksOf(layout, free, array, ref, chosen) {
  const marks = [];
  if (free.length === 2 && array.batch === free[0] && layout.timeColumn === undefined && layout.rows > 1) {
    marks.push({ row: chosen.sample * array.rows, count: array.rows });
  }
  const inTime = chosen.timed && layout.timeColumn !== undefined && ref.axes[layout.timeColumn] === "T";
  if (inTime && chosen.time < layout.columns) {
    marks.push({ column: chosen.time });
  }
  return marks;
}

/** What of an array the page has, where it is not all: "the first 64 of 5408 i". */
function cropText(ref, array) {
  const names = letters(ref.axes, array.shape.length);
  const cropped = array.shape.map((_, axis) => axis).filter((axis) => array.extent[axis] < array.shape[axis]);
  return cropped.map((axis) => `the first ${array.extent[axis]} of ${array.shape[axis]} ${names[axis]}`).join(", ");
}

/** A card: the name of an array, its shape, its heat map and its scale. */
function card(ref, chosen, room) {
  const array = arrayAt(ref.array);
  const box = make("figure", "card");
  const head = make("figcaption");
  const name = make("strong", "", ref.name);
  const shape = make("small", "", ` ${shapeText(ref.flat ?? array.shape)}`);
  head.append(name, shape);
  if (ref.books.length) {
    head.append(make("span", "book", ` = ${ref.books[0]}`));
  }
  if (ref.meaning) {
    head.append(make("span", "meaning", ref.meaning));
  }
  box.append(head);
  box.dataset.name = ref.name;
  if (!array.values.length) {
    box.append(make("p", "note", "no elements"));
    return box;
  }
  const view = viewOf(ref, chosen, room);
  const scroll = make("div", "scroll");
  scroll.append(heatMap(array, view));
  const crop = cropText(ref, array);
  const flat = ref.flat ? `drawn as ${shapeText(array.shape)}` : "";
  const words = [view.words, flat, crop ? `shown: ${crop}` : ""].filter(Boolean).join("; ");
  box.append(scroll, scaleBar(array));
  if (words) {
    box.append(make("p", "note", words));
  }
  return box;
}

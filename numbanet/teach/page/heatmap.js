// A heat map: one panel or several of cells. One cell is the chosen one; pointer and arrow keys move it, and it says
// its name and its exact number.

/** Cells that are printed are this wide and high; others are squares of at most LARGEST pixels. */
const PRINTED = { width: 58, height: 26, most: 48, across: 8 };
const LARGEST = 22;

/**
 * A heat map of an array. view: {panels: [{label, at(row, column) -> index or null}], rows, columns, across, room,
 * title(index), marks: [{row} or {column}]}. across: panels in a row, or 0 for as many as fit. room: pixels.
 */
function heatMap(array, view) {
  const { panels, rows, columns } = view;
  const narrow = columns * PRINTED.width <= Math.max(view.room, PRINTED.width * 4);
  const printed = rows * columns * panels.length <= PRINTED.most && columns <= PRINTED.across && narrow;
  const size = printed ? PRINTED : squares(view);
  const box = make("div", view.across ? "map by-rows" : "map");
  box.style.maxWidth = view.across ? "none" : `${Math.max(view.room, columns * size.width)}px`;
  if (view.across) {
    box.style.gridTemplateColumns = `repeat(${view.across}, max-content)`;
  }
  const cursor = make("div", "cursor");
  const state = { array, view, size, box, cursor, boards: [], panel: 0, row: 0, column: 0 };
  const color = palette();
  for (const panel of panels) {
    const figure = make("div", "panel");
    const board = printed ? printedCells(state, panel, color) : paintedCells(state, panel, color);
    board.classList.add("board");
    board.style.width = `${columns * size.width}px`;
    board.style.height = `${rows * size.height}px`;
    for (const mark of view.marks) {
      board.append(markOf(mark, size));
    }
    figure.append(board);
    if (panel.label) {
      figure.append(make("div", "panel-label", panel.label));
    }
    state.boards.push(board);
    box.append(figure);
  }
  cursor.tabIndex = 0;
  cursor.setAttribute("role", "img");
  cursor.style.width = `${size.width}px`;
  cursor.style.height = `${size.height}px`;
  place(state, 0, 0, 0);
  listen(state);
  return box;
}

function squares({ panels, rows, columns, room, across }) {
  const beside = across || Math.min(panels.length, 8);
  const wide = beside > 1 ? Math.min(Math.max((room - 8 * (beside - 1)) / beside, across ? 24 : 54), 150) : room;
  const side = Math.min(Math.floor(wide / columns), Math.floor((beside > 1 ? wide : 340) / rows), LARGEST);
  return { width: Math.max(side, 2), height: Math.max(side, 2) };
}

function printedCells(state, panel, color) {
  const { view, array, size } = state;
  const board = make("div", "printed");
  board.style.gridTemplateColumns = `repeat(${view.columns}, ${size.width}px)`;
  for (let row = 0; row < view.rows; row += 1) {
    for (let column = 0; column < view.columns; column += 1) {
      const index = panel.at(row, column);
      const value = index && elementAt(array, index);
      const cell = make("span", index ? "" : "none", index ? short(value) : "");
      if (index && !Number.isNaN(value)) {
        const ground = color(value / (array.reach || 1));
        cell.style.backgroundColor = `rgb(${ground})`;
        cell.style.color = inkOn(ground);
      }
      board.append(cell);
    }
  }
  board.setAttribute("aria-hidden", "true");
  return board;
}

function paintedCells(state, panel, color) {
  const { view, array, size } = state;
  const board = make("div");
  const canvas = make("canvas");
  const dense = Math.max(1, Math.round(devicePixelRatio));
  canvas.width = view.columns * size.width * dense;
  canvas.height = view.rows * size.height * dense;
  const pen = canvas.getContext("2d");
  pen.scale(dense, dense);
  const gap = size.width > 7 ? 1 : 0;
  for (let row = 0; row < view.rows; row += 1) {
    for (let column = 0; column < view.columns; column += 1) {
      const index = panel.at(row, column);
      if (index) {
        const value = elementAt(array, index);
        const [x, y] = [column * size.width, row * size.height];
        if (Number.isNaN(value)) {
          cross(pen, x, y, size);
        } else {
          pen.fillStyle = `rgb(${color(value / (array.reach || 1))})`;
          pen.fillRect(x, y, size.width - gap, size.height - gap);
        }
      }
    }
  }
  canvas.setAttribute("aria-hidden", "true");
  board.append(canvas);
  return board;
}

function cross(pen, x, y, size) {
  pen.strokeStyle = getComputedStyle(document.body).color;
  pen.beginPath();
  pen.moveTo(x + 1, y + 1);
  pen.lineTo(x + size.width - 2, y + size.height - 2);
  pen.moveTo(x + size.width - 2, y + 1);
  pen.lineTo(x + 1, y + size.height - 2);
  pen.stroke();
}

/** An outline round a row or a column. */
function markOf({ row, column, count = 1 }, size) {
  const mark = make("span", "marked");
  if (column === undefined) {
    Object.assign(mark.style, { left: "0", right: "0", top: `${row * size.height}px` });
    mark.style.height = `${count * size.height}px`;
  } else {
    Object.assign(mark.style, { top: "0", bottom: "0", left: `${column * size.width}px` });
    mark.style.width = `${count * size.width}px`;
  }
  return mark;
}

/** Put the chosen cell somewhere, if there is one. */
function place(state, panel, row, column) {
  const { view, array, size, cursor, boards } = state;
  const index = view.panels[panel]?.at(row, column);
  if (!index) {
    return false;
  }
  Object.assign(state, { panel, row, column });
  if (cursor.parentElement !== boards[panel]) {
    const focused = cursor === document.activeElement;
    boards[panel].append(cursor);
    if (focused) {
      cursor.focus();
    }
  }
  cursor.style.left = `${column * size.width}px`;
  cursor.style.top = `${row * size.height}px`;
  const value = elementAt(array, index);
  state.said = [view.title(index), `${exact(value, array.kind)}`];
  cursor.setAttribute("aria-label", state.said.join(" = "));
  return true;
}

function say(state) {
  showTip(state.cursor, state.said[0], [state.said[1]]);
}

function listen(state) {
  const { box, cursor, boards, size, view } = state;
  const point = (event) => {
    const panel = boards.findIndex((board) => board.contains(event.target));
    if (panel >= 0) {
      const at = boards[panel].getBoundingClientRect();
      const row = Math.min(Math.floor((event.clientY - at.top) / size.height), view.rows - 1);
      const column = Math.min(Math.floor((event.clientX - at.left) / size.width), view.columns - 1);
      if (place(state, panel, Math.max(row, 0), Math.max(column, 0))) {
        say(state);
        return;
      }
    }
    hideTip();
  };
  box.addEventListener("pointermove", point);
  box.addEventListener("pointerdown", point);
  box.addEventListener("pointerleave", hideTip);
  cursor.addEventListener("focus", () => say(state));
  cursor.addEventListener("blur", hideTip);
  cursor.addEventListener("keydown", (event) => moveBy(state, event));
}

/** Arrow keys: to the next cell, from the last column to the next panel. */
function moveBy(state, event) {
  const { view, panel, row, column } = state;
  const last = view.columns - 1;
  const moves = {
    ArrowRight: column < last ? [panel, row, column + 1] : [panel + 1, row, 0],
    ArrowLeft: column > 0 ? [panel, row, column - 1] : [panel - 1, row, last],
    ArrowDown: [panel, row + 1, column],
    ArrowUp: [panel, row - 1, column],
    Home: [panel, row, 0],
    End: [panel, row, last],
    PageDown: [panel + 1, row, column],
    PageUp: [panel - 1, row, column],
  };
  const target = moves[event.key];
  if (!target || event.ctrlKey || event.altKey || event.metaKey) {
    return;
  }
  event.preventDefault();
  event.stopPropagation();
  const [, r, c] = target;
  if (r >= 0 && r < view.rows && c >= 0 && c <= last && place(state, ...target)) {
    state.cursor.scrollIntoView({ block: "nearest", inline: "nearest" });
    say(state);
    document.getElementById("said").textContent = state.said.join(" = ");
  }
}

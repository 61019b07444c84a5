// Tables that are sorted by their titles, and filtered by words.

const words = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/** What a cell is sorted by: its number, or its text; null where it is empty. */
function sortKey(cell) {
  if (cell.dataset.value !== undefined) {
    const value = Number(cell.dataset.value);
    return Number.isNaN(value) ? null : value;
  }
  return cell.textContent === "" ? null : cell.textContent;
}

/** Cells without a value come last, whichever way. */
function compare(a, b, sign) {
  if (a === null || b === null) {
    return (a === null) - (b === null);
  }
  const order = typeof a === "number" && typeof b === "number" ? a - b : words.compare(a, b);
  return sign * order;
}

function sortable(table) {
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    head.firstElementChild.addEventListener("click", () => {
      const sign = head.ariaSort === "ascending" ? -1 : 1;
      for (const other of heads) {
        other.ariaSort = "none";
      }
      head.ariaSort = sign > 0 ? "ascending" : "descending";
      const keyed = [...body.rows].map((row) => [sortKey(row.cells[column]), row]);
      keyed.sort((a, b) => compare(a[0], b[0], sign));
      body.append(...keyed.map(([, row]) => row));
    });
  });
}

function filterable(input) {
  const rows = [...document.getElementById(input.dataset.table).tBodies[0].rows];
  const texts = rows.map((row) => [...row.cells].map((cell) => cell.textContent).join(" ").toLowerCase());
  const output = input.closest("p").querySelector("output");
  input.addEventListener("input", () => {
    const wanted = input.value.toLowerCase().split(/\s+/);
    let count = 0;
    rows.forEach((row, k) => {
      row.hidden = !wanted.every((word) => texts[k].includes(word));
      count += !row.hidden;
    });
    output.textContent = count === rows.length ? `${count} rows` : `${count} of ${rows.length} rows`;
  });
}

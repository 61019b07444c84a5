// The arrays of the trace: decoded when they are first looked at, and their numbers as text.

const trace = JSON.parse(document.getElementById("data").textContent);
const KINDS = { f4: Float32Array, f8: Float64Array, i4: Int32Array, u1: Uint8Array };
const decoded = new Map();

/** An array of the page: {shape, extent, values, kind, batch, rows, reach}; reach: the largest magnitude in it. */
function arrayAt(place) {
  if (!decoded.has(place)) {
    const entry = trace.arrays[place];
    const bytes = Uint8Array.from(atob(entry.data), (c) => c.charCodeAt(0));
    const values = new KINDS[entry.kind](bytes.buffer);
    let reach = 0;
    for (const value of values) {
      if (Number.isFinite(value)) {
        reach = Math.max(reach, Math.abs(value));
      }
    }
    decoded.set(place, { ...entry, values, reach });
  }
  return decoded.get(place);
}

/** The element at an index, which lies within the extent. */
function elementAt(array, index) {
  return array.values[index.reduce((place, i, axis) => place * array.extent[axis] + i, 0)];
}

/** The shortest decimal that is the number, to the last bit of the array's type. */
function exact(value, kind) {
  if (kind === "f4" && Number.isFinite(value)) {
    for (let digits = 1; digits < 10; digits += 1) {
      const shorter = Number(value.toPrecision(digits));
      if (Math.fround(shorter) === value) {
        return String(Object.is(value, -0) ? "-0" : shorter);
      }
    }
  }
  return Object.is(value, -0) ? "-0" : String(value);
}

/** Three digits, for a cell. */
function short(value) {
  if (Number.isInteger(value) && Math.abs(value) < 1e5) {
    return String(value);
  }
  if (!Number.isFinite(value)) {
    return Number.isNaN(value) ? "NaN" : value < 0 ? "-inf" : "inf";
  }
  const size = Math.abs(value);
  if (size < 1e-2 || size >= 1e4) {
    return value.toExponential(2).replace("e+", "e");
  }
  return String(Number(value.toPrecision(3)));
}

/** (4, 3) */
function shapeText(shape) {
  return `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;
}

/** An element of HTML with a class and a text. */
function make(name, className = "", text = "") {
  const element = document.createElement(name);
  if (className) {
    element.className = className;
  }
  element.textContent = text;
  return element;
}

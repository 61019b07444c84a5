// Diverging colours about 0, blue and orange, which the colour-blind tell apart as well; their ends differ from the
// ground by light, too, in either theme.

const STOPS = {
  light: { zero: "#f7f7f5", below: ["#b5d2ea", "#5b9bd0", "#0f4f8f"], above: ["#f6cfae", "#e28a45", "#9a3d00"] },
  dark: { zero: "#23282e", below: ["#2a4763", "#3f83bd", "#a5d6ff"], above: ["#5f4025", "#c27a3a", "#ffd4a6"] },
};

function channels(color) {
  return [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
}

/** A function from -1 to 1 to [red, green, blue]. */
function palette() {
  const { zero, below, above } = STOPS[isDark() ? "dark" : "light"];
  const sides = [below, above].map((side) => [zero, ...side].map(channels));
  return (share) => {
    const side = sides[share < 0 ? 0 : 1];
    const at = Math.min(Math.abs(share), 1) * (side.length - 1);
    const low = Math.min(Math.floor(at), side.length - 2);
    return side[low].map((c, k) => Math.round(c + (at - low) * (side[low + 1][k] - c)));
  };
}

/** Black or white, whichever stands out more. */
function inkOn(color) {
  const [r, g, b] = color.map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? "#000" : "#fff";
}

/** The scale of an array: from its largest magnitude below 0 to that above. */
function scaleBar(array) {
  const box = make("div", "scale");
  const color = palette();
  const low = array.values.some((value) => value < 0) ? -1 : 0;
  const stops = Array.from({ length: 9 }, (_, k) => `rgb(${color(low + ((1 - low) * k) / 8)})`);
  const bar = make("span", "ramp");
  bar.style.background = `linear-gradient(to right, ${stops.join(",")})`;
  const end = short(array.reach);
  box.append(make("span", "", low ? `-${end}` : "0"), bar, make("span", "", end));
  return box;
}

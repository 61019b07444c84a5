// The theme is the system's until the button is pressed; then what was chosen, also on the next visit.
// A page that is opened as a file may have no storage: then it is forgotten.
function rememberedTheme() {
  try {
    return localStorage.getItem("numbanet-theme");
  } catch {
    return null;
  }
}

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem("numbanet-theme", theme);
  } catch {
    // it holds for this visit
  }
}

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

if (["light", "dark"].includes(rememberedTheme())) {
  document.documentElement.dataset.theme = rememberedTheme();
}

/** Lets the button with the id "theme" switch; the document hears of it as an event "theme". */
function themeButton() {
  const button = document.getElementById("theme");
  const changed = () => {
    button.textContent = isDark() ? "Light theme" : "Dark theme";
    document.dispatchEvent(new Event("theme"));
  };
  button.addEventListener("click", () => {
    setTheme(isDark() ? "light" : "dark");
    changed();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
  changed();
}

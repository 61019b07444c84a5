// One step: what its kernel reads and writes, the equations of its contract, and the loop whose lines cite them.

function drawStep(step, chosen) {
  const heading = document.getElementById("now");
  heading.replaceChildren(make("span", `phase ${step.phase}`, step.phase));
  heading.append(` ${step.layer} `, make("code", "", `${step.operation}.${step.function}`));
  const contract = trace.contracts[step.contract];
  document.getElementById("what").textContent = contract ? contract.title : "A loop of your own.";
  drawArrays(document.getElementById("arrays"), step, chosen);
  drawLoop(document.getElementById("loop"), step, contract);
}

function drawArrays(box, step, chosen) {
  const room = Math.max(220, box.clientWidth - 28);
  const parts = [];
  const written = new Set(step.writes.map((ref) => ref.name));
  const groups = [
    ["Writes", step.writes, "writes"],
    ["Reads", step.reads, "reads"],
  ];
  for (const [title, refs, kind] of groups) {
    if (refs.length) {
      const cards = make("div", `cards ${kind}`);
      for (const ref of refs) {
        const before = kind === "reads" && written.has(ref.name) ? { ...ref, meaning: "as it was before" } : ref;
        cards.append(card(before, chosen, room));
      }
      parts.push(make("h3", "", title), cards);
    }
  }
  const numbers = step.numbers.map(([name, value]) => `${name} = ${value}`);
  const rest = [...numbers, ...step.empty.map((name) => `${name}: no elements`)];
  if (rest.length) {
    const line = make("p", "numbers");
    rest.forEach((text) => line.append(make("code", "", text), " "));
    parts.push(make("h3", "", "And is given"), line);
  }
  box.replaceChildren(...parts);
}

function drawLoop(box, step, contract) {
  const source = trace.sources[step.source];
  const cited = new Set(source.cites.flat());
  const loop = sourceOf(source, cited);
  const parts = [];
  if (contract) {
    parts.push(make("h3", "", "Equations"), equationsOf(contract, step, cited, loop));
  }
  const own = source.name === step.kernel;
  const other = `, the textbook's; what computed these numbers is ${step.kernel}.`;
  parts.push(make("h3", "", "The loop"), make("p", "note", own ? source.name : source.name + other), loop);
  for (const helper of source.helpers) {
    const details = make("details");
    details.append(make("summary", "", `${helper.name}, which it calls`), plainSource(helper.lines));
    parts.push(details);
  }
  box.replaceChildren(...parts);
}

function equationsOf(contract, step, cited, loop) {
  const list = make("ol", "equations");
  for (const equation of contract.equations) {
    const item = make("li", cited.has(equation.label) ? "cited" : "");
    item.dataset.label = equation.label;
    const label = make(cited.has(equation.label) ? "button" : "span", "label", equation.label);
    if (cited.has(equation.label)) {
      label.type = "button";
      label.setAttribute("aria-label", `${equation.label}: show its lines`);
      label.addEventListener("click", () => choose(list, loop, equation.label));
    }
    const body = make("div", "formula");
    body.setAttribute("role", "group");
    body.setAttribute("aria-label", `Equation ${equation.label}: ${equation.text}`);
    body.innerHTML = equation.math; // of the package's own contracts, escaped where it is made
    if (equation.condition) {
      body.prepend(make("small", "", equation.condition));
    }
    item.append(label, body);
    list.append(item);
  }
  const tables = tablesOf(contract, step);
  const box = make("div");
  box.append(list, ...tables);
  requestAnimationFrame(() => {
    for (const wide of list.querySelectorAll(".formula")) {
      wide.tabIndex = wide.scrollWidth > wide.clientWidth ? 0 : -1; // only what has to be scrolled
    }
  });
  return box;
}

/** Lists without labels, of which one line may be this function's. */
function tablesOf(contract, step) {
  return contract.tables.map((lines) => {
    const name = (line) => line.trim().split(/\s+/)[0];
    const fits = (line) => step.function === name(line) || step.function.startsWith(`${name(line)}_`);
    const best = lines.filter(fits).sort((a, b) => name(b).length - name(a).length)[0];
    const pre = plainSource(lines.map((line) => line.replace(/^ {4}/, "")));
    [...pre.firstChild.children].forEach((row, k) => row.classList.toggle("cites", lines[k] === best));
    if (best) {
      requestAnimationFrame(() => reveal(pre, pre.querySelector(".cites")));
    }
    return pre;
  });
}

function plainSource(lines) {
  const pre = make("pre");
  pre.tabIndex = 0;
  const code = make("code");
  lines.forEach((line) => code.append(make("span", "line", line)));
  pre.append(code);
  return pre;
}

function sourceOf(source, cited) {
  const pre = plainSource(source.lines);
  pre.id = "source";
  pre.setAttribute("role", "region");
  pre.setAttribute("aria-label", `Source of ${source.name}`);
  [...pre.firstChild.children].forEach((line, k) => {
    line.classList.toggle("comment", /^\s*#/.test(source.lines[k]));
    if (source.cites[k].length) {
      line.classList.add("cites");
    } else if (source.belongs[k].some((label) => cited.has(label))) {
      line.classList.add("belongs");
    }
    line.dataset.labels = [...source.cites[k], ...source.belongs[k]].join(" ");
  });
  return pre;
}

/** Mark the lines of one equation, and scroll the loop to them. */
function choose(list, loop, label) {
  for (const item of list.children) {
    item.classList.toggle("chosen", item.dataset.label === label);
  }
  const lines = [...loop.firstChild.children];
  lines.forEach((line) => line.classList.toggle("chosen", line.dataset.labels.split(" ").includes(label)));
  reveal(loop, lines.find((line) => line.classList.contains("chosen")));
}

/** Scroll a box, and nothing around it, so that a line can be seen. */
function reveal(box, line) {
  if (line && box.scrollHeight > box.clientHeight) {
    box.scrollTop = line.offsetTop - box.clientHeight / 3;
  }
}

// The network, layer by layer: a button for each, and between them the ways forward and back.

/** Draw it once; choose(name) is called when a layer is pressed. */
function drawNetwork(list, choose) {
  const end = { shape: null, parameters: 0, inside: [], end: true };
  const finite = typeof trace.loss === "number"; // a loss that is not is text
  const loss = finite ? Number(trace.loss.toPrecision(6)).toString() : trace.loss;
  const boxes = [
    { ...end, name: "data", kind: "the batch", shape: trace.input },
    ...trace.network,
    { ...end, name: "loss", kind: loss },
  ];
  boxes.forEach((box, k) => {
    const item = make("li");
    if (k) {
      const ways = make("span", "ways");
      ways.setAttribute("aria-hidden", "true");
      ways.append(make("span", "ahead"), make("span", "behind"));
      item.append(ways);
    }
    const body = make(box.end ? "div" : "button", box.end ? "layer end" : "layer");
    body.append(make("strong", "", box.name), make("span", "kind", box.kind));
    if (box.shape) {
      body.append(make("span", "shape", `(${["N", ...box.shape].join(", ")})`));
    }
    if (box.parameters) {
      body.append(make("span", "shape", `${box.parameters.toLocaleString("en")} parameters`));
    }
    for (const inner of box.inside) {
      const inside = make("span", "inner", inner.slice(box.name.length + 1));
      inside.dataset.name = inner;
      body.append(inside);
    }
    if (!box.end) {
      body.type = "button";
      body.addEventListener("click", () => choose(box.name));
    }
    item.dataset.name = box.name;
    item.append(body);
    list.append(item);
  });
}

/** Mark the layer at work, the way it works in, and the layer that is looked at. */
function markNetwork(list, step, looked) {
  const top = step.layer.split("/")[0];
  const within = (name) => step.layer === name || step.layer.startsWith(`${name}/`);
  const ahead = step.phase === "forward" || step.phase === "loss";
  for (const item of list.children) {
    const active = item.dataset.name === top;
    const body = item.lastElementChild;
    body.classList.toggle("active", active);
    body.classList.toggle("backwards", active && !ahead);
    body.classList.toggle("looked", item.dataset.name === looked.split("/")[0]);
    if (active) {
      body.setAttribute("aria-current", "step");
    } else {
      body.removeAttribute("aria-current");
    }
    for (const inner of body.querySelectorAll(".inner")) {
      inner.classList.toggle("active", within(inner.dataset.name));
    }
    const before = item.previousElementSibling?.dataset.name === top;
    item.querySelector(".ahead")?.classList.toggle("active", active && ahead);
    item.querySelector(".behind")?.classList.toggle("active", before && !ahead);
  }
}

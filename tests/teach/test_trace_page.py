"""The page of a trace in headless Chromium: stepped, pointed at, by keyboard; its numbers are those of the arrays."""

import inspect
import re

import numpy as np
import pytest

import numbanet as nn
from numbanet.errors import FileError
from numbanet.kernels.lstm import reference

from .. import browser
from ..bench.test_page import CONTRASTS

pytestmark = pytest.mark.browser
SIZES = [(375, 812), (1920, 1080)]
INTO_VIEW = """board => new Promise((done) => {
  board.scrollIntoView({ block: "center" });
  requestAnimationFrame(() => requestAnimationFrame(done)); // scrolling hides the tooltip
})"""
WALK = """() => {
  const seen = [];
  const find = (what) => document.querySelector(what);
  for (let k = Number(find("#scrubber").max); k >= 0; k -= 1) {
    const active = find("#network [aria-current=step]");
    seen.push([
      find("#now").textContent, find("#count").textContent, active.querySelector("strong").textContent,
      active.classList.contains("backwards"),
      [...document.querySelectorAll(".writes .card")].map((card) => card.dataset.name),
    ]);
    find("#next").click();
  }
  return seen;
}"""
SIDES = {"light": "rgb(251, 251, 250)", "dark": "rgb(20, 23, 27)"}


def traced(layers, shape, n=3, **options):
    rng = np.random.default_rng(8)
    model = nn.Sequential(layers, seed=0)
    model.compile(nn.optimizers.SGD(0.1), nn.losses.SparseCategoricalCrossentropy())
    return nn.teach.trace(model, rng.normal(size=(n, *shape)).astype("float32"), np.arange(n) % 2, **options)


def mlp():
    return traced([nn.layers.Dense(5, activation="relu"), nn.layers.Dense(3)], (6,))


def cnn():
    conv = nn.layers.Conv2D(12, 3, activation="relu")
    return traced([conv, nn.layers.MaxPooling2D(2), nn.layers.Flatten(), nn.layers.Dense(3)], (12, 12, 2), n=2)


def lstm():
    return traced([nn.layers.LSTM(4), nn.layers.Dense(3)], (7, 3))


@pytest.fixture(scope="module")
def traces():
    return {"mlp": mlp(), "cnn": cnn(), "lstm": lstm()}


@pytest.fixture(scope="module")
def paths(traces, tmp_path_factory):
    folder = tmp_path_factory.mktemp("traces")
    for name, trace in traces.items():
        trace.to_html(folder / f"{name}.html")
    return {name: folder / f"{name}.html" for name in traces}


@pytest.fixture(scope="module")
def chromium():
    with browser.chromium() as chromium:
        yield chromium


@pytest.fixture(scope="module")
def opened(chromium, paths):
    """opened(name): the page of a trace, which tests share, as it is at first."""
    with browser.visitor(chromium) as visit:
        pages = {}

        def opened(name):
            page = pages.setdefault(name, None) or visit(paths[name])
            pages[name] = page
            page.evaluate("document.activeElement.blur()")
            page.locator("#sample").select_option("0")
            go(page, 0)
            return page

        yield opened


@pytest.fixture
def visit(chromium):
    with browser.visitor(chromium) as visit:
        yield visit


def go(page, number):
    """To a step, by the scrubber."""
    page.locator("#scrubber").evaluate("(r, s) => { r.value = s; r.dispatchEvent(new Event('input')); }", number)


def said(page):
    """The step that the page says it shows: phase, layer and function."""
    return page.locator("#now").inner_text().split()


def expected(step):
    return [step.phase, step.layer, f"{step.operation}.{step.function}"]


def shown(step, count):
    """What WALK finds at a step."""
    number = f"Step {step.number + 1} of {count}"
    return [" ".join(expected(step)), number, step.layer, step.phase == "backward", list(step.written)]


def card(page, name, where):
    return page.locator(f"{where} .card[data-name='{name}']").first


def point(page, board, row, column, rows, columns):
    """Put the pointer on a cell, and read what is said of it: the index and the text of the number."""
    board.evaluate(INTO_VIEW)
    box = board.bounding_box()
    x = box["x"] + box["width"] * (column + 0.5) / columns
    page.mouse.move(x, box["y"] + box["height"] * (row + 0.5) / rows)
    return spoken(page.get_by_role("tooltip").inner_text())


def spoken(text):
    """ "dw[2, 1] = 0.183", or on two lines, -> "dw", (2, 1), "0.183" """
    name, index, number = re.fullmatch(r"(\w+)\[([0-9, ]*)\](?: = |\n)(\S+)", text).groups()
    return name, tuple(map(int, index.split(","))), number


def same_bits(text, value):
    """Whether the text is the number of the array to the last bit."""
    return value.dtype.type(text).tobytes() == value.tobytes()


def lacks_sideways_scroll(page):
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def step_of(trace, phase, kernel):
    """The first step of a phase with the kernel, such as "dense.forward"."""
    return next(s for s in trace.steps if (s.phase, f"{s.operation}.{s.function}") == (phase, kernel))


@pytest.mark.parametrize("name", ["mlp", "cnn", "lstm"])
def test_buttons_and_arrow_keys_take_every_step_both_ways(opened, traces, name):
    page, steps = opened(name), traces[name].steps
    assert page.evaluate(WALK) == [shown(step, len(steps)) for step in steps]
    page.keyboard.press("ArrowRight")
    assert said(page) == expected(steps[-1]), "there is none behind the last"
    for number in range(len(steps) - 2, len(steps) // 2, -1):
        page.keyboard.press("ArrowLeft")
        assert said(page) == expected(steps[number])
    page.locator("#back").click()
    assert said(page) == expected(steps[len(steps) // 2])
    for key, step in [("Home", steps[0]), ("ArrowLeft", steps[0]), ("ArrowRight", steps[1]), ("End", steps[-1])]:
        page.keyboard.press(key)
        assert said(page) == expected(step)


READ = [  # arrays that stand whole on the page
    ("mlp", "forward", "dense.forward", "y"),
    ("mlp", "loss", "softmax_cross_entropy.forward_sparse", "z"),
    ("mlp", "backward", "dense.backward_input", "w"),
    ("cnn", "backward", "softmax_cross_entropy.backward_sparse", "dz"),
    ("cnn", "backward", "dense.backward_input", "dy"),
    ("lstm", "forward", "lstm.forward", "u"),
    ("lstm", "backward", "lstm.backward", "dh0"),
    ("lstm", "backward", "time_sum.backward_kernel", "dw"),
]


@pytest.mark.parametrize(("trace", "phase", "kernel", "name"), READ)
def test_numbers_that_are_pointed_at_are_those_of_the_arrays(opened, traces, trace, phase, kernel, name):
    page, step = opened(trace), step_of(traces[trace], phase, kernel)
    go(page, step.number)
    where, a = (".writes", step.written[name]) if name in step.written else (".reads", step.arguments[name])
    board = card(page, name, where).locator(".board")
    rows, columns = a.shape
    for row, column in {(0, 0), (rows // 2, columns // 2), (rows - 1, columns - 1)}:
        found, index, number = point(page, board, row, column, rows, columns)
        assert (found, index) == (name, (row, column))
        assert same_bits(number, a[index])


def test_numbers_in_cells_have_three_digits(opened, traces):
    page, trace = opened("mlp"), traces["mlp"]
    go(page, step_of(trace, "backward", "dense.backward_kernel").number)
    cells = card(page, "dw", ".writes").locator(".printed > span:not(.marked)").all_inner_texts()
    dw = step_of(trace, "backward", "dense.backward_kernel").written["dw"]
    assert [float(cell) for cell in cells] == [float(f"{v:.2e}") for v in dw.reshape(-1).tolist()]


def test_feature_maps_and_kernels_are_images(opened, traces):
    page, trace = opened("cnn"), traces["cnn"]
    page.locator("#sample").select_option("1")
    go(page, step_of(trace, "backward", "conv2d.backward_kernel").number)
    delta, w = trace["conv2d"].delta, trace["conv2d"].W
    boards = card(page, "dy", ".reads").locator(".board")
    assert boards.count() == 12
    for channel, row, column in ((0, 3, 9), (11, 0, 0), (7, 9, 4)):
        _, index, number = point(page, boards.nth(channel), row, column, 10, 10)
        assert index == (1, row, column, channel), "of the chosen sample"
        assert same_bits(number, delta[index])
    boards = card(page, "W", "#layer").locator(".board")
    assert boards.count() == 2 * 12
    for i, o, row, column in ((0, 0, 1, 2), (1, 11, 2, 0)):
        _, index, number = point(page, boards.nth(12 * i + o), row, column, 3, 3)
        assert index == (row, column, i, o)
        assert same_bits(number, w[index])


def test_the_time_slider_shows_gates_and_gradients_at_each_step(opened, traces):
    page, layer = opened("lstm"), traces["lstm"]["lstm"]
    page.locator("#sample").select_option("2")
    names = page.locator(".gate").evaluate_all("all => all.map(g => g.dataset.name)")
    assert set(names) == set("ifgoch")
    page.locator("#time").focus()
    for time in range(7):
        assert page.locator(".through-time .scrubber").inner_text().startswith(f"Time step {time} of 0 to 6")
        for name in (*"ifgoch", "di", "df", "dg", "do", "dc", "dh"):
            cells = card(page, name, ".gates").locator(".at-time .printed > span").all_inner_texts()
            a = layer.values[name]
            assert [float(cell) for cell in cells] == [float(f"{v:.2e}") for v in a[2, time].tolist()], (name, time)
        page.keyboard.press("ArrowRight")
    board = card(page, "df", ".gates").locator(".at-time .board")
    name, index, number = point(page, board, 0, 3, 1, 4)
    assert (name, index) == ("df", (2, 6, 3))
    assert same_bits(number, layer.values["df"][index])
    board = card(page, "c", ".gates").locator(".board").nth(1)  # all of time, from left to right
    name, index, number = point(page, board, 2, 5, 4, 7)
    assert (name, index) == ("c", (2, 5, 2))
    assert same_bits(number, layer.values["c"][index])
    assert said(page)[0] == "forward", "the arrow keys of a slider are its own"


def test_the_keyboard_alone_reads_every_cell(opened, traces):
    page, trace = opened("mlp"), traces["mlp"]
    number = step_of(trace, "backward", "dense.backward_kernel").number
    for _ in range(number):
        page.keyboard.press("ArrowRight")
    page.locator("#network button").last.focus()
    page.keyboard.press("Tab")
    dw = trace.steps[number].written["dw"]
    for row in range(len(dw)):
        for column in range(dw.shape[1]):
            label = page.evaluate("document.activeElement.getAttribute('aria-label')")
            name, index, text = spoken(label)
            assert (name, index) == ("dw", (row, column))
            assert same_bits(text, dw[index])
            assert spoken(page.get_by_role("tooltip").inner_text()) == (name, index, text)
            page.keyboard.press("ArrowRight")
        page.keyboard.press("Home")
        page.keyboard.press("ArrowDown")
    assert page.locator("#said").inner_text(), "and it is read out"
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Escape")
    assert page.get_by_role("tooltip").is_hidden()
    assert said(page) == expected(trace.steps[number]), "the cells' arrow keys take no step"


def test_tab_reaches_all_that_can_be_used(opened):
    page = opened("mlp")
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached |= set(page.evaluate("[document.activeElement.id, ...document.activeElement.classList]"))
    assert {"theme", "first", "back", "next", "last", "play", "scrubber", "sample", "layer"} <= reached
    assert {"cursor", "source", "label", "bar-dx"} <= reached, "cells, the loop, equations, bars"


def test_the_equation_and_its_lines_are_marked(opened, traces):
    page, trace = opened("lstm"), traces["lstm"]
    step = step_of(trace, "backward", "lstm.backward")
    go(page, step.number)
    cited = page.locator(".equations .cited").evaluate_all("all => all.map(e => e.dataset.label)")
    assert cited == ["B1", "B2", "B3", "B4", "B5", "B6"]
    assert page.locator(".equations math").count() == 11
    lines = page.locator("#source .cites").all_inner_texts()
    assert [line.strip() for line in lines] == ["# B1", "# B5", "# B2", "# B3", "# B4", "# B6"]
    assert page.locator("#source").inner_text().rstrip() == inspect.getsource(reference.backward.function).rstrip()
    page.get_by_role("button", name="B4: show its lines").click()
    chosen = page.locator("#source .chosen").all_inner_texts()
    assert [line.strip() for line in chosen] == ["# B4", "dc0[n, j] = e * f"]
    shown = page.locator("#source .chosen").first.bounding_box()
    around = page.locator("#source").bounding_box()
    assert around["y"] <= shown["y"] <= around["y"] + around["height"]


def test_the_bars_are_the_norms(opened, traces):
    page, trace = opened("lstm"), traces["lstm"]
    bars = page.locator("#norms rect")
    found = {}
    for label, width in bars.evaluate_all("all => all.map(b => [b.getAttribute('aria-label'), b.width.baseVal.value])"):
        layer, kind, value = label.split(": ")
        found[layer, kind[:5]] = float(value), width
    for layer in trace.layers:
        own = [g for name, g in trace.gradients.items() if name.startswith(f"{layer.name}/")]
        dw = np.sqrt(sum(np.sum(np.square(g, dtype=np.float64)) for g in own))
        assert found[layer.name, "dL/dW"][0] == pytest.approx(dw, rel=1e-12)
        dx = np.linalg.norm(layer.dx.astype(np.float64))
        assert found[layer.name, "dL/dx"][0] == pytest.approx(dx, rel=1e-12)
    ordered = sorted(found.values())
    assert [width for _, width in ordered] == sorted(width for _, width in ordered), "the longer, the larger"
    bars.first.focus()
    assert page.get_by_role("tooltip").inner_text().startswith("lstm\ndL/dx")


def test_a_layer_that_is_pressed_is_gone_to(opened, traces):
    page, trace = opened("cnn"), traces["cnn"]
    page.locator("#network button", has_text="dense").click()
    assert said(page) == expected(step_of(trace, "forward", "dense.forward"))
    page.keyboard.press("End")
    page.locator("#network button", has_text="dense").click()
    assert said(page)[:2] == ["backward", "dense"]
    page.locator("#network button", has_text="flatten").click()
    assert page.locator("#layer-title").inner_text() == "All of flatten", "which has no step"


@pytest.mark.parametrize(("name", "scheme"), [("mlp", "light"), ("cnn", "dark"), ("lstm", "light"), ("lstm", "dark")])
def test_it_fits_phone_and_projector_in_both_themes(visit, paths, traces, name, scheme):
    page = visit(paths[name], *SIZES[0], color_scheme=scheme, reduced_motion="reduce")
    steps = traces[name].steps
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        for step in (steps[0], steps[len(steps) // 2], steps[-1]):
            go(page, step.number)
            assert lacks_sideways_scroll(page), (width, step)
        boxes = [item.bounding_box() for item in page.locator("#network > li").all()]
        places = [box["y" if width == 375 else "x"] for box in boxes]
        assert places == sorted(places), "top down on a phone, else left to right"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == SIDES[scheme]
    assert min(page.evaluate(CONTRASTS))[0] >= 4.5, min(page.evaluate(CONTRASTS))


def test_the_theme_is_switched_and_cells_are_drawn_anew(visit, paths):
    page = visit(paths["mlp"], color_scheme="light")
    ground = "getComputedStyle(document.querySelector('.printed > span')).backgroundColor"
    before = page.evaluate(ground)
    page.locator("#theme").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == SIDES["dark"]
    assert page.evaluate(ground) != before


def test_it_plays_by_itself_to_the_end(visit, paths, traces):
    page, steps = visit(paths["mlp"]), traces["mlp"].steps
    page.clock.install()
    page.get_by_role("button", name="Play").click()
    assert page.locator("#play").get_attribute("aria-pressed") == "true"
    page.clock.run_for(2500)
    assert said(page) == expected(steps[2])
    page.clock.run_for(60_000)
    assert said(page) == expected(steps[-1])
    assert page.locator("#play").inner_text() == "Play", "and stops there"


def test_what_is_left_out_is_said(visit, tmp_path):
    trace = traced([nn.layers.Dense(2)], (300,), n=20)
    trace.to_html(tmp_path / "wide.html")
    page = visit(tmp_path / "wide.html")
    assert "Of 20 samples the first 8 are here" in page.locator("#left-out").inner_text()
    assert page.locator("#sample option").count() == 8
    words = card(page, "x", ".reads").locator(".note").inner_text()
    assert words.endswith("shown: the first 8 of 20 n, the first 100 of 300 i")
    assert card(page, "x", ".reads").locator("small").inner_text().strip() == "(20, 300)"


def test_numbers_that_are_none_are_crosses(visit, tmp_path):
    trace = mlp()
    written = trace.steps[0].written["y"]
    written[0] = np.nan
    written[1, :3] = np.inf, -np.inf, -0.0
    trace.to_html(tmp_path / "nan.html")
    page = visit(tmp_path / "nan.html")
    board = card(page, "y", ".writes").locator(".board")
    texts = [point(page, board, row, column, 3, 5)[2] for row, column in ((0, 0), (1, 0), (1, 1), (1, 2))]
    assert texts == ["NaN", "Infinity", "-Infinity", "-0"]


def test_names_that_would_do_harm_stay_words(visit, tmp_path):
    name = "<img src=x onerror=document.title='taken'><"
    trace = traced([nn.layers.Dense(2, name=name)], (3,))
    trace.to_html(tmp_path / "bad.html")
    page = visit(tmp_path / "bad.html")
    assert page.title() == "trace of sequential"
    assert page.locator("img").count() == 0
    assert page.locator("#network strong").nth(1).inner_text() == name


@pytest.mark.compiled
def test_an_image_of_mnist_size_makes_a_page_of_less_than_3_mb(tmp_path):
    conv = [nn.layers.Conv2D(32, 3, activation="relu"), nn.layers.MaxPooling2D(2), nn.layers.Flatten()]
    trace = traced([*conv, nn.layers.Dense(10)], (28, 28, 1), n=16)
    trace.to_html(tmp_path / "mnist.html")
    assert (tmp_path / "mnist.html").stat().st_size < 3_000_000


def test_a_page_that_cannot_be_written_is_a_file_error(traces, tmp_path):
    with pytest.raises(FileError, match="no folder"):
        traces["mlp"].to_html(tmp_path / "no folder" / "a.html")

"""The page of what was found, in headless Chromium: sorted, filtered, pointed at, by keyboard, in both themes."""

import math
import re
from dataclasses import replace

import pytest

from numbanet.bench.report.page import write_page
from numbanet.bench.results import Results

from .. import browser
from . import samples

pytestmark = pytest.mark.browser
BASELINE = 4  # pixels from the middle of a figure down to its baseline
SIZES = [(375, 812), (1440, 900), (1920, 1080)]

CONTRASTS = """() => {
  const light = (color) => {
    const [r, g, b] = color.match(/[0-9.]+/g).slice(0, 3).map((c) => c / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    const color = getComputedStyle(element).backgroundColor;
    return color === "rgba(0, 0, 0, 0)" ? ground(element.parentElement) : color;
  };
  const found = [];
  for (const element of document.body.querySelectorAll("*")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (own && element.getClientRects().length) {
      const style = getComputedStyle(element);
      const ink = element.namespaceURI.endsWith("svg") ? style.fill : style.color;
      const [a, b] = [light(ink), light(ground(element))].sort((x, y) => y - x);
      found.push([(a + 0.05) / (b + 0.05), element.outerHTML.slice(0, 80)]);
    }
  }
  return found;
}"""


@pytest.fixture(scope="module")
def chromium():
    with browser.chromium() as chromium:
        yield chromium


@pytest.fixture
def visit(chromium):
    with browser.visitor(chromium) as visit:
        yield visit


@pytest.fixture(scope="module")
def results():
    found = samples.results()
    found.kernels.insert(3, samples.refused_row())
    return found


@pytest.fixture(scope="module")
def path(results, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "report.html"
    write_page(results, path)
    return path


def column(page, title, table="kernels"):
    """The shown cells of a column, from the top."""
    titles = [text.strip() for text in page.locator(f"#table-{table} th").all_inner_texts()]
    return page.locator(f"#table-{table} tbody tr:visible td:nth-child({titles.index(title) + 1})").all_inner_texts()


def numbers(cells):
    return [float(re.sub(r"[, %]", "", cell)) for cell in cells]


def head(page, title, table="kernels"):
    return page.locator(f"#table-{table} th").filter(has=page.get_by_role("button", name=title, exact=True))


def ground(page):
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


def test_a_click_on_a_title_sorts_by_number_both_ways(visit, path, results):
    page = visit(path)
    medians = sorted(row.time.median for row in results.kernels if row.time)
    title = head(page, "median us")
    title.get_by_role("button").click()
    assert title.get_attribute("aria-sort") == "ascending"
    assert numbers(column(page, "median us")) == pytest.approx(medians, rel=5e-3)
    title.get_by_role("button").click()
    assert title.get_attribute("aria-sort") == "descending"
    assert numbers(column(page, "median us")) == pytest.approx(medians[::-1], rel=5e-3)


def test_rows_without_a_value_come_last_both_ways(visit, path):
    page = visit(path)
    for _ in range(2):
        head(page, "GFLOP/s").get_by_role("button").click()
        cells = column(page, "GFLOP/s")
        empty = cells.count("")
        assert empty == 15
        assert cells[-empty:] == [""] * empty


def test_the_keyboard_sorts_and_another_title_takes_over(visit, path):
    page = visit(path)
    head(page, "size").get_by_role("button").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert head(page, "device").get_attribute("aria-sort") == "ascending"
    assert column(page, "device") == ["cpu"] * 42 + ["cuda"] * 21
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Space")
    assert [head(page, name).get_attribute("aria-sort") for name in ("size", "device")] == ["ascending", "none"]
    sizes = column(page, "size")
    assert sizes.index("N=64 T=50 I=32 H=128") < sizes.index("N=128 I=784 O=512"), "by the numbers in it"


def test_words_filter_the_rows(visit, path):
    page = visit(path)
    page.locator("input[data-table=table-kernels]").fill("CUDA dense.")
    assert page.locator("#kernels ~ .filter output").inner_text() == "3 of 63 rows"
    assert set(column(page, "kernel")) == {"dense.forward", "dense.backward_kernel"}
    assert set(column(page, "device")) == {"cuda"}
    page.locator("input[data-table=table-kernels]").fill("")
    assert len(column(page, "kernel")) == 63


def test_a_point_of_the_roofline_says_what_it_is(visit, path, results):
    page = visit(path)
    point = page.locator("#roofline-plot .point[aria-label^='lstm.backward'][aria-label*='cpu, 2 threads']")
    tooltip = page.get_by_role("tooltip")
    for _ in range(20):  # the plot may be drawn anew below the mouse
        point.scroll_into_view_if_needed()
        box = point.bounding_box()
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.wait_for_timeout(100)
        if tooltip.is_visible():
            break
        page.mouse.move(5, 5)
    row = next(r for r in results.kernels if (r.function, r.device, r.threads) == ("backward", "cpu", 2))
    text = tooltip.inner_text()
    assert text.splitlines()[:2] == ["lstm.backward N=64 T=50 I=32 H=128", "cpu, 2 threads"]
    for word in (f"GFLOP/s: {row.gflops:.0f}", f"share: {100 * row.share:.0f} %", "bound: multiply-adds"):
        assert word in text
    assert all(f"{name}: " in text for name in ("GB/s", "FLOPs/byte", "median us", "spread"))
    page.mouse.move(5, 5)
    tooltip.wait_for(state="hidden")


def test_points_lie_where_the_logarithms_are(visit, path, results):
    page = visit(path)
    ticks = {}
    for anchor, axis in (("middle", "x"), ("end", "y")):
        texts = page.locator(f"#roofline-plot svg > text[{axis}][text-anchor={anchor}]:not([class])")
        ticks[axis] = dict(texts.evaluate_all(f"all => all.map(t => [t.textContent, +t.getAttribute('{axis}')])"))
    assert list(ticks["x"]) == ["0.1", "1", "10", "100"]
    points = page.locator("#roofline-plot .point[aria-label*='cpu, 1 thread,']")
    places = dict(
        points.evaluate_all("all => all.map(p => [p.getAttribute('aria-label'), p.getAttribute('transform')])")
    )
    rows = {row.name: row for row in results.kernels if (row.device, row.threads) == ("cpu", 1) and row.flops}
    assert len(places) == len(rows) == 16
    for label, place in places.items():
        row = rows[label.split(", cpu, ")[0]]
        x, y = map(float, re.findall("[0-9.]+", place))
        decades = {axis: at["100"] - at["10"] for axis, at in ticks.items()}
        assert x == pytest.approx(ticks["x"]["1"] + decades["x"] * math.log10(row.intensity), abs=0.1)
        middle = ticks["y"]["100"] - BASELINE
        assert y == pytest.approx(middle + decades["y"] * (math.log10(row.gflops) - 2), abs=0.1)


def test_the_keyboard_goes_from_point_to_point(visit, path):
    page = visit(path)
    assert page.locator("#roofline-plot .point[tabindex='0']").count() == 1, "one stop of Tab"
    page.locator("#roofline-controls select").focus()
    page.keyboard.press("Tab")
    names = page.locator("#roofline-plot .point").evaluate_all("all => all.map(p => p.getAttribute('aria-label'))")
    for key, place in [("", 0), ("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("End", len(names) - 1)]:
        if key:
            page.keyboard.press(key)
        assert page.evaluate("document.activeElement.getAttribute('aria-label')") == names[place]
        tip = page.get_by_role("tooltip").inner_text().splitlines()
        assert ", ".join(tip) == names[place]
    page.keyboard.press("Escape")
    assert page.get_by_role("tooltip").is_hidden()


def test_points_are_chosen_by_device_and_operation(visit, path):
    page = visit(path)
    points = page.locator("#roofline-plot .point")
    assert points.count() == 48
    assert page.locator("#moves-plot .point").count() == 15
    page.get_by_label("cuda", exact=True).uncheck()
    assert points.count() == 32
    assert page.locator("#moves-plot .point").count() == 10
    page.get_by_label("Operation").select_option("conv2d")
    assert points.count() == 6
    assert page.locator("#roofline-plot path.roof").count() == 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_theme_is_the_systems_until_the_button_is_pressed(visit, path, scheme):
    page = visit(path, color_scheme=scheme)
    light, dark = "rgb(251, 251, 250)", "rgb(20, 23, 27)"
    first, second = (light, dark) if scheme == "light" else (dark, light)
    assert ground(page) == first
    page.locator("#theme").click()
    assert ground(page) == second
    page.wait_for_timeout(200)  # Chromium hands what is stored from one process to another
    page.reload()
    assert ground(page) == second, "it is remembered"
    page.locator("#theme").click()
    assert ground(page) == first


def test_the_theme_switches_without_storage(visit, path):
    page = visit(path, color_scheme="light")
    page.context.add_init_script("Object.defineProperty(window, 'localStorage', {get() { throw new Error('none'); }})")
    page.reload()
    page.locator("#theme").click()
    assert ground(page) == "rgb(20, 23, 27)"
    page.reload()
    assert ground(page) == "rgb(251, 251, 250)"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_from_their_ground(visit, path, scheme):
    contrasts = visit(path, color_scheme=scheme).evaluate(CONTRASTS)
    assert len(contrasts) > 1000
    assert min(contrasts)[0] >= 4.5, min(contrasts)


@pytest.mark.parametrize("which", ["full", "refused alone", "empty"])
def test_the_page_never_scrolls_sideways(visit, path, tmp_path, which):
    if which != "full":
        path = tmp_path / "report.html"
        write_page(Results(kernels=[samples.refused_row()] if which == "refused alone" else []), path)
    page = visit(path, 1000, 800)
    assert page.get_by_role("heading", level=1).inner_text() == "numbanet bench"
    assert ("Refused: 1 kernel" in page.inner_text("main")) == (which != "empty")
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        plots = page.locator(".plot").evaluate_all(
            "all => all.map(b => [b.clientWidth, +b.firstChild.getAttribute('width')])"
        )
        assert len(plots) == (4 if which == "full" else 0)
        assert all(drawn == box for box, drawn in plots), "drawn anew for the width"


def test_refused_kernels_come_first_and_in_red(visit, path):
    page = visit(path, color_scheme="light")
    places = [
        page.locator(name).bounding_box()["y"] for name in ("#table-refused-kernels", "#roofline", "#table-kernels")
    ]
    assert places == sorted(places)
    cell = page.locator("#table-refused-kernels td").first
    assert cell.evaluate("cell => getComputedStyle(cell).color") == "rgb(179, 23, 43)"


def test_a_command_is_copied(visit, path, results):
    page = visit(path, permissions=["clipboard-read", "clipboard-write"])
    page.locator("button.copy").first.click()
    page.get_by_text("Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == results.commands[0]


def test_hostile_names_stay_words(visit, tmp_path):
    name = "</script><img src=x onerror=document.title='taken'>"
    found = samples.results()
    found.notes, found.commands = [name], [name]
    found.kernels = [samples.refused_row(name, reason=name)]
    found.kernels += [replace(samples.kernel_rows()[0], operation=name, size=name)]
    write_page(found, tmp_path / "report.html")
    page = visit(tmp_path / "report.html")
    assert page.title() == "numbanet bench"
    assert page.locator("img").count() == 0
    page.locator("#roofline-plot .point").first.focus()
    assert page.get_by_role("tooltip").inner_text().startswith(name)
    assert page.locator("img").count() == 0


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("<script>console.error('ouch')</script>", "ouch"),
        ("<script>throw new Error('broken')</script>", "broken"),
        ("<img src='http://127.0.0.1:9/a.png'>", "request for http://127.0.0.1:9/a.png"),
    ],
)
def test_a_visitor_fails_on_errors_and_requests(chromium, tmp_path, body, words):
    path = tmp_path / "bad.html"
    path.write_text(f"<!doctype html><title>bad</title>{body}")
    with pytest.raises(AssertionError, match=words), browser.visitor(chromium) as visit:
        visit(path)

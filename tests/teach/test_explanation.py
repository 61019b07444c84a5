"""explain: the contract's words, the running loop's own source, and numbers that are the kernel's."""

import inspect
import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

import numbanet as nn
from numbanet.errors import ArgumentError, FileError, ShapeError
from numbanet.kernels import dense, kernel
from numbanet.kernels.dense import reference
from numbanet.teach.explaining.contract import contract, operations, reference_kernels
from numbanet.teach.explaining.html_page import highlighted
from numbanet.teach.explaining.owners import classes, example, uses

from .. import browser


def part(explanation, operation):
    return next(part for part in explanation.parts if part.operation == operation)


@pytest.mark.parametrize("operation", operations())
def test_the_source_shown_is_that_of_the_running_loops(operation):
    found = nn.explain(operation)
    (only,) = found.parts
    loops = list(dict.fromkeys(reference_kernels(operation).values()))  # one may have two names
    text = str(found)
    assert contract(operation).text in text
    for loop, running in zip(only.loops, loops, strict=True):
        assert loop.kernel is running
        assert loop.source == inspect.getsource(running.function)
        numbered = [re.sub(r"^ *\d+ {0,2}", "", line) for line in text.split("\n")]
        for line in loop.source.rstrip().split("\n"):
            assert line in numbered
        assert loop.file == f"numbanet/kernels/{operation}/reference.py"
    assert any(loop.worked for loop in only.loops)


def test_another_source_shows_as_soon_as_it_runs(monkeypatch):
    def forward(x, w, b, y):
        y[0, 0] = 7.0

    forward.__module__ = reference.__name__
    assert nn.explain("dense").parts[0].loops[0].source != inspect.getsource(forward)
    monkeypatch.setattr(reference.forward, "function", forward)
    loop = nn.explain("dense").parts[0].loops[0]
    assert loop.source == inspect.getsource(forward)
    assert "y[0, 0] = 7.0" in loop.source
    assert loop.worked[0].value == 7.0


@pytest.mark.parametrize("name", classes())
def test_everything_that_has_a_class_can_be_explained(name):
    found = nn.explain(name)
    called = {use.operation for use in uses(example(classes()[name]))}
    assert {part.operation for part in found.parts} == called
    assert all(part.contract for part in found.parts)
    assert all(loop.worked for part in found.parts for loop in part.loops)
    assert called or "No loop runs" in str(found)


def test_what_a_layer_is_about_comes_first():
    assert nn.explain(nn.layers.LSTM(2)).parts[0].operation == "lstm"
    found = nn.explain(nn.layers.Dense(3, activation="relu"))
    assert [part.operation for part in found.parts] == ["dense", "activations"]
    assert all(loop.name.startswith("relu") for loop in found.parts[1].loops)


def test_an_object_a_class_its_name_and_the_operation_s_module():
    by_class, by_name = nn.explain(nn.layers.Dense), nn.explain("Dense")
    assert str(by_class) == str(by_name) == str(nn.explain(nn.layers.Dense(3)))
    assert str(nn.explain(dense)) == str(nn.explain("dense"))
    assert nn.teach.explain is nn.explain
    assert repr(by_class) == str(by_class)


def test_numbers_are_those_of_the_data_given():
    x = np.array([[1.0, 2.0], [3.0, 5.0]])
    found = nn.explain(nn.layers.Dense(2), x, element={"dw": (1, 0)})
    loop = next(loop for loop in found.parts[0].loops if loop.name == "backward_kernel")
    (worked,) = loop.worked
    assert worked.expression == "x[0, 1] dy[0, 0] + x[1, 1] dy[1, 0]"
    assert worked.numbers.startswith("2 * ")
    with pytest.raises(ShapeError):
        nn.explain(nn.layers.Dense(2), np.zeros((2, 3, 4, 5, 6)))


def test_arguments_of_an_operation_can_be_given():
    data = {"dy": np.array([[1.0], [2.0]]), "db": np.zeros(1)}
    found = nn.explain("dense", data, element="db[0]")
    (loop,) = found.parts[0].loops
    assert (loop.name, loop.worked[0].value) == ("backward_bias", 3.0)
    with pytest.raises(ArgumentError, match=r"backward_bias\(dy, db\)"):
        nn.explain("dense", {"dy": data["dy"]})


def test_a_loss_a_metric_and_an_optimizer_with_data():
    p, t = np.array([[0.5, 1.0]]), np.array([[1.0, 0.0]])
    forward, _ = nn.explain(nn.losses.MeanSquaredError(), (p, t)).parts[0].loops
    assert forward.worked[0].value == (0.25 + 1.0) / 2
    (state,) = nn.explain(nn.metrics.BinaryAccuracy(), (p, t)).parts[0].loops[0].worked
    assert state.array == "state"
    g, w = np.array([1.0]), np.array([2.0])
    update = part(nn.explain(nn.optimizers.SGD(0.5), (g, w)), "sgd").loops[0]
    assert update.worked[0].value == 1.5


def test_a_trace_s_layer_carries_the_model_s_numbers():
    model = nn.Sequential([nn.layers.Dense(3, activation="tanh"), nn.layers.Dense(2)], seed=1)
    model.compile("sgd", "mse")
    random = np.random.default_rng(0)
    x, y = random.standard_normal((4, 5)), random.standard_normal((4, 2))
    model.build((5,), device="reference", dtype="float64")
    trace = nn.teach.trace(model, x, y)
    found = nn.explain(trace["dense"], element="dw[2, 1]")
    assert found.title.startswith("dense: Dense(")
    worked = [each for loop in part(found, "dense").loops for each in loop.worked if each.array == "dw"]
    assert len(worked) == 1
    assert abs(worked[0].value - trace["dense"].dW[2, 1]) < 1e-12


def test_a_kernel_of_ones_own_has_no_contract():
    @kernel()
    def twice(x, y):
        for i in range(x.size):
            y[i] = 2 * x[i]

    found = nn.explain(twice, {"x": np.array([4.0]), "y": np.zeros(1)})
    assert found.parts[0].contract is None
    assert found.parts[0].loops[0].worked[0].expression == "2 x[0]"
    assert "y[i] = 2 * x[i]" in str(found)
    assert "y[i] = 2 * x[i]" in re.sub("<[^>]*>", "", found._repr_html_())


def test_elements_of_a_loop_follow_from_one_another():
    loop = part(nn.explain("LayerNormalization"), "layer_norm").loops[0]
    worked = {each.array: each for each in loop.worked}
    assert set(worked) == {"mean", "inverse", "y"}
    assert worked["y"].reads == (("mean", worked["mean"].index), ("inverse", worked["inverse"].index))


@pytest.mark.parametrize(
    ("what", "element", "message"),
    [
        ("denze", None, "explain: what must be one of .*Did you mean 'dense'"),
        ("LSTN", None, "Did you mean 'lstm'"),
        (3, None, "explain: what must be a layer, loss, optimizer, metric"),
        (np, None, "explain: operation must be one of"),
        ("Dense", "dw", "explain: element must be an array and an index"),
        ("Dense", "dw[1 2]", "explain: element must be an array and an index"),
        ("Dense", "dw[--1,0]", "explain: element must be an array and an index"),
        ("Dense", {"dw": 2}, "explain: element must be an array and an index"),
        ("Dense", {"dw": (1.5, 0)}, "explain: element must be an array and an index"),
        ("Dense", 3, "explain: element must be an array and an index"),
        ("Dense", "dv[0]", "explain: element must be one of db, dw, dx, y"),
        ("Dense", {"db": (7,)}, r"element must lie in db, of shape \(3,\)"),
    ],
)
def test_what_is_not_known_is_an_error_that_names_what_is(what, element, message):
    with pytest.raises(ArgumentError, match=message):
        nn.explain(what, element=element)


def test_html_has_equations_in_mathml_and_marks_the_lines_that_cite_them():
    html = nn.explain("dense")._repr_html_()
    assert html.count("<math") == len(contract("dense").equations)
    body = html[html.index('<div class="explanation">') :]
    ElementTree.fromstring(body.replace("&#160;", " "))
    cited = re.findall(r'class="line cites">(.*)', body.replace('<span class="line', '\n<span class="line'))
    assert len(cited) == 5
    assert all(f'href="#dense-{label}"' in body and f'id="dense-{label}"' in body for label in ("F1", "B1", "B2", "B3"))


def test_highlighted_source_says_what_the_source_says():
    source = inspect.getsource(highlighted)
    lines = highlighted(source)
    assert len(lines) == len(source.rstrip().split("\n"))
    assert "".join(ElementTree.fromstring(f"<p>{lines[0]}</p>").itertext()) == source.split("\n")[0]
    assert lines[0].startswith('<span class="keyword">def</span> highlighted')
    assert any("&lt;span" in line for line in lines)


def test_a_page_asks_no_network_and_says_why_it_cannot_be_written(tmp_path):
    path = tmp_path / "dense.html"
    nn.explain("Dense").to_html(path)
    text = path.read_text()
    assert "default-src 'none'" in text
    assert text.count("<math") == 4
    with pytest.raises(FileError, match="explain: the page cannot be written"):
        nn.explain("Dense").to_html(tmp_path / "no" / "page.html")


@pytest.mark.slow
def test_a_page_fits_a_phone_and_says_nothing_in_the_console(tmp_path):
    for name in ("LSTM", "BatchNormalization"):
        nn.explain(name).to_html(tmp_path / f"{name}.html")
    with browser.chromium() as chromium, browser.visitor(chromium) as visit:
        for path in tmp_path.iterdir():
            page = visit(path, width=375, color_scheme="dark")
            assert page.evaluate("document.documentElement.scrollWidth") <= 375
            page.click("#theme")
            assert page.evaluate("document.documentElement.dataset.theme") == "light"
            page.click("a[href$='-F1']")
            assert page.evaluate("document.querySelector('dt:target').textContent") == "F1"

"""The diagram, read back from its file: boxes, what they say, and where they lie."""

import re
import sys
import xml.etree.ElementTree as ElementTree

import pytest

import numbanet as nn
from numbanet import layers, plot
from numbanet.errors import ArgumentError, FileError, StateError

SVG = "{http://www.w3.org/2000/svg}"
BLOCK = {"padding": "same"}


def built(*chosen, shape, name="sequential"):
    m = nn.Sequential(chosen, name=name)
    m.build(shape, "reference")
    return m


class Diagram:
    """What is in the file."""

    def __init__(self, model, path):
        self.path = plot.model_diagram(model, path)
        self.root = ElementTree.parse(self.path).getroot()
        self.width, self.height = (float(self.root.get(key)) for key in ("width", "height"))

    def boxes(self):
        """Of each box its texts, from the top."""
        groups = [g for g in self.root.iter(f"{SVG}g") if g.get("class") == "layer"]
        return [[text.text or "" for text in g.iter(f"{SVG}text")] for g in groups]

    def rectangles(self, *styles):
        """Left, top, right and bottom of what has one of the styles."""
        found = [r for r in self.root.iter(f"{SVG}rect") if r.get("class") in styles]
        sizes = [[float(r.get(key)) for key in ("x", "y", "width", "height")] for r in found]
        return [(x, y, x + w, y + h) for x, y, w, h in sizes]

    def frames(self):
        """Of each frame what stands in its first line, kind and name."""
        return [[span.text for span in t] for t in self.root.iter(f"{SVG}text") if len(t)]

    def texts(self):
        return [t.text for t in self.root.iter(f"{SVG}text") if t.text]

    def styles(self, tag):
        return [e.get("class") for e in self.root.iter(f"{SVG}{tag}")]


@pytest.fixture
def draw(tmp_path):
    return lambda *chosen, **options: Diagram(built(*chosen, **options), tmp_path / "a.svg")


def resnet():
    return [
        layers.Conv2D(4, 3, activation="relu", **BLOCK),
        layers.Residual([layers.Conv2D(4, 3, **BLOCK), layers.BatchNormalization()], activation="relu"),
        layers.Residual(
            [layers.Residual([layers.ReLU()]), layers.Conv2D(8, 1, strides=2)], layers.Conv2D(8, 1, strides=2)
        ),
        layers.Flatten(),
        layers.Dense(10, trainable=False),
    ]


def tagger():
    return [
        layers.Embedding(50, 8),
        layers.Bidirectional(layers.LSTM(4, return_sequences=True)),
        layers.Bidirectional(layers.GRU(3, return_sequences=True), merge_mode="ave"),
        layers.TimeDistributed(layers.Residual([layers.Dense(3, activation="tanh")])),
        layers.SimpleRNN(2),
    ]


def test_boxes_say_layer_output_and_parameters(draw):
    d = draw(
        layers.Dense(3, activation="relu", name="first"), layers.Dropout(0.5), layers.Dense(1), shape=(4,), name="tiny"
    )
    assert d.boxes() == [
        ["input", "", "(N, 4)", "float32"],
        ["Dense + ReLU", "first", "(N, 3)", "15 parameters"],
        ["Dropout", "dropout", "(N, 3)", ""],
        ["Dense", "dense", "(N, 1)", "4 parameters"],
    ]
    assert d.texts()[:2] == ["tiny", "19 parameters, output (N, 1)"]
    tips = [t.text for t in d.root.iter(f"{SVG}title")]
    assert tips[0] == "tiny: 3 layers, 19 parameters, output (N, 1)"
    assert "rate=0.5" in tips[3]
    assert d.styles("rect") == ["ground", "box", "weights", "box", "weights"]
    assert d.styles("path") == ["way", "head"] * 3


def test_a_residual_is_drawn_with_its_way_round(draw):
    d = draw(*resnet(), shape=(6, 6, 1), name="resnet")
    assert d.frames() == [["Residual", "residual"], ["Residual", "residual_1"], ["Residual", "residual"]]
    assert [box[:2] for box in d.boxes()] == [
        ["input", ""],
        ["Conv2D + ReLU", "conv2d"],
        ["Conv2D", "conv2d"],
        ["BatchNormalization", "batch_normalization"],
        ["ReLU", ""],
        ["ReLU", "re_lu"],
        ["Conv2D", "conv2d"],
        ["Conv2D", "shortcut_conv2d"],
        ["Flatten", "flatten"],
        ["Dense", "dense"],
    ]
    assert d.boxes()[-1][2:] == ["(N, 10)", "730 parameters, frozen"]
    assert d.texts().count("+") == 3
    assert d.texts().count("as it is") == 2, "of those without a shortcut"
    # a way round leaves the line at the right of the boxes that it passes, and comes back at the bead below them
    paths = [p.get("d") for p in d.root.iter(f"{SVG}path")]
    way = next(p for p in paths if re.fullmatch(r"M[\d.]+ [\d.]+V[\d.]+H[\d.]+", p))
    x, top, bottom, back = (float(v) for v in re.findall(r"[\d.]+", way))
    first, second = d.rectangles("weights")[1:3]
    assert x > max(first[2], second[2])
    assert top < first[1] < second[3] < bottom
    middle = (first[0] + first[2]) / 2
    bead = next(d.root.iter(f"{SVG}circle"))
    assert (float(bead.get("cx")), float(bead.get("cy"))) == (pytest.approx(middle), bottom)
    assert 0 < back - middle < 20


def test_both_ways_of_a_bidirectional_and_what_is_done_at_each_step(draw):
    d = draw(*tagger(), shape=(7,))
    assert d.boxes()[0] == ["input", "", "(N, 7)", "indices below 50"]
    assert d.frames() == [
        ["Bidirectional", "bidirectional"],
        ["Bidirectional", "bidirectional_1"],
        ["TimeDistributed", "time_distributed, for each step"],
        ["Residual", "residual"],
    ]
    assert [box[1] for box in d.boxes()[2:4]] == ["forward_lstm", "backward_lstm"]
    assert [box[2] for box in d.boxes()[2:4]] == ["(N, 7, 4)"] * 2
    assert [text for text in d.texts() if text in ("side by side", "average", "+")] == ["side by side", "average", "+"]
    (forward, backward), *_ = zip(d.rectangles("weights")[1:], d.rectangles("weights")[2:], strict=False)
    assert forward[1] == backward[1], "beside each other"
    assert forward[2] < backward[0]


@pytest.mark.parametrize(("chosen", "shape"), [(resnet, (6, 6, 1)), (tagger, (7,))])
def test_nothing_lies_over_anything_else(draw, chosen, shape):
    d = draw(*chosen(), shape=shape)
    boxes, frames = d.rectangles("box", "weights"), d.rectangles("frame")
    inside = lambda a, b: b[0] <= a[0] and b[1] <= a[1] and a[2] <= b[2] and a[3] <= b[3]  # noqa: E731
    apart = lambda a, b: a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]  # noqa: E731
    for k, a in enumerate(boxes):
        assert inside(a, (0, 0, d.width, d.height))
        assert all(apart(a, b) for b in boxes[k + 1 :])
        assert all(apart(a, b) or inside(a, b) for b in frames)
    for k, a in enumerate(frames):
        assert inside(a, (0, 0, d.width, d.height))
        assert all(apart(a, b) or inside(a, b) or inside(b, a) for b in frames[k + 1 :])


def test_the_parameters_of_the_boxes_are_those_of_the_model(tmp_path):
    m = built(*resnet(), shape=(6, 6, 1))
    said = [re.match(r"([\d,]+) parameters?", box[3]) for box in Diagram(m, tmp_path / "a.svg").boxes()]
    assert sum(int(found[1].replace(",", "")) for found in said if found) == m.count_params()


@pytest.mark.parametrize("name", ['a <b> & "c"', "Übung 数", "\x01\x7f\ud800"])
def test_any_name_makes_a_whole_file(draw, name):
    d = draw(layers.Dense(1, name=name), shape=(2,), name=name)
    shown = re.sub("[\x01\x7f\ud800]", "\ufffd", name)
    assert d.texts()[0] == shown
    assert d.boxes()[1][1] == shown


def test_light_and_dark_are_the_readers_choice(draw):
    style = draw(layers.Dense(1), shape=(2,)).root.find(f"{SVG}style").text
    light, dark = style.split("@media (prefers-color-scheme: dark)")
    for part in (light, dark):
        colors = {
            rule: re.search(rf"{rule} {{[^}}]*(?:fill|stroke): (#[0-9a-f]{{6}})", part)
            for rule in (".ground", ".soft", "text", ".way")
        }
        ground = luminance(colors.pop(".ground")[1])
        for rule, found in colors.items():
            shade = luminance(found[1])
            assert (max(ground, shade) + 0.05) / (min(ground, shade) + 0.05) >= 4.5, rule  # WCAG 2.2, AA


def luminance(color):
    """Relative luminance, as WCAG 2.2 has it."""
    parts = [int(color[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    r, g, b = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def test_it_asks_the_network_for_nothing_and_runs_nothing(draw):
    text = draw(layers.Dense(1), shape=(2,)).path.read_text()
    assert re.findall(r"https?://[^\"]+", text) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"<script|<image|href|url\(|\bon\w+=", text)


def test_it_needs_no_matplotlib(draw, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert len(draw(layers.Dense(1), shape=(2,)).boxes()) == 2


def test_a_layer_of_ones_own_is_a_box(draw):
    class Own(layers.Layer):
        def describe(self, input_shape):
            return layers.ReLU().describe(input_shape)

    class Outer(layers.Residual):
        """A block with a name of its own."""

    d = draw(Own(), Outer([layers.ReLU()]), shape=(2,))
    assert d.boxes()[1][:2] == ["Own", "own"]
    assert d.frames() == [["Outer", "outer"]]


def test_what_cannot_be_drawn(tmp_path):
    m = built(layers.Dense(1), shape=(2,))
    with pytest.raises(StateError, match="model_diagram: expected a model that is built"):
        plot.model_diagram(nn.Sequential([layers.Dense(1)]), tmp_path / "a.svg")
    with pytest.raises(ArgumentError, match=r"model_diagram: path must end in \.svg. Received: '.*a\.png'"):
        plot.model_diagram(m, tmp_path / "a.png")
    with pytest.raises(FileError, match="No such file or directory"):
        plot.model_diagram(m, tmp_path / "no" / "a.svg")
    assert not list(tmp_path.iterdir())

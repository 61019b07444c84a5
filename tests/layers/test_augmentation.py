"""RandomFlip, RandomTranslation, RandomCrop and RandomErasing: what training and inference see, and what is refused."""

import numpy as np
import pytest

import numbanet as nn
from numbanet import layers
from numbanet.devices import get_device
from numbanet.errors import ArgumentError, ShapeError
from numbanet.network import Network
from numbanet.program import Program
from tests.models import same

SHAPE = (5, 6, 2)
X = np.random.default_rng(0).uniform(1, 2, (64, *SHAPE))
ALL = [
    layers.RandomFlip(),
    layers.RandomTranslation(0.4, 0.5),
    layers.RandomCrop(3, 4),
    layers.RandomErasing(0.5),
    layers.RandomErasing(size=3),
]
every_layer = pytest.mark.parametrize("layer", ALL, ids=repr)


def in_training(layer, x=X, seed=3, step=0, dtype="float64", device="cpu"):
    """What the layer makes of x in the training step of that number."""
    again = type(layer).from_config(layer.get_config() | {"name": "it"})
    network = Network([again], x.shape[1:], get_device(device), dtype, seed)
    program = Program(network.device)
    network.forward(program, len(x), True)
    ends = network.ends(len(x), True)
    ends.x[...], network.iteration[0] = x, step
    program.run()
    return np.array(ends.y)


def model(layer, *, dtype="float64"):
    m = nn.Sequential([type(layer).from_config(layer.get_config())], seed=3)
    m.build(SHAPE, dtype=dtype)
    m.compile("sgd", "mse")
    return m


def views(image, layer):
    """All that the layer may make of an image."""
    height, width, _ = image.shape
    if isinstance(layer, layers.RandomFlip):
        turned = {"horizontal": [image, image[:, ::-1]], "vertical": [image, image[::-1]]}
        both = [*turned["horizontal"], image[::-1], image[::-1, ::-1]]
        return turned.get(layer.mode, both)
    if isinstance(layer, layers.RandomCrop):
        h, w = layer.height, layer.width
        return [image[i : i + h, j : j + w] for i in range(height - h + 1) for j in range(width - w + 1)]
    modes = {"nearest": "edge", "reflect": "symmetric", "wrap": "wrap", "constant": "constant"}
    value = {"constant_values": layer.fill_value} if layer.fill_mode == "constant" else {}
    framed = np.pad(image, ((height, height), (width, width), (0, 0)), modes[layer.fill_mode], **value)
    (top, bottom), (left, right) = layer._shifts(0, height), layer._shifts(1, width)
    return [
        framed[height - i : 2 * height - i, width - j : 2 * width - j]
        for i in range(top, bottom + 1)
        for j in range(left, right + 1)
    ]


GATHERED = [layers.RandomFlip(mode) for mode in layers.RandomFlip.MODES]
GATHERED += [layers.RandomTranslation(0.2, (-0.17, 0.5), mode, 0.25) for mode in layers.RandomTranslation.MODES]
GATHERED += [layers.RandomTranslation(0.2, 0.0), layers.RandomCrop(3, 5), layers.RandomCrop(5, 6)]


@pytest.mark.parametrize("layer", GATHERED, ids=repr)
def test_training_sees_every_view_and_nothing_else(layer):
    x = np.resize(X, (40 * len(views(X[0], layer)), *SHAPE))
    seen = set()
    for image, y in zip(x, in_training(layer, x), strict=True):
        (which,) = [k for k, view in enumerate(views(image, layer)) if np.array_equal(view, y)]
        seen.add(which)
    assert seen == set(range(len(views(X[0], layer))))


def boxes(y, fill):
    """(top, bottom, left, right) of what is filled in each image, which must be a box; None where nothing is."""
    for image in y:
        at = np.argwhere((image == fill).all(axis=-1))
        if not len(at):
            yield None
            continue
        (top, left), (bottom, right) = at.min(axis=0), at.max(axis=0) + 1
        assert len(at) == (bottom - top) * (right - left)
        yield int(top), int(bottom), int(left), int(right)


def test_erasing_fills_a_box_of_the_scale_in_as_many_images_as_said():
    x = np.resize(X, (2000, *SHAPE))
    y = in_training(layers.RandomErasing((0.2, 0.6), (0.04, 0.5), 7.0), x)
    found = list(boxes(y, 7.0))
    assert np.array_equal(np.where(y == 7.0, x, y), x)
    there = [box for box in found if box]
    assert abs(len(there) / 2000 - 0.4) < 0.04
    assert {bottom - top for top, bottom, _, _ in there} == {1, 2, 3, 4}  # sqrt(0.04) 5 to sqrt(0.5) 5
    assert {right - left for _, _, left, right in there} == {1, 2, 3, 4}
    assert {left for _, _, left, _ in there} == set(range(6))


def test_cutout_has_one_size_and_is_cut_off_at_the_edges():
    y = in_training(layers.RandomErasing(size=(3, 2)), np.resize(X, (2000, *SHAPE)))
    found = set(boxes(y, 0.0))
    middles = {(i, j) for i in range(5) for j in range(6)}
    assert found == {(max(i - 1, 0), min(i + 2, 5), max(j - 1, 0), min(j + 1, 6)) for i, j in middles}


@every_layer
def test_a_step_of_one_seed_is_drawn_alike_on_every_device_and_in_both_types(layer):
    expected = in_training(layer)
    assert not np.array_equal(expected, X)
    assert np.array_equal(in_training(layer, device="reference"), expected)
    assert np.array_equal(in_training(layer, dtype="float32"), expected.astype("float32"))
    for other in ({"seed": 4}, {"step": 1}):
        assert not np.array_equal(in_training(layer, **other), expected)
    assert np.array_equal(in_training(layer, X[:7]), expected[:7])  # a sample's draw is its own


@every_layer
def test_two_layers_draw_apart(layer):
    twice = [type(layer).from_config(layer.get_config() | {"name": name}) for name in "ab"]
    x = np.resize(X[0], X.shape)
    once = in_training(layer, x)
    m = nn.Sequential([layers.Residual([twice[0]], shortcut=[twice[1]])], seed=3)
    m.build(SHAPE, dtype="float64")
    m.compile("sgd", "mse")
    y = m.trace(x, np.zeros_like(once), training=True)["residual"].a
    assert not np.array_equal(y, 2 * once)


@every_layer
def test_inference_draws_nothing(layer):
    m = model(layer)
    expected = X[:, 1:4, 1:5] if isinstance(layer, layers.RandomCrop) else X
    assert np.array_equal(m.predict(X), expected)
    dx = m.input_gradient(X, np.zeros_like(expected))
    assert np.allclose(dx.sum(), 2 * expected.mean(), rtol=1e-12)
    assert np.array_equal(dx != 0, np.isin(X, expected))


@every_layer
def test_the_gradient_goes_back_to_where_a_pixel_came_from(layer):
    target = np.zeros((len(X), *layer.describe(SHAPE).output_shape))
    m = model(layer)
    dx, y = m.input_gradient(X, target, training=True), in_training(layer)
    for image, out, gradient in zip(X, y, dx, strict=True):
        values, counts = np.unique(out, return_counts=True)  # every pixel is another number
        times = dict(zip(values, counts, strict=True))
        expected = [times.get(v, 0) * 2 * v / y.size for v in image.ravel()]
        assert np.allclose(gradient.ravel(), expected, rtol=1e-12, atol=0)


def test_a_resumed_training_draws_what_it_would_have_drawn(tmp_path):
    def trained(steps, m=None):
        if m is None:
            m = nn.Sequential([*(type(a).from_config(a.get_config()) for a in ALL[:4]), layers.Flatten()], seed=3)
            m.add(layers.Dense(1))
            m.compile("sgd", "mse")
        for _ in range(steps):
            m.train_on_batch(X.astype("float32"), np.ones((64, 1), "float32"))
        return m

    trained(2).save_checkpoint(tmp_path / "half.safetensors")
    again = trained(0)
    again.build(SHAPE)
    again.load_checkpoint(tmp_path / "half.safetensors")
    assert same(trained(2, again), trained(4))
    assert not same(trained(2), trained(4))


@pytest.mark.parametrize("layer", ALL[:1] + ALL[2:4], ids=repr)
def test_images_of_a_sequence_are_augmented_each_by_itself(layer):
    x = np.tile(X[:8, None], (1, 8, 1, 1, 1))
    again = type(layer).from_config(layer.get_config() | {"name": "inside"})
    y = in_training(layers.TimeDistributed(again), x)
    assert y.shape[:2] == (8, 8)
    assert len({image.tobytes() for image in y[0]}) > 1


def test_an_odd_remainder_leaves_the_middle_above_and_left():
    image = np.arange(30.0).reshape(1, 5, 6, 1)
    m = nn.Sequential([layers.RandomCrop(2, 3)])
    m.build((5, 6, 1), dtype="float64")
    assert np.array_equal(m.predict(image), image[:, 1:3, 1:4])


def test_factors_of_0_do_nothing():
    for layer in (layers.RandomTranslation(0.0, (0, 0)), layers.RandomErasing(0), layers.RandomErasing((0.0, 0.0))):
        assert layer.passes_through(True)
        assert np.array_equal(in_training(layer), X)


def test_shifts_are_rounded_to_whole_pixels():
    layer = layers.RandomTranslation((-0.25, 0.5), 0.1)
    assert layer._shifts(0, 10) == (-2, 5)
    assert layer._shifts(1, 8) == (-1, 1)
    assert layers.RandomTranslation(0.25, 0.35)._shifts(0, 10) == (-2, 2)
    assert layers.RandomTranslation(0.25, 0.35)._shifts(1, 10) == (-4, 4)
    with pytest.raises(ShapeError, match=r"width_factor=0.1 shifts by a pixel or more.*use 0.25 or more, or 0"):
        layer.describe((10, 4, 1))
    with pytest.raises(ShapeError, match="height_factor"):
        layers.RandomTranslation((0.0, 0.1), 0.0).describe((4, 4, 1))


@pytest.mark.parametrize(
    ("make", "argument"),
    [
        (lambda: layers.RandomFlip("sideways"), "mode"),
        (lambda: layers.RandomFlip(None), "mode"),
        (lambda: layers.RandomTranslation(1.5, 0.0), "height_factor"),
        (lambda: layers.RandomTranslation(-0.5, 0.0), "height_factor"),
        (lambda: layers.RandomTranslation(0.0, (0.5, -0.5)), "width_factor"),
        (lambda: layers.RandomTranslation(0.0, (-2.0, 0.5)), "width_factor"),
        (lambda: layers.RandomTranslation(0.0, (0.1, 0.2, 0.3)), "width_factor"),
        (lambda: layers.RandomTranslation(np.nan, 0.0), "height_factor"),
        (lambda: layers.RandomTranslation(True, 0.0), "height_factor"),
        (lambda: layers.RandomTranslation("0.1", 0.0), "height_factor"),
        (lambda: layers.RandomTranslation(0.1, 0.1, "mirror"), "fill_mode"),
        (lambda: layers.RandomTranslation(0.1, 0.1, fill_value=np.inf), "fill_value"),
        (lambda: layers.RandomCrop(0, 3), "height"),
        (lambda: layers.RandomCrop(3, 2.5), "width"),
        (lambda: layers.RandomErasing(1.5), "factor"),
        (lambda: layers.RandomErasing((-0.5, 0.5)), "factor"),
        (lambda: layers.RandomErasing(scale=0.3), "scale"),
        (lambda: layers.RandomErasing(scale=(0.3, 0.1)), "scale"),
        (lambda: layers.RandomErasing(scale=(0.3, 1.1)), "scale"),
        (lambda: layers.RandomErasing(fill_value=None), "fill_value"),
        (lambda: layers.RandomErasing(size=0), "size"),
        (lambda: layers.RandomErasing(size=(1, 2, 3)), "size"),
        (lambda: layers.RandomErasing(scale=(0.1, 0.2), size=3), "scale"),
    ],
)
def test_values_that_cannot_be_used_are_refused(make, argument):
    with pytest.raises(ArgumentError, match=f"^Random[A-Z][a-z]+: {argument} must be "):
        make()


@every_layer
def test_only_images_are_taken(layer):
    for shape in ((5,), (5, 6), (2, 5, 6, 2)):
        with pytest.raises(ShapeError, match=r"expected images of shape \(N, height, width, channels\)"):
            layer.describe(shape)


def test_a_crop_larger_than_the_image_is_refused():
    for size in ((6, 6), (5, 7)):
        with pytest.raises(ShapeError, match=rf"expected images of {size[0]} x {size[1]} or more.*\(N, 5, 6, 2\)"):
            layers.RandomCrop(*size).describe(SHAPE)

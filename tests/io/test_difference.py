"""Which difference of two configurations is named, and how."""

import pytest

from numbanet.io.difference import first_difference


def layer(name, kind="Dense", **config):
    return {"class_name": kind, "config": {"name": name, **config}}


ONE = {"layers": [layer("a", units=2), layer("b", units=3, init={"class_name": "Glorot", "config": {"seed": 1}})]}


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (ONE, None),
        ({"layers": [layer("a", units=9), layer("c")]}, "layers[0] (Dense 'a') units is 2, this model has 9"),
        ({"layers": [layer("z", units=2)]}, "layers[0] (Dense 'a') name is 'a', this model has 'z'"),
        ({"layers": ONE["layers"][:1]}, "layers[1] is Dense 'b', this model has none"),
        ({"layers": [*ONE["layers"], layer("c", "ReLU")]}, "layers[2] is not there, this model has ReLU 'c'"),
        (
            {"layers": [ONE["layers"][0], layer("b", units=3, init={"class_name": "Glorot", "config": {"seed": 2}})]},
            "layers[1] (Dense 'b') init.seed is 1, this model has 2",
        ),
        (
            {"layers": [ONE["layers"][0], layer("b", units=3, init=None)]},
            "layers[1] (Dense 'b') init is Glorot, this model has None",
        ),
        ({"layers": [layer("a")]}, "layers[0] (Dense 'a') units is 2, this model has none"),
        (ONE | {"seed": None}, "seed is not there, this model has None"),
    ],
)
def test_the_first_difference(other, expected):
    assert first_difference(ONE, other) == expected


def test_a_layer_in_a_layer_is_named_in_its_place():
    one, other = ({"layers": [layer("r", "Residual", layers=[layer("", units=k)])]} for k in (1, 2))
    assert first_difference(one, other) == "layers[0] (Residual 'r') layers[0] (Dense) units is 1, this model has 2"


def test_what_is_long_is_cut():
    assert len(first_difference({"x" * 900: "y" * 900}, {"x" * 900: [0] * 900})) < 350

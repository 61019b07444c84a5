import pytest

from numbanet import config, layers, losses, optimizers, regularizers
from numbanet.errors import ArgumentError


class Animal:
    def __init__(self, legs=4):
        self.legs = legs

    def get_config(self):
        return {"legs": self.legs}


class Bird(Animal):
    def __init__(self, legs=2):
        super().__init__(legs)


class _Hidden(Animal):
    pass


NAMES = {"animal": Animal, "dodo": lambda: Bird(3)}


def resolve(value):
    return config.resolve("zoo", "guest", value, Animal, NAMES)


def test_an_object_is_itself():
    bird = Bird()
    assert resolve(bird) is bird


def test_names_are_called():
    assert resolve("animal").legs == 4
    assert resolve("dodo").legs == 3
    assert resolve("dodo") is not resolve("dodo")


@pytest.mark.parametrize("thing", [Animal(6), Bird(1)])
def test_plain_values_and_back(thing):
    plain = config.plain(thing)
    assert plain == {"class_name": type(thing).__name__, "config": {"legs": thing.legs}}
    again = resolve(plain)
    assert (type(again), again.legs) == (type(thing), thing.legs)


@pytest.mark.parametrize("value", [None, 3, "relu", [1], {"a": 1}])
def test_what_has_no_config_stays(value):
    assert config.plain(value) is value


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("dod", "zoo: guest must be one of animal, dodo. Received: 'dod'. Did you mean 'dodo'?"),
        (3, "zoo: guest must be a name or an object of class Animal. Received: guest=3"),
        (Bird, "an object of class Animal"),
        (None, "guest=None"),
        ({"class_name": "Brid", "config": {}}, "Did you mean 'Bird'?"),
        ({"class_name": "_Hidden", "config": {}}, "one of Animal, Bird"),
        ({"class_name": "Bird"}, "a name or an object"),
        ({"class_name": "Bird", "config": {}, "more": 1}, "a name or an object"),
    ],
)
def test_anything_else_is_refused(value, words):
    with pytest.raises(ArgumentError) as caught:
        resolve(value)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("thing", "base", "get"),
    [
        (optimizers.SGD(0.5, momentum=0.9, nesterov=True, clipnorm=2.0), optimizers.Optimizer, optimizers.get),
        (optimizers.AdamW(0.5, weight_decay=0.25, amsgrad=True), optimizers.Optimizer, optimizers.get),
        (losses.CategoricalCrossentropy(from_logits=False, label_smoothing=0.25), losses.Loss, losses.get),
        (losses.Huber(2.0), losses.Loss, losses.get),
        (regularizers.L2(0.25), regularizers.Regularizer, lambda v: regularizers.get("Dense", "kernel_regularizer", v)),
    ],
    ids=repr,
)
def test_the_houses_own_objects_survive(thing, base, get):
    again = get(config.plain(thing))
    assert again is not thing
    assert type(again) is type(thing)
    assert again.get_config() == thing.get_config()
    assert repr(again) == repr(thing)


def test_a_layer_with_objects_inside_survives():
    layer = layers.Dense(3, activation=layers.LeakyReLU(0.25), kernel_regularizer=regularizers.L2(0.5), use_bias=False)
    again = layers.Dense.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    assert again.activation.get_config() == layer.activation.get_config()
    assert again.kernel_regularizer.get_config() == layer.kernel_regularizer.get_config()

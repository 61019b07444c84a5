import tomllib

import pytest

from numbanet.commands.toml import dumps

TABLES = [
    {},
    {"a": 1, "b": -2.5, "c": True, "d": "text", "e": 1e-7, "f": 1e300, "g": float("inf")},
    {"a": {"b": {"c": 1}}},
    {"a": {"inner": {"x": 1}, "y": 2}},
    {"list": [1, [2.0, "three"], []], "tables": [{"a": 1}, {"a": 2, "b": {"c": [1]}}]},
    {"with blanks": {"é": 'a "quoted"\tline\nand \\ another\x7f', "dots.in": ""}},
    {"model": {"layers": [{"class": "Dense", "units": 3, "initializer": {"class": "Zeros"}}], "seed": 0}},
    {"optimizer": {"class": "Adam", "rate": {"class": "Constant", "learning_rate": 0.1}}},
]


@pytest.mark.parametrize("tables", TABLES)
def test_what_is_written_reads_as_it_was(tables):
    assert tomllib.loads(dumps(tables)) == tables


def test_a_table_below_another_takes_no_values_from_it():
    text = dumps({"model": {"layers": [{"class": "Dense"}], "seed": 1}})
    assert text == '[model]\nseed = 1\n\n[[model.layers]]\nclass = "Dense"\n'


def test_none_is_left_out():
    assert dumps({"a": None, "b": {"c": None, "class": "X"}}) == '[b]\nclass = "X"\n'


def test_what_toml_has_no_words_for_is_refused():
    with pytest.raises(TypeError, match="expected a value that TOML has, received <object"):
        dumps({"a": object()})

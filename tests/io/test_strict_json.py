import json
import math

import pytest

from numbanet.io.strict_json import MOST_DEPTH, dumps, parse

GOOD = [
    None,
    True,
    0,
    -(10**30),
    0.1,
    1e-300,
    "",
    'a"\\[{',
    "ü\n",
    [],
    {},
    [1, [2.5, "x"]],
    {"a": {"b": [None, False]}},
]


@pytest.mark.parametrize("value", GOOD, ids=repr)
def test_plain_values_come_back(value):
    assert parse(dumps(value)) == value == json.loads(dumps(value))
    assert type(parse(dumps(value))) is type(value)


def test_tuples_come_back_as_lists_and_the_text_is_always_the_same():
    assert parse(dumps((1, (2, {"b": (), "a": 1})))) == [1, [2, {"a": 1, "b": []}]]
    assert dumps({"b": 1, "a": 2}) == dumps({"a": 2, "b": 1}) == '{"a":2,"b":1}'


@pytest.mark.parametrize("value", [math.nan, math.inf, {1: 2}, {None: 1}, {1}, b"x", object(), 10**40], ids=repr)
def test_what_would_not_come_back_is_not_written(value):
    with pytest.raises((TypeError, ValueError)):
        dumps([value])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a": 1, "b": 2, "a": 1}', "'a' twice"),
        ('{"x": {"\\u0061": 1, "a": 1}}', "'a' twice"),
        ("[NaN]", "finite"),
        ("-Infinity", "finite"),
        ("1e999", "finite"),
        ("1" * 33, "32 digits"),
        ("[" * 65 + "]" * 65, "64 brackets"),
        ("[" * 1_000_000, "64 brackets"),
        ('{"a":' * 100_000, "64 brackets"),
        ('"' + '\\"' * 100_000, "Unterminated"),
        ("", "Expecting value"),
        ("[1,]", "Expecting value|trailing"),
        ("{} {}", "Extra data"),
        ("{'a': 1}", "Expecting property"),
    ],
    ids=lambda text: text[:20],
)
def test_what_is_not_plain_is_refused(text, words):
    with pytest.raises(ValueError, match=words):
        parse(text)


def test_brackets_in_texts_have_no_depth():
    assert parse(json.dumps(["[" * 100, '"' + "{" * 100])) == ["[" * 100, '"' + "{" * 100]
    deepest = "[" * MOST_DEPTH + "]" * MOST_DEPTH
    assert json.dumps(parse(deepest)) == deepest

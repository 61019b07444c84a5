"""One element worked out: its value is the kernel's, and its expression comes to that value."""

import importlib
import math
import re
import threading

import numpy as np
import pytest

from numbanet.bench import cases
from numbanet.bench.case import Given
from numbanet.errors import ArgumentError
from numbanet.kernels import _gates, kernel
from numbanet.kernels import dense as dense_contract
from numbanet.kernels.dense import reference as dense
from numbanet.kernels.softmax import reference as softmax
from numbanet.teach.explaining.worked import follow, worked

TINY = {"A": 3, "B": 2, "C": 4, "E": 6, "F": 3, "G": 2, "H": 4, "I": 3, "K": 2, "M": 2, "N": 2, "O": 3, "P": 2, "R": 3}
TINY |= {"S": 2, "T": 3, "V": 5, "W": 4}

# results that are not made of other numbers, and why
WITHOUT_EXPRESSION = {
    "activations": "0 or 1 beyond a kink",
    "check": "a flag: the comparisons are told instead",
    "dropout": "0 where an element is dropped",
    "erasing": "the corners of a box, and 0 in it",
    "global_max_pool": "the place of the largest, and 0 for the others",
    "masking": "0 or 1 by what x holds",
    "max_pool2d": "the place of the largest, and 0 for the others",
    "perceptron": "a step's 0 or 1, and a count of mistakes",
    "random_index": "a place, turned round or not",
    "spatial_dropout": "0 where a map is dropped",
    "zero_padding2d": "0 in the frame",
    "accumulation": "0, with which the next sum begins",
}


def tiny_cases(operation):
    axes = importlib.import_module(f"numbanet.bench.cases.{operation}").SIZES[0]
    return [case for _, case in cases.of(operation, ",".join(f"{axis}={TINY[axis]}" for axis in axes) or None)]


def written(case):
    """Every array that a case writes, with arguments from before and after the compiled kernel."""
    names, before, after = case.kernel("reference").parameters, case.make("float64"), case.make("float64")
    case.kernel("cpu")(*after)
    for name, given, found in zip(names, case.arguments, after, strict=True):
        if isinstance(given, Given) and given.written:
            yield name, dict(zip(names, before, strict=True)), dict(zip(names, after, strict=True)), found


def computed(expression, before, after, reads):
    """The value of an expression as it stands there: juxtaposition is a product, ^ a power, |x| a size."""
    tokens = re.findall(r"(?:new )?[A-Za-z]\w*(?:\[[\d, ]+\])?|\d[\d.]*(?:e[+-]?\d+)?|>>|//|[-+*/%^()|,]", expression)
    out, ends, inside = [], False, False  # whether an operand ended, and whether a size is open
    for number, token in enumerate(tokens):
        call = token in vars(math) and tokens[number + 1 : number + 2] == ["("]
        opens = token == "(" or (token == "|" and not inside)
        inside ^= token == "|"
        operand = re.match(r"\w", token) is not None
        if ends and (opens or operand):
            out.append("*")
        if token == "|":
            out.append("abs(" if opens else ")")
        elif operand and not call and not token[0].isdigit():
            bare = token.removeprefix("new ")
            array, _, index = bare.partition("[")
            place = tuple(int(i) for i in index.rstrip("]").split(",")) if index else ()
            source = after if bare != token or (array, place) in reads else before
            out.append(f"({float(np.asarray(source[array])[place])!r})")
        else:
            out.append({"^": "**"}.get(token, token))
        ends = (operand and not call) or token == ")" or (token == "|" and not opens)
    return eval("".join(out), vars(math) | {"abs": abs})


@pytest.mark.parametrize("operation", cases.OPERATIONS)
def test_the_worked_number_is_the_kernel_s_and_its_expression_comes_to_it(operation):
    without = 0
    for case in tiny_cases(operation):
        for name, before, after, found in written(case):
            for index in {(0,) * found.ndim, tuple(n - 1 for n in found.shape)}:
                result = worked(operation, case.function, before, name, index)
                right = float(found[index])
                said = f"{case.function} {result}"
                if math.isnan(right):
                    assert math.isnan(result.value), said
                    continue
                assert abs(result.value - right) <= 1e-12 * max(1.0, abs(right)), said
                random = operation == "random" or ("w" not in before and re.search(r"\bw\[\d+\]", said))
                if "..." not in result.expression and not random:
                    value = computed(result.expression, before, after, result.reads)
                    assert value == pytest.approx(right, rel=1e-6, abs=1e-9), said
                without += not re.search("[a-z]", result.expression)
    assert (without > 0) == (operation in WITHOUT_EXPRESSION)


def example():
    random = np.random.default_rng(0)
    return random.standard_normal((2, 2)), random.standard_normal((2, 3)), np.zeros((3, 2))


def test_a_gradient_reads_as_in_the_textbook():
    dy, x, dw = example()
    found = worked("dense", "backward_kernel", (dy, x, dw), "dw", (2, 1))
    assert found.name == "dw[2, 1]"
    assert found.expression == "x[0, 2] dy[0, 1] + x[1, 2] dy[1, 1]"
    assert found.value == x[0, 2] * dy[0, 1] + x[1, 2] * dy[1, 1]
    assert found.terms == 2
    assert found.choices == ()
    lines = str(found).split("\n")
    assert lines[0] == "dw[2, 1] = x[0, 2] dy[0, 1] + x[1, 2] dy[1, 1]"
    assert lines[1] == "         = 1.304 * (-0.1321) + (-1.265) * 0.1049"
    assert lines[2] == f"         = {found.value:.10g}"
    assert not dw.any(), "the arguments stay as they are"


def test_long_sums_are_shortened_in_the_middle_and_stay_exact():
    x, w, y = np.full((1, 125), 0.1), np.ones((125, 1)), np.zeros((1, 1))
    found = worked("dense", "forward_without_bias", {"x": x, "w": w, "y": y}, "y", (0, 0))
    assert found.terms == 125
    assert "x[0, 2] w[2, 0] + ... 120 more terms ... + x[0, 123] w[123, 0]" in found.expression
    assert found.value == sum([0.1] * 125)


def test_it_says_which_was_the_largest():
    x = np.array([[0.5, 2.0, -1.0]])
    found = worked("softmax", "forward", (x, np.zeros((1, 3))), "y", (0, 0))
    assert found.expression.startswith("exp(x[0, 0] - x[0, 1]) / (")
    assert found.choices == ("max(x[0, 0], x[0, 1], x[0, 2]) = x[0, 1]",)


def test_a_maximum_of_many_is_no_trouble():
    x = np.arange(300.0)[None]
    found = worked("softmax", "forward", (x, np.zeros((1, 300))), "y", (0, 0))
    assert found.choices == ("max(x[0, 0], x[0, 1], x[0, 2], ... 295 more ..., x[0, 298], x[0, 299]) = x[0, 299]",)


def test_it_says_which_way_a_branch_went():
    found = worked("activations", "relu", (np.array([3.0, -2.0]), np.zeros(2)), "y", (1,))
    assert found.expression == "0"
    assert found.choices == ("x[1] <= 0: yes (-2)",)
    found = worked("activations", "relu", (np.array([3.0, -2.0]), np.zeros(2)), "y", (0,))
    assert (found.expression, found.choices) == ("x[0]", ("x[0] <= 0: no (3)",))


def test_comparisons_of_other_elements_are_not_told():
    w = np.array([1.0, 2.0])
    arguments = (w, np.array([0.1]), 0.9, 0.99, 1e-8, np.array([0]), w, w, w.copy(), w.copy())
    arguments = tuple(a.copy() if isinstance(a, np.ndarray) else a for a in arguments)
    assert worked("adam", "update_amsgrad", arguments, "m", (1,)).choices == ()
    assert "new v[1] <= highest[1]" in worked("adam", "update_amsgrad", arguments, "w", (1,)).choices[0]


def test_what_the_loop_wrote_before_has_its_name_and_can_be_followed():
    x, one = np.array([[1.0, 3.0]]), np.ones(2)
    arguments = (x, one, one, 0.0, np.zeros(1), np.zeros(1), np.zeros((1, 2)))
    found = worked("layer_norm", "forward", arguments, "y", (0, 1))
    assert found.expression == "gamma[1] (x[0, 1] - mean[0]) inverse[0] + beta[1]"
    assert found.reads == (("mean", (0,)), ("inverse", (0,)))
    assert worked("layer_norm", "forward", arguments, *found.reads[0]).expression == "(x[0, 0] + x[0, 1]) / 2"


def test_old_and_new_values_of_an_array_are_told_apart():
    w, rate = np.array([1.0]), np.array([0.1])
    found = worked("sgd", "update_momentum", (w.copy(), rate, 0.9, w.copy(), w.copy()), "w", (0,))
    assert found.expression == "w[0] + new v[0]"


def test_infinities_are_those_of_the_kernel():
    p, t = np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])
    found = worked("activations", "sigmoid_backward", (p[0], t[0], np.full(2, np.inf), np.zeros(2)), "dx", (0,))
    assert found.value == -math.inf


def test_a_kernel_of_ones_own_is_followed_too():
    @kernel()
    def twice(x, y):
        for i in range(x.size):
            y[i] = math.sqrt(2 * x[i])

    found = follow(twice, {"x": np.array([8.0]), "y": np.zeros(1)}, "y", (0,))
    assert (found.expression, found.value) == ("sqrt(2 x[0])", 4.0)


def test_the_modules_stay_as_they_are_while_several_threads_follow():
    before = dict(vars(softmax)), dict(vars(_gates)), dict(vars(dense))
    x = np.random.default_rng(0).standard_normal((4, 20))
    found, seen = {}, []

    def run(row):
        for k in range(20):
            found[row, k] = worked("softmax", "forward", (x, np.zeros((4, 20))), "y", (row, k)).value
        seen.append(softmax.math is math)

    threads = [threading.Thread(target=run, args=(row,)) for row in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [True] * 4
    assert (dict(vars(softmax)), dict(vars(_gates)), dict(vars(dense))) == before
    right = np.exp(x - x.max(axis=1, keepdims=True))
    right /= right.sum(axis=1, keepdims=True)
    assert all(abs(value - right[place]) < 1e-15 for place, value in found.items())
    assert len(found) == x.size


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("dens", "forward", (), "y", (0,)), "Did you mean 'dense'"),
        (("dense", "forwards", (), "y", (0,)), "Did you mean 'forward'"),
        (("dense", "backward_kernel", (), "dw", (0, 0)), r"arguments must be 3, \('dy', 'x', 'dw'\)"),
        (("dense", "backward_kernel", {"dy": 1}, "dw", (0, 0)), "arguments must be by the names dy, x, dw"),
        (("dense", "backward_kernel", example(), "dv", (0, 0)), "array must be one of dw, dy, x"),
        (("dense", "backward_kernel", example(), "dw", (3, 0)), r"index must lie in dw, of shape \(3, 2\)"),
        (("dense", "backward_kernel", example(), "dw", (1,)), r"index must lie in dw, of shape \(3, 2\)"),
    ],
)
def test_what_is_not_there_is_an_error_that_says_what_is(arguments, message):
    with pytest.raises(ArgumentError, match=message):
        worked(*arguments)


def test_an_operation_is_named_by_its_module_too_and_indices_count_from_the_end():
    found = worked(dense_contract, "backward_kernel", example(), "dw", (-1, -1))
    assert found.index == (2, 1)

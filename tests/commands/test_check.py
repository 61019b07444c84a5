import re

import pytest

from numbanet.bench import cases
from numbanet.commands import check
from numbanet.commands.proof import differences, layers
from numbanet.commands.proof.sizes import small_cases, tiny_cases
from numbanet.kernels._kernel import kernel

from ..test_structure import kernels_of


def proof(operation):
    found = differences.prove(operation)
    layers.prove(operation, found)
    return found


@pytest.mark.parametrize("operation", cases.OPERATIONS)
def test_gradients_are_those_of_the_differences(operation):
    found = proof(operation)
    assert found.wrong == []
    assert found.worst <= differences.TOLERANCE


def test_every_backward_kernel_is_compared():
    """By its own name, or within a layer that is made of it."""
    left = []
    for operation in cases.OPERATIONS:
        backward = [name for name in kernels_of(operation, "reference") if "backward" in name]
        forward = set(kernels_of(operation, "reference"))
        alone = {name for name in backward if differences._forward_name(name) in forward}
        if operation not in layers.LAYERS and set(backward) - alone:
            left.append((operation, set(backward) - alone))
        if backward and not proof(operation).gradients:
            left.append((operation, backward))
    assert left == []


@pytest.mark.parametrize("operation", cases.OPERATIONS)
def test_small_sizes_have_every_kernel(operation):
    for found in (small_cases(operation), tiny_cases(operation)):
        assert {case.function for case in found} == set(kernels_of(operation, "cpu"))


# --- planted bugs are found


@kernel()
def backward_kernel(dy, x, dw):
    for i in range(dw.shape[0]):
        for o in range(dw.shape[1]):
            dw[i, o] = 0.0
            for n in range(dy.shape[0]):
                dw[i, o] += x[n, i] * dy[n, o]
    dw[1, 2] *= 1.0001


@kernel()
def forgets_the_last(dy, db):
    for o in range(db.shape[0] - 1):
        db[o] = 0.0
        for n in range(dy.shape[0]):
            db[o] += dy[n, o]


def test_one_wrong_element_is_found(monkeypatch):
    from numbanet.kernels.dense import reference

    monkeypatch.setattr(reference, "backward_kernel", backward_kernel)
    (told,) = proof("dense").wrong
    assert re.fullmatch(r"backward_kernel: dw\[1, 2\]: backward \S+, differences \S+", told)


def test_an_element_that_is_not_written_is_found(monkeypatch):
    from numbanet.kernels.dense import reference

    monkeypatch.setattr(reference, "backward_bias", forgets_the_last)
    (told,) = proof("dense").wrong
    assert re.fullmatch(r"backward_bias: db\[2\]: backward nan, differences -?\d\S*", told)


def test_a_wrong_layer_is_found(monkeypatch):
    from numbanet.kernels.lstm import reference

    right = reference.backward

    @kernel()
    def halved(dh, u, mask, keep, setting, z, c, dz, dh0, dc0):
        right.function(dh, u, mask, keep, setting, z, c, dz, dh0, dc0)
        dz[0] *= 0.5

    if right.tasks:
        pytest.skip("the reference is cut into tasks")
    monkeypatch.setattr(reference, "backward", halved)
    assert any(told.startswith("LSTM, lstm/kernel: WRONG at ") for told in proof("lstm").wrong)


# --- the command


@pytest.mark.compiled
def test_the_table(say):
    code, out, err = say("check", "--operation", "dense", "adam", "--processes", "1")
    assert (code, err) == (0, "")
    lines = [line for line in out.splitlines() if line and not line.startswith("no cuda: ")]
    lines = [line for line in lines if " compiled in " not in line]
    title, *rows, end = lines
    assert title.split()[:4] == ["operation", "kernels", "gradients", "differences"]
    assert re.match(r"dense +5 +3 +\d\.\de-\d\d +\d\.\de[-+]\d\d +\d\.\de[-+]\d\d .*right$", rows[0])
    assert re.match(r"adam +2 +\d\.\de[-+]\d\d +\d\.\de[-+]\d\d .*right$", rows[1])
    assert end.startswith("2 operations, 7 kernels, 3 gradients, ")


@pytest.mark.compiled
def test_a_wrong_gradient_and_a_wrong_kernel_end_with_1(say, monkeypatch):
    from numbanet.kernels.dense import cpu, reference

    monkeypatch.setattr(reference, "backward_kernel", backward_kernel)
    monkeypatch.setattr(cpu, "backward_bias", forgets_the_last)
    monkeypatch.setattr(check, "DEVICES", ("cpu",))
    code, out, _ = say("check", "--operation", "dense", "--quick", "--processes", "1")
    assert code == 1
    assert out.splitlines()[-5].endswith(" WRONG") or "  WRONG\n" in out
    wrong = [line for line in out.splitlines() if line.startswith("WRONG ")]
    assert wrong[0].startswith("WRONG dense.backward_kernel: dw[1, 2]: backward ")
    assert any(line.startswith("WRONG on cpu, float32: dense.backward_bias-") for line in wrong)


def test_an_unknown_operation(say):
    told = say("check", "--operation", "conv")
    assert told.code == 1
    assert told.err.startswith("numbanet: check: the operation must be one of accumulation, ")
    assert "Received: 'conv'." in told.err


@pytest.mark.compiled
def test_no_processes_at_all(say):
    assert say("check", "--operation", "fill", "--processes", "0").err == (
        "numbanet: compile: processes must be a positive integer. Received: processes=0\n"
    )


@pytest.mark.nightly
@pytest.mark.compiled
def test_all_operations(say):
    code, out, _ = say("check")
    assert code == 0, out
    assert {line.split()[0] for line in out.splitlines() if line.endswith("right")} == set(cases.OPERATIONS)

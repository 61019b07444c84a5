"""`numbanet bench train`: rows of steps whose losses agree, on devices in turns, and what bounds them."""

import numpy as np
import pytest

import numbanet as nn
from numbanet.bench import session, training
from numbanet.bench.results import Level, Roof
from numbanet.bench.training import STEPS, Trainee, Work, measure, union
from numbanet.bench.verification import WrongResult
from numbanet.bench.workloads import chosen
from numbanet.devices import get_device
from numbanet.kernels._kernel import kernel
from numbanet.kernels._threads import get_num_threads
from numbanet.kernels.activations import cpu as activations
from numbanet.step import TRAIN

HOST = [get_device("cpu"), get_device("reference")]


def roof(device, threads, gflops=50.0, gbs=10.0, launch=0.05):
    return Roof(device.name, threads, "float32", gflops, (Level(2**12, 4 * gbs), Level(2**30, gbs)), launch)


def rows_and_notes(devices=HOST, **given):
    notes = []
    options = {"models": ["mlp-tiny"], "batches": [1, 2], "rounds": 1} | given
    return list(measure(devices, roof, notes.append, **options)), notes


@kernel()
def backward_of_the_identity(y, dy):
    """The gradient goes on as it is, also where relu has cut."""


@pytest.fixture
def wrong_relu(monkeypatch):
    """A mistake in a kernel of the processor's."""
    monkeypatch.setattr(activations, "relu_in_place_backward", backward_of_the_identity)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_model_batch_device_and_number_of_threads_has_a_row(dtype):
    before = get_num_threads()
    threads = [1, 2] if before > 1 else [1]
    rows, notes = rows_and_notes(batches=[2, 1], threads=threads, dtype=dtype)
    sides = [("cpu", n) for n in threads] + [("reference", 1)]
    assert [(r.model, r.batch, r.device, r.threads) for r in rows] == [
        ("mlp-tiny", batch, *side) for batch in (1, 2) for side in sides
    ]
    for r in rows:
        assert r.dtype == dtype
        assert r.time.median > 0
        assert r.share > 0
        assert r.flops == chosen("test", ["mlp-tiny"])[0].at(r.batch).flops
        assert len(r.losses) == STEPS
        assert np.isfinite(r.losses).all()
    assert len({r.losses[0] for r in rows if r.batch == 1}) <= 2  # whatever the threads
    assert any(line.startswith("mlp-tiny, cpu on 1 thread: ") for line in notes)
    assert any(line.startswith("mlp-tiny: reference is ") for line in notes)
    assert get_num_threads() == before


def test_steps_go_over_the_same_batches_in_the_same_order():
    workload = chosen("test", ["mlp-tiny"])[0].at(3)
    seen = []

    def data():
        seen.append([workload.data(k) for k in range(STEPS)])
        return seen[-1]

    trainee = Trainee(workload, HOST[0], "float32", data)
    twin = training.build(workload)
    losses = [twin.train_on_batch(*batch) for batch in seen[0]]
    assert trainee.losses == losses
    assert trainee.step() == twin.train_on_batch(*seen[0][0])  # and from the beginning again


def test_losses_that_differ_are_refused(wrong_relu):
    with pytest.raises(WrongResult, match=r"mlp-tiny, batch 2, float32: .* on cpu and .* on reference") as found:
        rows_and_notes(batches=[2])
    assert str(found.value).count(", ") > 5  # three losses each


def test_a_device_alone_is_not_compared(wrong_relu):
    rows, _ = rows_and_notes(HOST[:1])
    assert len(rows) == 2


@pytest.mark.parametrize(("dtype", "least"), [("float32", 1e-4), ("float64", 1e-9)])
def test_losses_agree_to_a_tolerance_of_their_type(dtype, least):
    class Made:
        def __init__(self, device, factor):
            self.device, self.losses = device, [1.0, 2.0, 3.0 * factor]

    workload = chosen("test", ["gru"])[0]
    training.expect_agreement(workload, [Made(HOST[0], 1.0), Made(HOST[1], 1 + 0.5 * least)], dtype)
    for factor in (1 + 2 * least, float("nan")):
        with pytest.raises(WrongResult, match="gru, batch 64"):
            training.expect_agreement(workload, [Made(HOST[0], 1.0), Made(HOST[1], factor)], dtype)


def test_no_gpu_is_a_line_and_the_others_go_on(monkeypatch):
    def get(name):
        if name == "cuda":
            raise nn.errors.DeviceError("cuda: NVIDIA's driver\nis not installed.")
        return get_device(name)

    monkeypatch.setattr(session, "get_device", get)
    notes = []
    found = session.available(["cpu", "cuda", "reference"], notes.append)
    assert [device.name for device in found] == ["cpu", "reference"]
    assert notes == ["no cuda: cuda: NVIDIA's driver is not installed."]


def test_what_is_no_device_is_refused():
    with pytest.raises(nn.errors.ArgumentError, match="device must be one of cpu, cuda, reference"):
        session.available(["gpu"], print)


@pytest.mark.parametrize("given", [{"models": ["lenet"]}, {"batches": [0]}])
def test_what_cannot_be_measured_is_refused(given):
    with pytest.raises(nn.errors.ArgumentError):
        rows_and_notes(**given)


def test_a_slow_device_takes_no_larger_batches(monkeypatch):
    real = Trainee.__init__

    def slow(self, workload, device, *more):
        real(self, workload, device, *more)
        if device.name == "reference" and workload.batch > 1:
            self.once = 2.5

    monkeypatch.setattr(Trainee, "__init__", slow)
    rows, notes = rows_and_notes(batches=[1, 2, 3])
    assert [(r.batch, r.device) for r in rows] == [(1, "cpu"), (1, "reference"), (2, "cpu"), (3, "cpu")]
    assert "mlp-tiny: batch 2 and larger ones left out on reference: a step takes 2.5 s, more than 2 s" in notes


def test_a_batch_for_which_there_is_no_room_is_left_out_before_it_is_made():
    rows, notes = rows_and_notes(HOST[:1], batches=[1, 10**9, 10**10])
    assert [r.batch for r in rows] == [1]
    left = [line for line in notes if "left out" in line]
    assert len(left) == 1
    assert left[0].startswith("mlp-tiny: batch 1000000000 and larger ones left out on cpu: the activations take")


# --- what bounds a step


@pytest.mark.parametrize(
    ("work", "bound", "least"),
    [
        (Work(kernels=100, flops=1e4, bytes=1e4, held=2**30), "launch", 5.0),
        (Work(kernels=100, flops=1e6, bytes=1e4, held=2**30), "multiply-adds", 20.0),
        (Work(kernels=100, flops=1e6, bytes=1e6, held=2**30), "memory", 100.0),
        (Work(kernels=100, flops=1e6, bytes=1e6, held=2**12), "memory", 25.0),  # in a cache
    ],
)
def test_the_largest_of_three_times_bounds_a_step(work, bound, least):
    found, microseconds = roof(HOST[0], 1).limit(work.flops, work.bytes, work.held, work.kernels)
    assert found == bound
    assert microseconds == pytest.approx(least)


def test_memory_that_two_arrays_share_is_held_once():
    assert union({(0, 10), (10, 20)}) == 20
    assert union({(0, 100), (20, 30), (90, 120)}) == 120
    assert union({(50, 60), (0, 10), (3, 3)}) == 20
    assert union(set()) == 0


def test_work_is_counted_in_the_calls_of_the_step():
    workload = chosen("test", ["mlp-tiny"])[0].at(2)
    model = training.build(workload)
    program = model._ready("test").step(TRAIN, 2).program
    work = Work.of(program, workload.flops)
    assert work.kernels == len(program.calls) == 18
    last, check = program.calls[-1], program.calls[0]  # iteration; stop, parameters
    assert Work.of(_part(program, last), 0.0).bytes == 8.0
    parameters = check.arguments[1].nbytes
    assert Work.of(_part(program, check, check), 0.0).bytes == 2 * (8.0 + parameters)
    assert Work.of(_part(program, check, check), 0.0).held == 8 + parameters


def _part(program, *calls):
    part = type(program)(program.device)
    part.calls = list(calls)
    return part


def test_stages_of_a_kernel_count():
    workload = chosen("test", ["lenet5"])[0].at(1)
    program = training.build(workload)._ready("test").step(TRAIN, 1).program
    stages = program.finish()._executor.bound
    assert Work.of(program, 0.0).kernels == len(stages) > len(program.calls)


# --- on a GPU made of NumPy


@pytest.mark.compiled
@pytest.mark.cuda
def test_a_gpu_takes_part():
    from tests.ptx.compiler import numba_cuda

    numba_cuda()
    from tests.ptx.emulated import emulated

    gpu = emulated()
    rows, notes = rows_and_notes([HOST[0], gpu])
    sides = [("cpu", 1), ("cuda", 0)]
    assert [(r.batch, r.device, r.threads) for r in rows] == [(batch, *side) for batch in (1, 2) for side in sides]
    for r in rows:
        if r.device == "cuda":
            program = training.build(chosen("test", ["mlp-tiny"])[0], gpu)._ready("test").step(TRAIN, r.batch).program
            assert r.kernels == len(program._executor.launches)
    assert "mlp-tiny: cuda is not faster than cpu on 1 thread at any batch size measured, 1 to 2" in notes

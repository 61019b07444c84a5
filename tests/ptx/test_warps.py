import numpy as np
import pytest

from .errors import DivergentBarrier, KernelError, Uninitialised
from .machine import Launch, launch
from .program import Program
from .snippets import elementwise, kernel

LANES = np.arange(64, dtype="i4")
RANDOM = np.random.default_rng(3)


def run(body, *arrays, threads=64):
    return launch(kernel(body, len(arrays)), (1,), (threads,), *arrays)


@pytest.mark.parametrize(
    ("mode", "distance", "limits", "source"),
    [
        ("down", 4, 31, lambda t: np.where(t % 32 + 4 < 32, t + 4, t)),
        ("up", 3, 0, lambda t: np.where(t % 32 >= 3, t - 3, t)),
        ("bfly", 5, 31, lambda t: t ^ 5),
        ("idx", 7, 31, lambda t: t // 32 * 32 + 7),
        ("down", 2, 0x181F, lambda t: np.where(t % 8 + 2 < 8, t + 2, t)),  # segments of eight lanes
        ("idx", 3, 0x181F, lambda t: t // 8 * 8 + 3),
    ],
)
def test_a_shuffle_takes_the_value_of_another_lane(mode, distance, limits, source):
    x = RANDOM.standard_normal(64).astype("f4")
    text = f"shfl.sync.{mode}.b32 d|%p1, a, {distance}, {limits}, -1;"
    np.testing.assert_array_equal(elementwise(text, "f32", a=x), x[source(LANES)])
    inside = elementwise(f"{text.replace('d|%p1', '%r9|d')}", "pred", a=x)
    expected = np.ones(64, bool) if mode in ("bfly", "idx") else source(LANES) != LANES
    np.testing.assert_array_equal(inside, expected)


def test_votes_count_their_warp():
    a = np.where(LANES < 32, LANES % 3 == 0, 1).astype("i4")
    holds = "setp.ne.s32 %p1, a, 0;"
    ballot = elementwise(f"{holds} vote.sync.ballot.b32 d, %p1, -1;", "u32", a=a)
    assert ballot[0] == sum(1 << i for i in range(0, 32, 3))
    assert ballot[63] == 2**32 - 1
    for mode, expected in (("all", LANES >= 32), ("any", LANES >= 0), ("uni", LANES >= 32)):
        np.testing.assert_array_equal(elementwise(f"{holds} vote.sync.{mode}.pred d, %p1, -1;", "pred", a=a), expected)


def test_a_warps_sum_of_integers():
    a = RANDOM.integers(-99, 99, 64).astype("i4")
    received = elementwise("redux.sync.add.s32 d, a, -1;", "s32", a=a)
    np.testing.assert_array_equal(received, np.repeat(a.reshape(2, 32).sum(axis=1), 32))


def test_a_shuffle_whose_mask_names_a_thread_that_is_elsewhere_is_reported():
    half = "setp.lt.u32 %p1, %r1, 40; @%p1 bra HERE; ret; HERE: "
    with pytest.raises(DivergentBarrier, match=r"thread \(40, 0, 0\) of block \(0, 0, 0\) has ended, which its mask"):
        run(half + "shfl.sync.down.b32 %r2, %r1, 1, 31, -1;", np.zeros(1))
    run(half.replace("40", "32") + "shfl.sync.down.b32 %r2, %r1, 1, 31, -1;", np.zeros(1))  # a whole warp ends


def test_a_shuffle_from_a_thread_that_its_mask_leaves_out_is_reported():
    text = "setp.lt.u32 %p1, %r1, 8; @%p1 shfl.sync.bfly.b32 %r2, %r1, 8, 31, 0xff;"
    with pytest.raises(Uninitialised, match=r"thread 8 does not take part.*by thread \(0, 0, 0\)"):
        run(text, np.zeros(1), threads=32)


def test_a_barrier_that_some_threads_do_not_reach_is_reported():
    with pytest.raises(DivergentBarrier) as caught:
        run("setp.lt.u32 %p1, %r1, 16; @%p1 bra HERE; bra END; HERE: bar.sync 0; END: mov.u32 %r2, 0;", np.zeros(1))
    assert "16 of 64 threads reach this barrier, but thread (16, 0, 0) of block (0, 0, 0) has ended" in str(
        caught.value
    )


def test_a_barrier_with_a_predicate_is_reached_where_it_holds():
    run("setp.lt.u32 %p1, %r1, 99; @%p1 bar.sync 0; @!%p1 bar.sync 0;", np.zeros(1))
    with pytest.raises(
        DivergentBarrier, match=r"16 of 64 threads .* thread \(16, 0, 0\) of block \(0, 0, 0\) has ended"
    ):
        run("setp.lt.u32 %p1, %r1, 16; @%p1 bar.sync 0; mov.u32 %r2, 0;", np.zeros(1))


def test_two_barriers_are_not_one():
    text = "setp.lt.u32 %p1, %r1, 16; @%p1 bra HERE; bar.sync 0; bra END; HERE: bar.sync 0; END:"
    with pytest.raises(DivergentBarrier, match=r"48 of 64 threads .* is at: bar.sync 0 \(instruction"):
        run(text, np.zeros(1))


def test_threads_that_part_come_together():
    x = np.zeros(64, "u4")
    text = """mov.u32 %r2, 0; mov.u32 %r3, 0;
    LOOP: setp.ge.u32 %p1, %r3, %r1; @%p1 bra OUT; add.u32 %r3, %r3, 1; and.b32 %r4, %r3, 1; setp.eq.u32 %p2, %r4, 0;
    @%p2 bra EVEN; add.u32 %r2, %r2, 100; bra LOOP; EVEN: add.u32 %r2, %r2, 1; bra LOOP;
    OUT: add.s64 %rd3, %rd1, %rd0; bar.sync 0; st.global.u32 [%rd3], %r2;"""
    report = run(text, x)
    t = np.arange(64)
    np.testing.assert_array_equal(x, 100 * ((t + 1) // 2) + t // 2)
    assert report.executed["st.global.u32 [%rd3], %r2"] == 1


def test_groups_go_on_as_one_where_they_meet():
    text = """setp.lt.u32 %p1, %r1, 16; @%p1 bra ELSE; mov.u32 %r2, 1; bra JOIN;
    ELSE: mov.u32 %r2, 2; add.u32 %r2, %r2, %r2;
    JOIN: add.u32 %r3, %r2, 1;"""
    assert run(text, np.zeros(1)).executed["add.u32 %r3, %r2, 1"] == 1


def test_code_that_is_laid_out_backwards_runs_the_same():
    x = np.zeros(64, "u4")
    text = """setp.lt.u32 %p1, %r1, 20; add.s64 %rd3, %rd1, %rd0; bra START;
    TAIL: shfl.sync.idx.b32 %r3, %r2, 0, 31, -1; bar.sync 0; st.global.u32 [%rd3], %r3; ret;
    START: mov.u32 %r2, 7; @%p1 bra TAIL; mov.u32 %r2, 9; bra TAIL;"""
    run(text, x)
    np.testing.assert_array_equal(x, np.where(np.arange(64) < 32, 7, 9))


@pytest.mark.parametrize("body", ["", "mov.u32 %r2, 0;"])
def test_an_endless_loop_ends(body):
    program = Program(kernel(f"LOOP: {body} bra LOOP;"))
    with pytest.raises(KernelError, match="more than 100 instructions"):
        Launch(program, (1,), (32,), [np.zeros(1)], limit=100).run()

import numpy as np
import pytest

from .errors import Race, Uninitialised
from .machine import launch
from .snippets import kernel

OWN = """mov.u64 %rd3, tile; add.s64 %rd4, %rd3, %rd0; xor.b32 %r2, %r1, {other}; mad.wide.u32 %rd5, %r2, 4, %rd3;"""
WRITE, READ_OTHER = "st.shared.u32 [%rd4], %r1;", "ld.shared.u32 %r3, [%rd5];"


def run(body, *arrays, grid=(1,), threads=64):
    text = kernel(body, len(arrays), variables=".shared .align 16 .b8 tile[256];")
    return launch(text, grid, (threads,), *arrays)


def test_a_write_that_another_thread_reads_needs_a_barrier():
    own = OWN.format(other=1)
    x = np.zeros(1)
    run(f"{own} {WRITE} bar.sync 0; {READ_OTHER}", x)
    with pytest.raises(Race) as caught:
        run(f"{own} {WRITE} {READ_OTHER}", x)
    message = str(caught.value)
    assert "race: thread (1, 0, 0) of block (0, 0, 0) wrote them too" in message
    assert "shared memory at byte 4 of 256" in message
    assert "by thread (0, 0, 0) of block (0, 0, 0), in: ld.shared.u32 %r3, [%rd5]" in message


def test_a_read_that_another_thread_overwrites_needs_a_barrier():
    own = OWN.format(other=1)
    again = "st.shared.u32 [%rd4], %r3;"
    x = np.zeros(1)
    run(f"{own} {WRITE} bar.sync 0; {READ_OTHER} bar.sync 0; {again}", x)
    with pytest.raises(Race, match="read them too"):
        run(f"{own} {WRITE} bar.sync 0; {READ_OTHER} {again}", x)


def test_many_readers_are_not_forgotten():
    x = np.zeros(1)
    all_read = """mov.u64 %rd3, tile; setp.eq.u32 %p1, %r1, 63; @%p1 st.shared.u32 [%rd3], %r1; bar.sync 0;
    ld.shared.u32 %r2, [%rd3];"""
    run(f"{all_read} bar.sync 0; @%p1 st.shared.u32 [%rd3], %r1;", x)
    with pytest.raises(Race, match=r"thread \(\d+, 0, 0\) of block \(0, 0, 0\) read them too.*by thread \(63, 0, 0\)"):
        run(f"{all_read} @%p1 st.shared.u32 [%rd3], %r1;", x)


def test_two_writers_in_one_instruction_race():
    with pytest.raises(Race, match="wrote them too"):
        run("mov.u64 %rd3, tile; st.shared.u32 [%rd3], %r1;", np.zeros(1))


def test_bytes_side_by_side_do_not_race():
    run("mov.u64 %rd3, tile; cvt.u64.u32 %rd4, %r1; add.s64 %rd3, %rd3, %rd4; st.shared.u8 [%rd3], %r1;", np.zeros(1))


def test_a_warps_barrier_orders_its_own_threads_alone():
    x = np.zeros(1)
    run(f"{OWN.format(other=1)} {WRITE} bar.warp.sync 0xffffffff; {READ_OTHER}", x)
    with pytest.raises(Race, match=r"thread \(1, 0, 0\)"):  # the write comes after the barrier
        run(f"{OWN.format(other=1)} bar.warp.sync 0xffffffff; {WRITE} {READ_OTHER}", x)
    with pytest.raises(Race, match=r"thread \(32, 0, 0\)"):
        run(f"{OWN.format(other=32)} {WRITE} bar.warp.sync 0xffffffff; {READ_OTHER}", x)


def test_two_blocks_may_not_write_what_one_of_them_reads():
    x = np.zeros(64, "u4")
    own = "add.s64 %rd4, %rd1, %rd0; mov.u32 %r2, %ctaid.x;"
    with pytest.raises(Race) as caught:
        run(f"{own} st.global.u32 [%rd4], %r2;", x, grid=(2,))
    assert "thread (0, 0, 0) of block (0, 0, 0) wrote them too" in str(caught.value)
    assert "by thread (0, 0, 0) of block (1, 0, 0)" in str(caught.value)
    run(f"{own} ld.global.u32 %r3, [%rd4];", x, grid=(2,))
    with pytest.raises(Race, match="read them too"):
        run(f"{own} ld.global.u32 %r3, [%rd4]; setp.eq.u32 %p1, %r2, 1; @%p1 st.global.u32 [%rd4], %r2;", x, grid=(2,))


def test_threads_of_a_block_are_ordered_in_global_memory_by_its_barrier():
    x = np.zeros(64, "u4")
    own = "add.s64 %rd4, %rd1, %rd0; xor.b32 %r2, %r1, 33; mad.wide.u32 %rd5, %r2, 4, %rd1; st.global.u32 [%rd4], %r1;"
    run(f"{own} bar.sync 0; ld.global.u32 %r3, [%rd5];", x)
    with pytest.raises(Race, match="argument 0 at byte 132"):
        run(f"{own} ld.global.u32 %r3, [%rd5];", x)


def test_atomics_race_with_plain_accesses_alone():
    x = np.zeros(1, "u4")
    run("red.global.add.u32 [%rd1], 1;", x, grid=(2,))
    assert x == 128
    with pytest.raises(Race, match="changed atomically"):
        run("red.global.add.u32 [%rd1], 1; ld.global.u32 %r2, [%rd1];", x)


def test_volatile_loads_race_with_plain_stores_alone():
    x = np.zeros(1, "u4")
    run("ld.volatile.global.u32 %r2, [%rd1]; red.global.max.u32 [%rd1], 1; ld.volatile.global.u32 %r2, [%rd1];", x)
    assert x == 1
    with pytest.raises(Race):
        run("ld.volatile.global.u32 %r2, [%rd1]; st.global.u32 [%rd1], 1;", x)


COPY = """mov.u64 %rd3, tile; cvt.u32.u64 %r4, %rd3; mad.lo.u32 %r5, %r1, 16, %r4; mad.wide.u32 %rd5, %r1, 16, %rd1;
cp.async.cg.shared.global [%r5], [%rd5], 16; cp.async.commit_group;"""
OWN_COPY = "ld.shared.f32 %f1, [%r5]; mad.wide.u32 %rd6, %r1, 4, %rd2; st.global.f32 [%rd6], %f1;"
OTHERS_COPY = "xor.b32 %r6, %r1, 15; mad.lo.u32 %r5, %r6, 16, %r4;" + OWN_COPY


def test_an_asynchronous_copy_is_there_after_its_wait():
    x, y = np.arange(64, dtype="f4"), np.zeros(16, "f4")
    run(f"{COPY} cp.async.wait_group 0; {OWN_COPY}", x, y, threads=16)
    np.testing.assert_array_equal(y, x[::4])
    run(f"{COPY} cp.async.wait_group 0; bar.sync 0; {OTHERS_COPY}", x, y, threads=16)
    np.testing.assert_array_equal(y, x[::-4] - 3)


def test_an_asynchronous_copy_read_too_early_is_reported():
    x, y = np.arange(64, dtype="f4"), np.zeros(16, "f4")
    with pytest.raises(Uninitialised, match=r"a cp\.async has not brought"):
        run(f"{COPY} {OWN_COPY}", x, y, threads=16)
    with pytest.raises(Uninitialised, match=r"a cp\.async has not brought"):
        run(f"{COPY} cp.async.wait_group 1; {OWN_COPY}", x, y, threads=16)
    for wait in ("cp.async.wait_group 0;", "bar.sync 0; cp.async.wait_group 0;"):
        with pytest.raises(Race, match="wrote them too"):  # a thread waits for its own copies alone
            run(f"{COPY} {wait} {OTHERS_COPY}", x, y, threads=16)


def test_an_asynchronous_copy_fills_up_with_zeros():
    x, y = np.arange(1, 65, dtype="f4"), np.ones(16, "f4")
    text = COPY.replace("], 16;", "], 16, %r7;").replace(
        "cp.async.cg", "setp.lt.u32 %p1, %r1, 8; selp.u32 %r7, 4, 0, %p1; cp.async.cg"
    )
    run(f"{text} cp.async.wait_all; {OWN_COPY.replace('[%r5]', '[%r5+4]')}", x, y, threads=16)
    assert not y.any()
    run(f"{text} cp.async.wait_all; {OWN_COPY}", x[:29], y, threads=16)
    np.testing.assert_array_equal(y, [*x[:32:4], *[0] * 8])

import numpy as np
import pytest

from .banks import turns
from .errors import Misaligned, OutOfBounds, Uninitialised, Unsupported
from .machine import launch
from .snippets import kernel

THREADS = 64
AT = "add.s64 %rd10, %rd1, %rd0;"  # the thread's own element


def run(body, *arrays, grid=(1,), threads=THREADS, dynamic_bytes=0, **declared):
    return launch(kernel(body, len(arrays), **declared), grid, (threads,), *arrays, dynamic_bytes=dynamic_bytes)


def test_a_store_behind_the_end_names_kernel_thread_address_and_instruction():
    x = np.zeros(63, "f4")
    with pytest.raises(OutOfBounds) as caught:
        run(f"{AT} st.global.f32 [%rd10], 0f3F800000;", x)
    message = str(caught.value)
    assert "k: 4 bytes outside of argument 0 at byte 252 of 252" in message
    assert "at address 0x1000000000fc, by thread (63, 0, 0) of block (0, 0, 0)" in message
    assert message.endswith("in: st.global.f32 [%rd10], 0f3F800000")


@pytest.mark.parametrize("offset", ["-4", "256", "1048576"])
def test_a_load_beside_a_buffer_is_refused(offset):
    x, y = np.zeros(THREADS, "f4"), np.zeros(THREADS, "f4")
    with pytest.raises(OutOfBounds, match="argument 1 at byte"):
        run(f"ld.global.f32 %f1, [%rd2+{offset}];", x, y)


def test_an_address_of_nothing_is_refused():
    with pytest.raises(OutOfBounds, match="no buffer"):
        run("mov.u64 %rd3, 4096; ld.global.f32 %f1, [%rd3];", np.zeros(4, "f4"))


def test_a_store_to_a_read_only_argument_is_refused():
    x = np.zeros(THREADS, "f4")
    x.flags.writeable = False
    with pytest.raises(OutOfBounds, match="read-only argument 0"):
        run(f"{AT} st.global.f32 [%rd10], 0f3F800000;", x)


def test_a_vector_has_to_be_aligned_to_its_whole_size():
    x = np.arange(68, dtype="f4")
    run("mad.wide.u32 %rd3, %r1, 16, %rd1; ld.global.v4.f32 {%f1, %f2, %f3, %f4}, [%rd3];", x, threads=16)
    with pytest.raises(Misaligned, match=r"16 bytes not aligned in argument 0 at byte 4 of 272.*thread \(1, 0, 0\)"):
        run(f"{AT} ld.global.v4.f32 {{%f1, %f2, %f3, %f4}}, [%rd10];", x)


def test_vectors_load_and_store_in_order():
    x, y = np.arange(64, dtype="f4"), np.zeros(64, "f4")
    text = """mad.wide.u32 %rd3, %r1, 16, %rd1; mad.wide.u32 %rd4, %r1, 16, %rd2;
    ld.global.v4.f32 {%f1, %f2, %f3, %f4}, [%rd3];
    st.global.v2.f32 [%rd4], {%f4, %f3}; st.global.v2.f32 [%rd4+8], {%f2, %f1};"""
    run(text, x, y, threads=16)
    np.testing.assert_array_equal(y.reshape(-1, 4), x.reshape(-1, 4)[:, ::-1])


def test_the_same_array_twice_is_one_buffer():
    x = np.arange(THREADS, dtype="f4")
    text = f"""{AT} add.s64 %rd11, %rd2, %rd0; ld.global.f32 %f1, [%rd10]; add.f32 %f1, %f1, %f1;
    st.global.f32 [%rd11], %f1;"""
    run(text, x, x)
    np.testing.assert_array_equal(x, 2 * np.arange(THREADS))


def test_a_narrow_load_extends_by_its_sign():
    x, y = np.array([-2, 200], "i2"), np.zeros(2, "i4")
    text = """mad.wide.u32 %rd3, %r1, 2, %rd1; ld.global.s16 %r2, [%rd3]; add.s64 %rd4, %rd2, %rd0;
    st.global.u32 [%rd4], %r2;"""
    run(text, x, y, threads=2)
    assert y.tolist() == [-2, 200]


SHARED = ".shared .align 16 .b8 tile[256];"


def test_shared_memory_has_bounds():
    text = "mov.u64 %rd3, tile; add.s64 %rd3, %rd3, %rd0; st.shared.f32 [%rd3+16], 0f00000000;"
    with pytest.raises(OutOfBounds, match=r"shared memory at byte 256 of 256.*thread \(60, 0, 0\)"):
        run(text, np.zeros(1, "f4"), variables=SHARED)


def test_dynamic_shared_memory_follows_the_static_one():
    text = """mov.u64 %rd3, more; add.s64 %rd3, %rd3, %rd0; cvt.rn.f32.u32 %f1, %r1; st.shared.f32 [%rd3], %f1;
    ld.shared.f32 %f2, [%rd3]; add.s64 %rd10, %rd1, %rd0; st.global.f32 [%rd10], %f2;"""
    variables = ".shared .align 4 .b8 first[20]; .extern .shared .align 16 .b8 more[];"
    x = np.zeros(THREADS, "f4")
    run(text, x, variables=variables, dynamic_bytes=256)
    np.testing.assert_array_equal(x, np.arange(THREADS))
    with pytest.raises(OutOfBounds, match="shared memory at byte 284 of 284"):
        run(text, x, variables=variables, dynamic_bytes=252)


def test_shared_memory_that_nobody_has_written_is_reported():
    with pytest.raises(Uninitialised, match=r"4 bytes nobody has written .* shared memory at byte 8 of 256"):
        run(
            "mov.u64 %rd3, tile; st.shared.b64 [%rd3], %rd0; ld.shared.f32 %f1, [%rd3+8];",
            np.zeros(1),
            threads=1,
            variables=SHARED,
        )


def test_shared_memory_does_not_outlive_its_block():
    text = """mov.u32 %r2, %ctaid.x; setp.ne.u32 %p1, %r2, 0; mov.u64 %rd3, tile;
    @!%p1 st.shared.u32 [%rd3], %r2; ld.shared.u32 %r3, [%rd3];"""
    with pytest.raises(Uninitialised, match=r"block \(1, 0, 0\)"):
        run(text, np.zeros(1), threads=1, grid=(2,), variables=SHARED)


def test_local_memory_is_each_thread_its_own():
    x = np.zeros(THREADS, "f4")
    text = f"""mov.u64 %rd3, depot; cvta.local.u64 %rd4, %rd3; cvt.rn.f32.u32 %f1, %r1; st.f32 [%rd4+4], %f1;
    ld.local.f32 %f2, [%rd3+4]; {AT} st.global.f32 [%rd10], %f2;"""
    run(text, x, registers=".local .align 4 .b8 depot[8];")
    np.testing.assert_array_equal(x, np.arange(THREADS))
    with pytest.raises(Uninitialised, match="local memory at byte 0 of 8"):
        run("mov.u64 %rd3, depot; ld.local.f32 %f1, [%rd3];", x, registers=".local .align 4 .b8 depot[8];")


def test_generic_addresses_lead_to_each_memory():
    x = np.arange(THREADS, dtype="f4")
    text = f"""mov.u64 %rd3, tile; cvta.shared.u64 %rd3, %rd3; add.s64 %rd3, %rd3, %rd0; {AT}
    ld.f32 %f1, [%rd10]; st.f32 [%rd3], %f1; cvta.to.shared.u64 %rd4, %rd3; ld.shared.f32 %f2, [%rd4];
    add.f32 %f2, %f2, %f2; st.f32 [%rd10], %f2;"""
    run(text, x, variables=SHARED)
    np.testing.assert_array_equal(x, 2 * np.arange(THREADS))


def test_variables_of_the_ptx_have_their_values():
    x = np.zeros(2, "u4")
    text = """mov.u64 %rd3, table; add.s64 %rd3, %rd3, %rd0; ld.global.nc.u32 %r2, [%rd3]; add.s64 %rd4, %rd1, %rd0;
    st.global.u32 [%rd4], %r2;"""
    run(text, x, threads=2, variables=".global .align 4 .b8 table[8] = {1, 2, 0, 0, 255, 255, 255, 255};")
    assert x.tolist() == [513, 2**32 - 1]


def test_a_register_without_a_value_may_be_moved_but_not_stored():
    x = np.zeros(THREADS, "f4")
    run("mov.f32 %f2, %f1; add.f32 %f3, %f2, %f2;", x)
    with pytest.raises(Uninitialised, match=r"%f3 has no value.*thread \(0, 0, 0\)"):
        run(f"{AT} mov.f32 %f2, %f1; add.f32 %f3, %f2, %f2; st.global.f32 [%rd10], %f3;", x)
    half = "setp.lt.u32 %p1, %r1, 40; @%p1 mov.f32 %f1, 0f3F800000;"
    with pytest.raises(Uninitialised, match=r"%f1 has no value.*thread \(40, 0, 0\)"):
        run(f"{AT} {half} st.global.f32 [%rd10], %f1;", x)
    with pytest.raises(Uninitialised, match="%p1 has no value"):
        run("@%p1 bra END; END:", x)


def test_atomics_add_up_and_are_counted():
    x, y = np.zeros(2, "f4"), np.zeros(THREADS, "i4")
    text = """red.global.add.f32 [%rd1], 0f3F800000; mov.u32 %r2, 1; atom.global.add.u32 %r3, [%rd1+4], %r2;
    mad.wide.u32 %rd3, %r3, 4, %rd2; st.global.u32 [%rd3], %r1;"""
    report = run(text, x, y)
    assert x[0] == THREADS
    assert x.view("i4")[1] == THREADS
    assert sorted(y) == list(range(THREADS))
    assert report.atomics == {
        "red.global.add.f32 [%rd1], 0f3F800000": THREADS,
        "atom.global.add.u32 %r3, [%rd1+4], %r2": THREADS,
    }


def test_an_unknown_instruction_is_not_the_kernels_fault():
    with pytest.raises(Unsupported, match="tex"):
        run("tex.2d.v4.f32 %f1, %f2;", np.zeros(1))


WARP = np.arange(32)


@pytest.mark.parametrize(
    ("addresses", "size", "expected"),
    [
        (WARP * 4, 4, (1, 1)),
        (WARP * 0, 4, (1, 1)),  # one word for all
        (WARP * 8, 4, (1, 2)),
        (WARP * 128, 4, (1, 32)),
        (WARP * 132, 4, (1, 1)),  # padded by one
        (WARP * 2, 2, (1, 1)),
        (WARP * 8, 8, (2, 2)),
        (WARP * 16, 16, (4, 4)),
        (WARP * 128, 16, (4, 32)),
        (WARP * 144, 16, (4, 4)),  # padded by four words
    ],
)
def test_bank_conflicts_are_turns_of_a_warp(addresses, size, expected):
    assert turns(WARP, addresses, size) == expected

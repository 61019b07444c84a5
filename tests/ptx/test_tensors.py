import numpy as np
import pytest

from .machine import launch
from .snippets import kernel

RANDOM = np.random.default_rng(4)
INTO = "st.global.v2.f32 [%rd11], {%f1, %f2}; st.global.v2.f32 [%rd11+256], {%f3, %f4};"  # D (16, 8)


def bf16(x):
    """Numbers that bfloat16 holds, and their bits."""
    bits = (x.astype("f4").view("u4") >> 16).astype("u2")
    return (bits.astype("u4") << 16).view("f4"), bits


def matrices(depth):
    a, b = RANDOM.standard_normal((16, depth)).astype("f4"), RANDOM.standard_normal((8, depth)).astype("f4")
    return a, b, RANDOM.standard_normal((16, 8)).astype("f4")


def product(kind, depth, a, b, c):
    """D of one warp, A by rows, B by columns: in memory the registers of a lane lie as the layouts of the ISA say."""
    size = a.itemsize
    row = depth * size
    piece = 4 * 4  # bytes of a row's piece that four lanes hold
    left = [f"ld.global.b32 %r{10 + i}, [%rd7+{(i % 2) * 8 * row + i // 2 * piece}];" for i in range(row // piece * 2)]
    right = [f"ld.global.b32 %r{15 + i}, [%rd8+{i * piece}];" for i in range(row // piece)]
    names = [", ".join(f"%r{first + i}" for i in range(n)) for first, n in ((10, len(left)), (15, len(right)))]
    text = f"""shr.u32 %r2, %r1, 2; and.b32 %r3, %r1, 3; mul.lo.u32 %r4, %r3, 4;
    mad.lo.u32 %r5, %r2, {row}, %r4; cvt.u64.u32 %rd5, %r5; add.s64 %rd7, %rd1, %rd5; add.s64 %rd8, %rd2, %rd5;
    mul.lo.u32 %r6, %r3, 8; mad.lo.u32 %r6, %r2, 32, %r6; cvt.u64.u32 %rd6, %r6;
    add.s64 %rd10, %rd3, %rd6; add.s64 %rd11, %rd4, %rd6;
    {" ".join(left)} {" ".join(right)}
    ld.global.v2.f32 {{%f5, %f6}}, [%rd10]; ld.global.v2.f32 {{%f7, %f8}}, [%rd10+256];
    mma.sync.aligned.m16n8k{depth}.row.col.f32.{kind}.{kind}.f32
        {{%f1, %f2, %f3, %f4}}, {{{names[0]}}}, {{{names[1]}}}, {{%f5, %f6, %f7, %f8}};
    {INTO}"""
    d = np.zeros((16, 8), "f4")
    launch(kernel(text, 4), (1,), (32,), a, b, c, d)
    return d


@pytest.mark.parametrize("depth", [4, 8])
def test_tf32_products_drop_the_low_bits(depth):
    a, b, c = matrices(depth)
    cut = [(m.view("u4") & np.uint32(0xFFFFE000)).view("f4").astype("f8") for m in (a, b)]
    np.testing.assert_allclose(product("tf32", depth, a, b, c), cut[0] @ cut[1].T + c, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("depth", [8, 16])
def test_half_products(depth):
    a, b, c = matrices(depth)
    a, b = a.astype("f2"), b.astype("f2")
    np.testing.assert_allclose(
        product("f16", depth, a, b, c), a.astype("f8") @ b.astype("f8").T + c, rtol=1e-6, atol=1e-6
    )


@pytest.mark.parametrize("depth", [8, 16])
def test_bfloat16_products(depth):
    a, b, c = matrices(depth)
    (a, a_bits), (b, b_bits) = bf16(a), bf16(b)
    expected = a.astype("f8") @ b.astype("f8").T + c
    np.testing.assert_allclose(product("bf16", depth, a_bits, b_bits, c), expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("transposed", [False, True])
def test_matrices_load_from_shared_memory(transposed):
    """Four 8x8 matrices of 16 bits, each thread giving the address of a row."""
    x = RANDOM.integers(0, 2**16, (4, 8, 8)).astype("u2")
    out = np.zeros((32, 4), "u4")
    text = f"""mad.wide.u32 %rd3, %r1, 16, %rd1; ld.global.v4.b32 {{%r2, %r3, %r4, %r5}}, [%rd3];
    mov.u64 %rd4, tile; mad.wide.u32 %rd5, %r1, 16, %rd4; st.shared.v4.b32 [%rd5], {{%r2, %r3, %r4, %r5}};
    bar.sync 0; ldmatrix.sync.aligned.m8n8.x4{".trans" if transposed else ""}.shared.b16 {{%r6, %r7, %r8, %r9}}, [%rd5];
    mad.wide.u32 %rd6, %r1, 16, %rd2; st.global.v4.b32 [%rd6], {{%r6, %r7, %r8, %r9}};"""
    launch(kernel(text, 2, variables=".shared .align 16 .b8 tile[512];"), (1,), (32,), x, out)
    matrices = x.transpose(0, 2, 1) if transposed else x
    expected = np.ascontiguousarray(matrices).view("u4").reshape(4, 32).T
    np.testing.assert_array_equal(out, expected)

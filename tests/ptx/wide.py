"""ld4 and st4, the 128-bit load and store that numba.cuda has no word for: what the tests' kernels vectorise with."""

from .compiler import numba_cuda

numba_cuda()

from llvmlite import ir  # noqa: E402
from numba.cuda import types  # noqa: E402
from numba.cuda.extending import intrinsic  # noqa: E402

VECTOR = ir.VectorType(ir.FloatType(), 4)
LANE = ir.IntType(32)
FOUR = types.UniTuple(types.float32, 4)


def _place(context, builder, kind, value, index):
    """Where element `index` of a pointer, or of an array taken as flat, lies, as a place of four numbers."""
    base = value if isinstance(kind, types.CPointer) else context.make_array(kind)(context, builder, value=value).data
    place = builder.gep(base, [index])
    return builder.bitcast(place, VECTOR.as_pointer(place.type.addrspace))


@intrinsic
def ld4(typing, array, index):
    def codegen(context, builder, signature, arguments):
        loaded = builder.load(_place(context, builder, signature.args[0], *arguments))
        loaded.align = 16
        parts = [builder.extract_element(loaded, LANE(i)) for i in range(4)]
        return context.make_tuple(builder, signature.return_type, parts)

    return FOUR(array, index), codegen


@intrinsic
def st4(typing, array, index, values):
    def codegen(context, builder, signature, arguments):
        vector = VECTOR(ir.Undefined)
        for i in range(4):
            vector = builder.insert_element(vector, builder.extract_value(arguments[2], i), LANE(i))
        stored = builder.store(vector, _place(context, builder, signature.args[0], *arguments[:2]))
        stored.align = 16
        return context.get_dummy_value()

    return types.void(array, index, FOUR), codegen

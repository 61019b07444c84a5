import pytest

from .calls import inline
from .errors import Unsupported
from .parser import parse

TEXT = """
//
.version 9.0
.target sm_80
.address_size 64
    // .globl k
.global .align 4 .b8 table[4] = {65, 144, 67, 60};
.visible .shared .align 16 .b8 tile[4224];
.extern .shared .align 4 .b8 dynamic[];

.func (.param .b32 out) twice(.param .b32 in)
{
    .reg .f32 %f<3>;
    ld.param.f32 %f1, [in+0];
    add.f32 %f2, %f1, %f1;
    st.param.f32 [out+0], %f2;
    ret;
}

.visible .entry k(
    .param .u64 k_param_0,
    .param .u32 k_param_1
)
.maxntid 256, 1, 1
{
    .local .align 8 .b8 depot[24];
    .reg .pred %p<3>;
    .reg .f32 %f<3>;
    .reg .b64 %SP;
    @!%p1 bra $L__BB0_2;
    .pragma "nounroll";
    { // callseq 0
    .reg .b32 temp_param_reg;
    .param .b32 param0;
    st.param.f32 [param0+0], %f1;
    .param .b32 retval0;
    call.uni (retval0), twice, (param0);
    ld.param.f32 %f2, [retval0+0];
    }
$L__BB0_2:
    st.global.v2.f32 [%SP+-8], {%f1, %f2};
    ret;
}
"""


def test_it_finds_functions_variables_and_parameters():
    module = parse(TEXT)
    assert sorted(module.functions) == ["k", "twice"]
    assert [(v.name, v.space, v.align, v.count) for v in module.variables] == [
        ("table", "global", 4, 4),
        ("tile", "shared", 16, 4224),
        ("dynamic", "shared", 4, None),
    ]
    assert module.variables[0].values == (65, 144, 67, 60)
    kernel = module.kernel
    assert [(p.name, p.kind) for p in kernel.parameters] == [("k_param_0", "u64"), ("k_param_1", "u32")]
    assert kernel.registers["%p2"] == "pred"
    assert kernel.registers["%SP"] == "b64"
    assert [v.name for v in kernel.variables] == ["depot", "param0", "retval0"]


def test_it_reads_instructions_and_labels():
    kernel = parse(TEXT).kernel
    branch, *_, store, end = kernel.instructions
    assert (branch.guard, branch.negated, branch.operands) == ("%p1", True, ("$L__BB0_2",))
    assert store.parts == ["st", "global", "v2", "f32"]
    assert store.operands == ("[%SP+-8]", "{%f1, %f2}")
    assert str(end) == "ret"
    assert kernel.instructions[kernel.labels["$L__BB0_2"]] is store
    assert kernel.leaders == {0, 1, 4, 6}


def test_a_call_is_written_out_where_it_stands():
    kernel = inline(parse(TEXT))
    texts = [str(each) for each in kernel.instructions]
    assert not any("call" in each.parts or "ret" in each.parts for each in kernel.instructions[:-1])
    assert "add.f32 %f2$call1, %f1$call1, %f1$call1" in texts
    assert kernel.labels["$L__BB0_2"] == len(texts) - 2


def test_a_function_of_another_file_is_not_supported():
    with pytest.raises(Unsupported, match="not in the PTX: call"):
        inline(parse(TEXT.replace("twice, (param0)", "thrice, (param0)")))


def test_a_recursion_is_not_supported():
    text = TEXT.replace("add.f32 %f2, %f1, %f1;", "call (out), twice, (in);")
    with pytest.raises(Unsupported, match="a recursion"):
        inline(parse(text))

"""Equations as MathML and LaTeX: well formed, and with every name that stands in them."""

import re
import xml.etree.ElementTree as ElementTree

import pytest

from numbanet.teach.explaining.contract import contract, operations
from numbanet.teach.explaining.mathml import LETTERS, latex, mathml

BACK = {sign: name for name, sign in LETTERS.items()} | {"′": "'", "−": "-", "·": "*", "≤": "<=", "≥": ">="}  # noqa: RUF001
NAMESPACE = "{http://www.w3.org/1998/Math/MathML}"
CHILDREN = {"mfrac": 2, "msub": 2, "msup": 2, "munder": 2}


def shown(math):
    """What a formula says, from left to right, in the contracts' letters."""
    words = [BACK.get(text, text) for text in ElementTree.fromstring(math).itertext()]
    return [name for word in words for name in re.findall(r"[A-Za-z]+|\d+", word)]


def written(text):
    """The names and numbers of an equation; what becomes a sign does not count."""
    text = re.sub(r"\bsqrt\(", "(", re.sub(r"\bsum over (.*?) of ", r"\1 ", text))
    text = re.sub(r"\bmax over (.*?) of ", r"max \1 ", text)
    return re.findall(r"[A-Za-z]+|\d+", text)


@pytest.mark.parametrize("operation", operations())
def test_every_equation_is_well_formed_and_keeps_its_names_in_order(operation):
    found = contract(operation)
    for equation in found.equations.values():
        math = mathml(equation.text, found.names)
        assert shown(math) == written(equation.text), equation.label
        for element in ElementTree.fromstring(math).iter():
            tag = element.tag.removeprefix(NAMESPACE)
            assert len(element) == CHILDREN.get(tag, len(element)), tag


@pytest.mark.parametrize("operation", operations())
def test_brackets_of_latex_are_even(operation):
    found = contract(operation)
    for equation in found.equations.values():
        text = latex(equation.text, found.names)
        bare = re.sub(r"\\[{}]", "", text)
        assert bare.count("{") == bare.count("}")
        assert text.count(r"\left") == text.count(r"\right")


def test_most_equations_are_formulas_and_not_words():
    texts = [(e.text, c.names) for c in map(contract, operations()) for e in c.equations.values()]
    words = [text for text, names in texts if "<mtext>" in mathml(text, names) and "mi>" not in mathml(text, names)]
    assert len(words) <= 12


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("y[n, o] = b[o] + sum over i of x[n, i]", r"y_{n , o} = b_{o} + \sum_{i} \, x_{n , i}"),
        ("v_hat = v / (1 - beta_2^t)", r"v_{\mathrm{hat}} = \frac{v}{1 - {\beta_{\mathrm{2}}}^{t}}"),
        ("w = w - g / (sqrt(h) + epsilon)", r"w = w - \frac{g}{\sqrt{h} + \epsilon}"),
        ("e = a tau'(c)", r"e = a \, \tau' \left(c\right)"),
        ("y = |x|", r"y = \left|x\right|"),
        ("a <= x < b", r"a \le x < b"),
        ("p / R u / q", r"\frac{p}{R} \, \frac{u}{q}"),
    ],
)
def test_a_formula_in_latex(text, expected):
    assert latex(text) == expected


def test_words_stay_as_they_stand():
    text = "argmax[n] = the first k whose x[n, k] is the largest, a NaN being larger than any"
    words = ElementTree.fromstring(mathml(text)).iter(f"{NAMESPACE}mtext")
    said = "".join(word.text for word in words).replace("\xa0", " ")
    assert "the first" in said
    assert "is the largest, a NaN being larger than any" in said


def test_what_is_no_formula_is_not_made_into_one():
    assert "<mtext>(a&#160;+&#160;[b)</mtext>" in mathml("(a + [b)")


def test_lines_stay_lines():
    math = ElementTree.fromstring(mathml("h = a\n= b"))
    assert len(list(math.iter(f"{NAMESPACE}mtr"))) == 2
    assert r"h = a \\ & = b" in latex("h = a\n= b")


def test_marks_of_html_and_latex_are_escaped():
    assert "<mtext>this&#160;&amp;&#160;that&#160;one</mtext>" in mathml("this & that one")
    assert latex("this & that one") == r"\text{this \& that one}"
    assert "<mo>&lt;</mo>" in mathml("a < b")

import pytest

from numbanet.plot import page


@pytest.fixture(autouse=True)
def _coarse(monkeypatch):
    """Few pixels, which take little time."""
    monkeypatch.setattr(page, "DPI", 30)


@pytest.fixture
def drawn(monkeypatch):
    """The figures that are saved."""
    figure = pytest.importorskip("matplotlib.figure")
    figures, saved = [], figure.Figure.savefig
    monkeypatch.setattr(figure.Figure, "savefig", lambda self, *a, **k: (figures.append(self), saved(self, *a, **k))[1])
    return figures

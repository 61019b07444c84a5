from . import case, exact, update


def cases():
    for done in (0, 7, 2**40):
        yield case("advance", 1, update(exact([done])), note=f"{done}")

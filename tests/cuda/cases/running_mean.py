from . import case, double, exact, integers, update


def cases():
    for value in (0.75, float("nan")):
        state = double(update(exact([2.5, 5.0])))
        yield case("update", exact([value]), 17, state, note=str(value))
        for R in (1, 31, 5003):
            mask = exact(integers(0, 2, R).values.astype(float))
            yield case("update_masked", exact([value]), mask, state, note=f"{value} {R}")

"""What pytest-benchmark's table does not show: the rates, from extra_info."""


def pytest_terminal_summary(terminalreporter, config):
    session = getattr(config, "_benchmarksession", None)
    for benchmark in session.benchmarks if session else ():
        rates = ", ".join(f"{value} {unit}" for unit, value in benchmark.extra_info.items())
        terminalreporter.write_line(f"{benchmark.name}: {rates}")

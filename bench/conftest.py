"""What pytest-benchmark keeps and shows beside its own: the machine's limits, and each kernel's share of them."""

import datetime
import shlex
from dataclasses import asdict

from numbanet.bench.machine import library_versions, machine_facts
from numbanet.bench.results import SUITE, Results


def pytest_benchmark_update_json(config, benchmarks, output_json):
    """What `numbanet bench report` needs, which reads the kernels' rows out of their extra_info."""
    limits = [benchmark.extra_info.pop("roof") for benchmark in benchmarks if "roof" in benchmark.extra_info]
    for entry in output_json["benchmarks"]:
        entry["extra_info"].pop("roof", None)
    today = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
    command = shlex.join(["pytest", *config.invocation_params.args])
    found = Results(today, [command], machine_facts(), library_versions())
    output_json[SUITE] = asdict(found) | {"roofs": [r for k, r in enumerate(limits) if r not in limits[:k]]}


def pytest_terminal_summary(terminalreporter, config):
    session = getattr(config, "_benchmarksession", None)
    for benchmark in session.benchmarks if session else ():
        row = benchmark.extra_info.get(SUITE)
        if row:
            time = row["time"]["median"] * 1e3
            rates = f"{row['flops'] / time:.1f} GFLOP/s, {row['bytes'] / time:.1f} GB/s"
            limit = f"{row['share']:.0%} of what {row['bound']} would allow"
            terminalreporter.write_line(f"{benchmark.name}: {rates}, {limit}")

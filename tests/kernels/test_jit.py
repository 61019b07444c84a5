"""Machine code on disk and threads: each test runs small programs in fresh processes."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import numbanet
from numbanet.kernels._kernel import Executor, kernel

pytestmark = pytest.mark.compiled

ROOT = Path(numbanet.__file__).parent.parent

TRAIN = """
import hashlib, sys
import numpy as np
import numbanet as nn
from numbanet.kernels._cache import store
random = np.random.default_rng(0)
x = random.standard_normal((256, 40)).astype("float32")
y = random.integers(0, 3, 256)
model = nn.Sequential([nn.layers.Dense(70, activation="tanh"), nn.layers.Dropout(0.5), nn.layers.Dense(3)], seed=1)
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x, y, batch_size=100, epochs=2, verbose=0)
digest = hashlib.sha256(b"".join(w.tobytes() for w in model.get_weights())).hexdigest()
print(digest, store.compiled, store.loaded)
"""


# two kernels and no model, where only the cache is looked at
TINY = """
import hashlib
import numpy as np
from numbanet.kernels._cache import store
from numbanet.kernels.activations import cpu
x = np.linspace(-3, 3, 1000).astype("float32")
y, z = np.empty_like(x), np.empty_like(x)
cpu.sigmoid(x, y)
cpu.tanh(x, z)
print(hashlib.sha256(y.tobytes() + z.tobytes()).hexdigest(), store.compiled, store.loaded)
"""


def run(code, cache, root=ROOT, warnings="error", **environment):
    """Run code in a fresh process; returns what it printed, as words, and what it warned."""
    settings = os.environ | {"NUMBANET_CACHE_DIR": str(cache), "PYTHONPATH": str(root)} | environment
    done = subprocess.run(
        [sys.executable, "-W", warnings, "-c", code],
        env=settings,
        cwd=root,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.split(), done.stderr


@pytest.fixture(scope="module")
def warm(tmp_path_factory):
    """A cache that holds the kernels of TRAIN, and the digest of its weights."""
    cache = tmp_path_factory.mktemp("warm") / "cache"
    (digest, compiled, loaded), _ = run(TRAIN, cache)
    assert int(compiled) > 10
    assert int(loaded) == 0
    return cache, digest


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """The same for TINY."""
    cache = tmp_path_factory.mktemp("tiny") / "cache"
    (digest, compiled, _), _ = run(TINY, cache)
    assert int(compiled) == 3  # the two, and the executor's loop
    return cache, digest


def copy_of(cache, tmp_path):
    target = tmp_path / "cache"
    shutil.copytree(cache[0], target)
    return target


def entries(cache):
    return [path for path in cache.rglob("*") if path.is_file()]


def test_a_second_process_compiles_nothing(warm):
    (digest, compiled, loaded), _ = run(TRAIN, warm[0])
    assert (digest, compiled) == (warm[1], "0")
    assert int(loaded) > 10


def test_the_folder_is_the_users_own(warm):
    (room,) = warm[0].iterdir()
    for folder in (room, *room.iterdir()):
        assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("damage", ["cut", "garbage", "empty", "flip", "digest"])
def test_a_damaged_entry_heals(tiny, tmp_path, damage):
    cache = copy_of(tiny, tmp_path)
    for path in entries(cache):
        content = bytearray(path.read_bytes())
        if damage == "cut":
            content = content[: len(content) // 2]
        elif damage == "garbage":
            content = bytearray(os.urandom(len(content)))
        elif damage == "empty":
            content = bytearray()
        elif damage == "flip":
            content[len(content) // 2] ^= 1
        else:  # a payload that is whole, but no pickle of a kernel
            payload = b"not a pickle"
            content = bytearray(hashlib.sha256(payload).digest() + payload)
        path.write_bytes(content)
    (digest, compiled, loaded), _ = run(TINY, cache)
    assert digest == tiny[1]
    assert int(compiled) == len(entries(tiny[0]))
    assert loaded == "0"
    (digest, compiled, loaded), _ = run(TINY, cache)
    assert (digest, compiled) == (tiny[1], "0")


def test_an_edited_helper_is_seen(tmp_path):
    """The edit is in another file than the kernel's: Numba's own cache would keep the old code (numba#1833)."""
    root = tmp_path / "tree"
    shutil.copytree(ROOT / "numbanet", root / "numbanet", ignore=shutil.ignore_patterns("__pycache__"))
    code = """
import numpy as np
from numbanet.kernels.activations import cpu
x = np.array([0.5], "float32"); y = np.empty_like(x)
cpu.sigmoid(x, y)
print(y[0])
"""
    cache = tmp_path / "cache"
    (before,), _ = run(code, cache, root)
    helper = root / "numbanet" / "kernels" / "_math.py"
    source = helper.read_text()
    edited = source.replace("return ONE_32 / (ONE_32 + exp(-x))", "return ONE_32 / (ONE_32 + exp(x))")
    assert edited != source
    helper.write_text(edited)
    (after,), _ = run(code, cache, root)
    assert float(before) == pytest.approx(1 / (1 + np.exp(-0.5)), rel=1e-6)
    assert float(after) == pytest.approx(1 / (1 + np.exp(0.5)), rel=1e-6)


def test_no_writable_folder_costs_the_cache_and_one_warning(tiny, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    (digest, compiled, _), errors = run(TINY, blocked / "cache", warnings="always")
    assert digest == tiny[1]
    assert int(compiled) == 3
    assert errors.count("NUMBANET_CACHE_DIR") == 1


def test_a_read_only_package_and_home(warm, tmp_path):
    """As a user who may write nowhere, after a start as root: Python itself may be readable by root alone."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("needs root, to become somebody else")
    code = f"""{TRAIN}
import os
from numbanet.kernels import kernel
@kernel()
def warm(x):
    x[0] += 1.0
warm(np.ones(1))  # the compiler loads its own modules while they can be read
os.environ["HOME"] = {str(tmp_path)!r}
os.environ.pop("NUMBANET_CACHE_DIR")
os.environ.pop("XDG_CACHE_HOME", None)
os.setgid(65534)
os.setuid(65534)
store.__init__()
for activation in ("elu", "softsign"):
    model.pop()
    model.add(nn.layers.Dense(3, activation=activation))
    model.fit(x, y, verbose=0)
print(store.compiled > 2, store.loaded, store.folder())
"""
    printed, errors = run(code, warm[0], warnings="always")
    assert printed[0] == warm[1]
    assert printed[3:] == ["True", "0", "None"]
    assert errors.count("NUMBANET_CACHE_DIR") == 1


def test_a_folder_of_somebody_else_is_refused(tiny, tmp_path):
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("needs root, to give a folder away")
    cache = copy_of(tiny, tmp_path)
    for room in cache.iterdir():
        os.chown(room, 65534, 65534)
    (digest, _, loaded), errors = run(TINY, cache, warnings="always")
    assert (digest, loaded) == (tiny[1], "0")
    assert "not a folder of this user's" in errors


def test_old_versions_are_removed_and_nothing_else(tiny, tmp_path):
    cache = copy_of(tiny, tmp_path)
    (room,) = cache.iterdir()
    theirs = [cache / "thesis", cache / ("0" * 24), room / "notes"]
    old = room / ("0" * 24)
    for folder in (*theirs, old):
        folder.mkdir()
        os.utime(folder, (0, 0))
    cache.chmod(0o755)
    run(TINY, cache)
    assert not old.exists()
    assert all(folder.exists() for folder in theirs)
    assert cache.stat().st_mode & 0o777 == 0o755


BITS = """
import hashlib, os
import numpy as np
import numbanet as nn
x, y = nn.datasets.load_digits()
for threads in os.environ["THREADS"].split():
    nn.set_num_threads(int(threads))
    model = nn.Sequential([nn.layers.Dense(200, activation="relu"), nn.layers.Dropout(0.3),
                           nn.layers.Dense(130, activation="tanh"), nn.layers.Dense(10)], seed=3)
    model.build((64,))
    model.compile(nn.optimizers.AdamW(1e-3, global_clipnorm=1.0), "sparse_categorical_crossentropy", ["accuracy"])
    for start in range(0, 200):
        rows = np.arange(start * 7, start * 7 + 257) % len(x)
        model.train_on_batch(x[rows], y[rows])
    print(hashlib.sha256(b"".join(w.tobytes() for w in model.get_weights())).hexdigest())
"""


def layers():
    """The threading layers of this machine."""
    found = ["workqueue"]
    for name in ("omp", "tbb"):
        try:
            __import__(f"numba.np.ufunc.{name}pool")
        except ImportError:
            continue
        found.append(name)
    return found


def hashes(cache, layer, threads):
    """Of the weights of BITS after 200 steps on each of these numbers of threads, in one process."""
    found, _ = run(BITS, cache, NUMBA_THREADING_LAYER=layer, NUMBA_NUM_THREADS="8", THREADS=threads)
    assert len(found) == len(threads.split())
    return set(found)


@pytest.mark.slow
def test_the_same_bits_on_any_number_of_threads_and_layer(tmp_path):
    """1, 2, 4, 8 threads, six times on each layer: the first process finds a cold cache, the others a warm one."""
    found = [hashes(tmp_path / "cache", layer, "1 2 4 8 " * 3) for layer in layers() for _ in range(2)]
    assert len(set.union(*found)) == 1


def test_the_same_bits_on_one_and_many_threads(warm):
    found = [hashes(warm[0], layer, "1 8") for layer in layers()]
    assert len(set.union(*found)) == 1


FORK = """
import os, numpy as np
import numbanet as nn
nn.set_num_threads(2)
model = nn.Sequential([nn.layers.Dense(300, activation="relu"), nn.layers.Dense(300)], seed=0)
model.build((300,))
x = np.random.default_rng(0).standard_normal((300, 300)).astype("float32")
before = model.predict(x)
child = os.fork()
if child == 0:
    os._exit(0 if np.array_equal(model.predict(x), before) else 3)
print(os.waitpid(child, 0)[1], np.array_equal(model.predict(x), before))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_fork_after_the_users_own_parallel_loops_works(warm):
    code = """
import numba, numpy as np
@numba.njit(parallel=True)
def total(x):
    s = 0.0
    for i in numba.prange(x.size):
        s += x[i]
    return s
total(np.ones(1000))
""" + FORK.replace("before = model.predict(x)", "before = 0").replace(
        "np.array_equal(model.predict(x), before)", "model.predict(x).any()"
    )
    (status, works), _ = run(code, warm[0], NUMBA_NUM_THREADS="2")
    assert (status, works) == ("0", "True")


@pytest.mark.parametrize("layer", layers())
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_fork_after_use_works(warm, layer):
    (status, same), _ = run(FORK, warm[0], NUMBA_THREADING_LAYER=layer, NUMBA_NUM_THREADS="2")
    assert (status, same) == ("0", "True")


CONCURRENT = """
import threading, numpy as np
import numbanet as nn
nn.set_num_threads(2)
def make():
    model = nn.Sequential([nn.layers.Dense(300, activation="relu"), nn.layers.Dense(300)], seed=0)
    model.build((300,))
    return model
x = np.random.default_rng(0).standard_normal((300, 300)).astype("float32")
shared = make()
expected = shared.predict(x)
wrong = []
def work(model):
    for _ in range(30):
        if not np.array_equal(model.predict(x), expected):
            wrong.append(1)
threads = [threading.Thread(target=work, args=(m,)) for m in (shared, shared, make(), make())]
[t.start() for t in threads]; [t.join() for t in threads]
print(len(wrong))
"""


@pytest.mark.parametrize("layer", layers())
def test_four_threads_may_predict_at_once(warm, layer):
    (wrong,), _ = run(CONCURRENT, warm[0], NUMBA_THREADING_LAYER=layer, NUMBA_NUM_THREADS="2")
    assert wrong == "0"


def test_a_machine_without_openmp_is_told(warm):
    """Numba's search for a layer finds workqueue alone: one warning says what to install."""
    hidden = """
import sys
sys.modules["numba.np.ufunc.omppool"] = None
sys.modules["numba.np.ufunc.tbbpool"] = None
"""
    _, errors = run(hidden + FORK, warm[0], warnings="always", NUMBA_NUM_THREADS="2")
    assert errors.count("libgomp1") == 1


@pytest.mark.parametrize("n", [0, -1, 1.5, True, "2", None, 10**6])
def test_bad_thread_counts_are_refused(n):
    with pytest.raises(ValueError, match="set_num_threads"):
        numbanet.set_num_threads(n)


def test_the_number_of_threads_is_kept():
    before = numbanet.get_num_threads()
    try:
        numbanet.set_num_threads(1)
        assert numbanet.get_num_threads() == 1
    finally:
        numbanet.set_num_threads(before)


@kernel(tasks=lambda x, y: x.size)
def _double(task, x, y):
    y[task] = x[task] + x[task]


def test_serial_and_parallel_are_the_same_machine_code():
    x = np.arange(100, dtype="float32")
    results = []
    before = numbanet.get_num_threads()
    for count in {1, before}:
        numbanet.set_num_threads(count)
        y = np.full_like(x, np.nan)
        Executor([_double.bind(x, y)] * 3).run()
        results.append(y.tobytes())
    numbanet.set_num_threads(before)
    assert set(results) == {(x + x).tobytes()}
    assert _double.bind(x, x).address == _double.bind(y, y).address


def test_a_kernel_refuses_what_it_cannot_take():
    x = np.zeros((4, 4))
    with pytest.raises(TypeError, match="expected arguments"):
        _double(x)
    with pytest.raises(TypeError, match="C-contiguous"):
        _double(x.T[1:], x)
    with pytest.raises(TypeError, match="not an array, a number or a tuple of integers"):
        _double("x", x)

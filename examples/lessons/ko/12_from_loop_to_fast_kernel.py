# %% [markdown]
# # 12 반복문에서 빠른 커널까지
#
# **시간:** 읽고 실습하는 데 40분, 코드 실행은 10초 안팎. **선수 지식:** 03강 등에서 본 기준 반복문 아무거나 하나.
#
# 이 강의에서 배우는 것
#
# - 같은 식을 계산하는 교과서의 반복문과 빠른 커널이 얼마나 다른지
# - 그 사이의 단계: 컴파일하기, 순서 바꾸기, 타일로 나누기, 스레드에 나눠 주기
# - 반복문이 애초에 얼마나 빨라질 수 있는지 알아내는 방법: 루프라인

# %%
import inspect

import numpy as np

import numbanet as nn
from numbanet.bench import clock, ladders, roofs
from numbanet.devices import get_device
from numbanet.errors import MissingDependency
from numbanet.figures import new_figure
from numbanet.kernels import dense
from numbanet.kernels.dense import reference

PICTURE = "12_from_loop_to_fast_kernel.png"
CPU, THREADS = get_device("cpu"), nn.get_num_threads()
print(f"{THREADS} threads")

# %% [markdown]
# ## 해야 할 일
#
# 완전 연결층의 순전파입니다.
#
# $$ y_{n,o} = b_o + \sum_{i=0}^{I-1} x_{n,i}\, w_{i,o} $$
#
# 출력 $N \cdot O$개 하나하나에 곱셈이 $I$번, 덧셈이 $I$번 들어가므로 모두 $2 N I O$번의 부동소수점
# 연산(floating-point operation, **FLOP**)입니다. 반복문을 어떻게 쓰든 이 수는 달라지지 않습니다. 달라지는 것은
# 프로세서가 1초에 그중 몇 번을 해내는가(FLOP/s)입니다.

# %%
print(inspect.getsource(reference.forward.function))

# %% [markdown]
# ## 순수 파이썬
#
# 라이브러리의 반복문은 컴파일되기 전에는 평범한 파이썬 함수입니다. 그 상태로 입력 64개, 출력 32개인 층에 샘플 8개를
# 넣어 실행해 봅시다.

# %%
N, I, O = 8, 64, 32
random = np.random.default_rng(0)
x, w, b = random.standard_normal((N, I)), random.standard_normal((I, O)), random.standard_normal(O)
y = np.zeros((N, O))
flops = 2 * N * I * O
plain = min(clock.seconds(lambda: reference.forward.function(x, w, b, y), 1) for _ in range(5))
print(f"{flops:,} FLOPs in {plain * 1e3:.1f} ms: {1e9 * plain / (flops / 2):.0f} nanoseconds for a multiply-add")
print(f"the same as numpy: {np.allclose(y, x @ w + b)}")

# %% [markdown]
# 이 정도 시간이면 프로세서는 수백 사이클을 지나갑니다. 산술에 드는 시간은 그중 한 사이클도 되지 않습니다. 나머지는
# 숫자 하나하나마다 그 타입이 무엇인지, 어느 함수로 곱해야 하는지, 결과를 어디에 둘지 매번 새로 알아내는 데 쓰입니다.
#
# ## 사다리
#
# 라이브러리는 이 반복문에서 실제로 쓰는 커널까지의 단계들을 간직하고 있고, 여러분의 컴퓨터에서 그 속도를
# 잽니다(터미널에서는 `numbanet bench ladder`가 같은 일을 합니다). 사다리의 한 단은 먼저 기준 반복문의 결과와 비교한
# 다음에 시간을 잽니다. 컴퓨터를 방해하는 것은 시간을 늘릴 뿐 줄이는 법이 없으므로, 가장 짧은 시간을 택합니다.

# %%
ladder = ladders.ladder("dense", CPU, THREADS, "float32", "N=128,I=256,O=256", rounds=5)
speeds = {rung.name: rung.flops / rung.time.best / 1e3 for rung in ladder.rungs}
first = before = speeds["plain Python"]
print("rung             GFLOP/s    times the one before     times the first")
for name, speed in speeds.items():
    print(f"{name:14} {speed:9.3f} {speed / before:18.1f} {speed / first:22,.0f}")
    before = speed
print()
for rung in ladder.rungs:
    print(f"{rung.name}: {rung.why}\n")

# %% [markdown]
# **무엇을 볼까요.** 가장 큰 한 걸음은 첫걸음이고, 이것은 컴파일러 덕분입니다. 그 뒤의 걸음들을 모두 합치면 다시
# 그만큼 큰데, 이것은 컴파일러가 스스로 찾아 주지 않습니다. 같은 식을 다른 순서로 계산하는 것입니다.
#
# ### 순서는 왜 중요할까
#
# 메모리는 64바이트짜리 **캐시 라인**(cache line) 단위로 옮겨집니다. 나란히 놓인 float32 숫자 16개입니다. 교과서의
# 가장 안쪽 반복문은 `i`에 대한 것이고, `w[i, o]`를 열을 따라 내려가며 읽습니다. 그래서 가져온 라인마다 숫자 하나만
# 씁니다. 반복문의 순서를 바꿔 `o`를 가장 안쪽에 두면 `w`를 행을 따라 읽고 `y`를 행을 따라 씁니다. 그러면 **벡터
# 명령어** 하나로 출력 8개나 16개를 한꺼번에 계산할 수도 있습니다.
#
# 순서만의 효과는 numpy로도 볼 수 있습니다. 행렬을 행을 따라 복사하는 것과, 열을 따라 내려가며 읽어서 복사하는 것을
# 비교합니다.

# %%
matrix, target = np.ones((4096, 4096), np.float32), np.empty((4096, 4096), np.float32)
along = min(clock.seconds(lambda: np.copyto(target, matrix), 1) for _ in range(5))
down = min(clock.seconds(lambda: np.copyto(target, matrix.T), 1) for _ in range(5))
print(f"64 MiB along rows {along * 1e3:.0f} ms, down columns {down * 1e3:.0f} ms: {down / along:.1f} times as long")
print()
print(ladder.rungs[2].code)

# %% [markdown]
# ### 타일은 왜 필요할까
#
# 순서를 바꾼 반복문은 곱셈과 덧셈을 할 때마다 `y[n, o]`를 읽고 씁니다. 레지스터는 어떤 캐시보다 빠르지만 몇 개
# 없습니다. 그래서 $y$의 4행과 수십 열로 된 **타일**(tile) 하나를, $I$개의 곱을 모두 더할 때까지 레지스터에 둡니다.
# 읽어 온 $w$의 숫자는 4개의 행이 모두 쓰고, $x$의 숫자는 타일의 모든 열이 씁니다. 핵심 부분은 다음과 같습니다.

# %%
print(ladder.rungs[3].code.split("@apart")[1])

# %% [markdown]
# ## 얼마나 빨라질 수 있을까? 루프라인
#
# 프로세서에는 두 가지 한계가 있습니다. 1초에 할 수 있는 연산 수 $F$와, 메모리가 1초에 가져다주는 바이트 수 $B$입니다.
# 1바이트마다 $A$번의 연산을 하는 커널은 다음보다 빠를 수 없습니다. $A$를 **산술 강도**(arithmetic intensity)라고
# 합니다.
#
# $$ \min(F,\; A \cdot B) $$
#
# $A$에 대해 그리면 지붕 모양이 됩니다. 메모리가 한계인 곳은 비탈이고, 연산이 한계인 곳은 평평합니다. 그래서
# **루프라인**(roofline)이라고 부릅니다(Williams, Waterman and Patterson, 2009). `numbanet.bench.roofs`는 다른 일은
# 아무것도 하지 않는 반복문으로 두 한계를 잽니다.

# %%
few = roofs.Sizes((2**14, 2**17, 2**20, 2**23, 2**26), 2000, 2**14)  # bytes of the arrays; launches and turns
roof = roofs.measure(CPU, 1, "float32", rounds=3, sizes=few)
print(f"one thread: {roof.gflops:.0f} GFLOP/s; of caches and memory, by the size of the arrays:")
for level in roof.levels:
    print(f"  {level.bytes / 2**20:9.3f} MiB: {level.gbs:5.0f} GB/s")
print(f"the flat part begins at {roof.gflops / roof.gbs:.1f} FLOPs a byte of memory")

# %% [markdown]
# 완전 연결층의 산술 강도는 배치 크기에 달려 있습니다. 샘플이 하나이든 천 개이든 $w$는 전부 읽어야 합니다. $w$를 함께
# 쓰는 샘플이 많을수록 1바이트당 연산이 많아집니다. float32는 숫자 하나가 4바이트이므로
#
# $$ A = \frac{2 N I O}{4\,(N I + I O + O + N O)} $$
#
# 입니다. 입력과 출력이 1024개씩이어서 $w$가 4 MiB인 층으로, 배치 크기를 1에서 512까지 바꿔 가며 라이브러리 커널의
# 시간을 스레드 하나에서 잽니다.

# %%
I = O = 1024
w, b = random.standard_normal((I, O)).astype(np.float32), np.zeros(O, np.float32)
runs, work = {}, {}
for N in (1, 2, 4, 8, 32, 128, 512):
    x, y = random.standard_normal((N, I)).astype(np.float32), np.zeros((N, O), np.float32)
    runs[N] = CPU.executor([CPU.kernels(dense).forward.bind(x, w, b, y)], None).run
    work[N] = 2 * N * I * O, 4 * (N * I + I * O + O + N * O)
nn.set_num_threads(1)
times = clock.alternate(runs, 5)
nn.set_num_threads(THREADS)

points = {}
print("batch   microseconds   FLOPs a byte    GFLOP/s    the roof there   bound by")
for N, (flops, moved) in work.items():
    bound, least = roof.limit(flops, moved, moved)  # microseconds at least
    time, points[N] = times[N].best, (flops / moved, flops / times[N].best / 1e3)
    print(f"{N:5} {time:14.0f} {points[N][0]:14.1f} {points[N][1]:10.1f} {flops / least / 1e3:17.1f}   {bound}")

# %%
try:
    figure = new_figure(11, 4)
except MissingDependency as error:
    print(f"no picture: {error}")
else:
    steps, line = figure.subplots(1, 2)
    steps.barh(list(speeds), list(speeds.values()))
    steps.invert_yaxis()
    steps.axvline(roof.gflops, color="k", linestyle=":", label="multiply-adds, one thread")
    steps.set(title="the ladder of a dense layer", xlabel="GFLOP/s", xscale="log")
    intensity = np.geomspace(0.1, 1000, 200)
    for level in (roof.levels[0], roof.levels[-1]):
        name = f"roof, {level.gbs:.0f} GB/s ({level.bytes / 2**20:.3g} MiB)"
        line.plot(intensity, np.minimum(roof.gflops, intensity * level.gbs), label=name)
    line.plot(*zip(*points.values(), strict=True), "ko", label="dense layer, by batch")
    for N, point in points.items():
        line.annotate(f" {N}", point, va="top")
    line.set(title="the roofline, one thread", xlabel="FLOPs a byte", ylabel="GFLOP/s", xscale="log", yscale="log")
    for axes in (steps, line):
        axes.legend(fontsize=8)
        axes.grid(alpha=0.3)
    figure.savefig(PICTURE, dpi=100)
    print(f"picture: {PICTURE}")

# %% [markdown]
# ![사다리, 그리고 여러 배치 크기의 완전 연결층을 표시한 루프라인](12_from_loop_to_fast_kernel.png)
#
# **무엇을 볼까요.** 샘플이 하나일 때는 지붕 자체가 낮습니다. 숫자 하나에 연산은 두 번뿐인데 $w$를 전부 메모리나
# 캐시에서 가져와야 하므로, 연산은 한계가 아닙니다. 샘플 여덟 개는 같은 $w$를 함께 쓰므로 하나일 때보다 시간이 거의 더
# 걸리지 않습니다. 그래서 점들은 비탈을 따라 올라갑니다. 배치가 크면 평평한 부분에 이르고, 거기서는 타일과 벡터와
# 레지스터가 속도를 좌우합니다. 이것이 신경망을 배치로 학습시키는 이유 가운데 하나입니다(다른 이유는 04강에 있습니다).
# 점이 지붕 아래에 있으면, 더 나은 순서로 계산하거나 바이트를 덜 옮겨서 더 줄일 수 있는 시간이 남아 있다는 뜻입니다.
# 지붕을 재는 동안 다른 프로그램이 컴퓨터를 쓰지 않았다면, 지붕보다 훨씬 위에 놓이는 점은 없습니다.
#
# 신경망 전체도 마찬가지입니다. 산술 강도가 낮은 층(활성화 함수, 덧셈, 드롭아웃)에서는 연산을 아무리 다듬어도 소용이
# 없고, 바이트를 덜 옮기거나 두 가지 일을 한 번에 처리해야 합니다. 먼저 지붕을 찾고, 그다음에 반복문을 손보세요.
#
# ## 생각해 볼 문제
#
# 1. 숫자 $n$개에 적용하는 ReLU의 산술 강도는 얼마일까요? 데이터가 메모리에 있을 때 지붕은 몇 GFLOP/s까지 허락하나요?
# 2. `ladders.ladder("conv2d", ...)`와 `"lstm"`에도 사다리가 있습니다. 컴파일 다음으로 가장 큰 걸음은 어느 것인가요?
# 3. 여러분의 컴퓨터에서는 스레드가 몇 개일 때부터 마지막 단이 더 빨라지지 않나요? (`nn.set_num_threads`) 그리고 작은
#    층은 왜 어차피 스레드 하나에서 실행될까요?
# 4. `nn.teach.exercise("dense_backward")`에서 작성하는 반복문은 교과서의 반복문입니다. 빨라야 한다면 dL/dw와
#    dL/dx에서 세 반복문의 순서를 각각 어떻게 정하겠습니까?
# 5. `numbanet/kernels/dense/cpu.py`를 `reference.py`와 나란히 놓고 읽어 보세요. 사다리의 단을 하나하나 찾아보세요.

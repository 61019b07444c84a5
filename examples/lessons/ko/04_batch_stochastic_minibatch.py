# %% [markdown]
# # 04 배치, 확률적, 미니배치 경사 하강법
#
# **시간:** 읽고 실습하는 데 30분, 코드 실행은 몇 초. **선수 지식:** 03강 (손으로 하는 역전파).
#
# 이 강의에서 배우는 것
#
# - 샘플 몇 개로 구한 기울기는 전체 기울기에 대한, 잡음은 있지만 정직한 추정값이라는 것
# - 그 잡음이 배치 크기에 따라 어떻게 달라지는지
# - 그것이 내려가는 길과 걸리는 시간에 어떤 의미가 있는지
# - 모두가 미니배치를 쓰는 이유

# %%
import inspect
import time

import numpy as np

import numbanet as nn
from numbanet.errors import MissingDependency
from numbanet.figures import new_figure
from numbanet.kernels.sgd import reference

PICTURE = "04_batch_stochastic_minibatch.png"
nn.set_num_threads(1)  # steps as short as these are too little work for two

# %% [markdown]
# ## 손실은 하나, 샘플은 여럿
#
# 훈련 집합의 손실은 샘플 $N$개의 손실을 평균한 것이고, 따라서 그 기울기도 샘플별 기울기의 평균입니다.
#
# $$ L(w) = \frac{1}{N} \sum_{n=1}^{N} L_n(w), \qquad
#    \nabla L(w) = \frac{1}{N} \sum_{n=1}^{N} \nabla L_n(w) $$
#
# 경사 하강법은 기울기의 반대 방향으로 걸음을 옮깁니다: $w \leftarrow w - \eta \nabla L(w)$. 그런데 한 걸음 떼기 전에
# 샘플 몇 개에게 물어보아야 할까요? 무작위로 고른 배치 $B$를 씁니다.
#
# $$ g_B = \frac{1}{|B|} \sum_{n \in B} \nabla L_n(w), \qquad w \leftarrow w - \eta\, g_B $$
#
# | | 배치 크기 | 한 에폭의 걸음 수 |
# | --- | --- | --- |
# | **배치** 경사 하강법 | 샘플 $N$개 전부 | 1 |
# | **미니배치** 경사 하강법 | 일부, 예를 들어 32 | $N / 32$ |
# | **확률적** 경사 하강법 | 1 | $N$ |
#
# **에폭**(epoch)은 모든 샘플을 한 바퀴 도는 것입니다. 셋 모두 한 에폭에 모든 샘플을 한 번씩 보므로 계산량은 같습니다.
# 다른 것은 얼마나 자주 멈춰 서서 걸음을 떼는가입니다. 한 걸음은 다음 반복문입니다.

# %%
print(inspect.getsource(reference.update.function))

# %% [markdown]
# ## 추정값은 얼마나 좋을까?
#
# 배치를 무작위로 뽑으면, 가능한 모든 배치에 대한 $g_B$의 평균은 전체 기울기와 같습니다. 즉 **편향이 없는**(불편)
# 추정입니다. 그리고 독립적으로 뽑은 값들의 평균이 늘 그렇듯이, 흩어지는 정도는 개수의 제곱근에 반비례합니다.
#
# $$ E[g_B] = \nabla L, \qquad
#    \sqrt{E \lVert g_B - \nabla L \rVert^2} = \frac{\sigma}{\sqrt{|B|}} $$
#
# 손글씨 숫자 데이터에서, 똑같은 지점 $w$에서 재어 봅시다. 배치 크기마다 배치 300개를 뽑아 기울기를 구합니다. 각도는
# 배치가 가리키는 걸음이 진짜 내리막 방향에서 얼마나 벗어나는지를 말해 줍니다.

# %%
x, y = nn.datasets.load_digits()
x, y, x_test, y_test = x[:1400], y[:1400], x[1400:], y[1400:]


def network():
    model = nn.Sequential([nn.layers.Dense(32, activation="relu"), nn.layers.Dense(10)], seed=0)
    model.build((64,))
    model.compile(nn.optimizers.SGD(0.05), nn.losses.SparseCategoricalCrossentropy(), ["accuracy"])
    return model


def gradient(model, rows):
    """All gradients in one vector."""
    return np.concatenate([g.ravel() for g in model.gradients(x[rows], y[rows])[1]])


model = network()
random = np.random.default_rng(0)
whole = gradient(model, np.arange(len(x)))
length = np.linalg.norm(whole)
sizes, spreads = (1, 4, 16, 64, 256), []
print("batch size   spread / |gradient|   times root of size   mean of all, off by   median angle")
for size in sizes:
    found = np.array([gradient(model, random.integers(0, len(x), size)) for _ in range(300)])
    spreads.append(np.sqrt(((found - whole) ** 2).sum(axis=1).mean()) / length)
    off = np.linalg.norm(found.mean(axis=0) - whole) / length
    angle = np.degrees(np.arccos(found @ whole / np.linalg.norm(found, axis=1) / length))
    scaled = spreads[-1] * np.sqrt(size)
    print(f"{size:10} {spreads[-1]:21.3f} {scaled:20.2f} {off:20.1%} {np.median(angle):14.0f}°")

# %% [markdown]
# **무엇을 볼까요.** 흩어진 정도에 $\sqrt{|B|}$를 곱한 값은 어느 줄에서나 거의 같습니다. 법칙이 성립하는 것입니다.
# 숫자 하나가 가리키는 방향은 거의 제멋대로지만, 그래도 평균적으로는 아래쪽입니다. 잡음을 반으로 줄이려면 샘플이 *네*
# 배 필요하므로, 정확한 추정은 비싸고 거친 추정은 쌉니다. 작은 배치를 쓰는 이유는 이것이 전부입니다. 정확한 한 걸음
# 대신 거친 걸음을 여러 번 떼는 것입니다.
#
# ## 내려가는 길
#
# 가중치가 두 개뿐이면 눈으로 볼 수 있습니다. 점 100개를 지나는 직선 $y = w x + b$, 손실은 제곱 오차이고, 학습률과
# *에폭* 수는 셋이 모두 같습니다.

# %%
points = random.uniform(-1, 1.5, (100, 1)).astype("float32")
heights = (1.5 * points - 0.5 + random.normal(0, 0.6, (100, 1))).astype("float32")
EPOCHS = 6


def descend(size):
    """The weights after every step, from the same beginning."""
    line = nn.Sequential([nn.layers.Dense(1)], seed=0)
    line.build((1,))
    line.compile(nn.optimizers.SGD(0.06), "mse")
    line.set_weights([np.array([[-1.0]]), np.array([1.5])])
    way, shuffled = [(-1.0, 1.5)], np.random.default_rng(1)
    for _ in range(EPOCHS):
        order = shuffled.permutation(len(points))  # another order in each epoch
        for first in range(0, len(points), size):
            rows = order[first : first + size]
            line.train_on_batch(points[rows], heights[rows])
            way.append(tuple(float(w.ravel()[0]) for w in line.get_weights()))
    return np.array(way), line.evaluate(points, heights)["loss"]


best_w, best_b = np.polyfit(points[:, 0], heights[:, 0], 1)
least = float(((best_w * points + best_b - heights) ** 2).mean())
ways = {}
print(f"the best line has w = {best_w:.3f}, b = {best_b:.3f}, loss {least:.4f}")
for name, size in (("batch (100)", 100), ("mini-batch (10)", 10), ("stochastic (1)", 1)):
    ways[name], loss = descend(size)
    w, b = ways[name][-1]
    late = ways[name][len(ways[name]) // 2 :]
    print(f"{name:16} {len(ways[name]) - 1:4} steps: w = {w:+.3f}, b = {b:+.3f}, loss {loss:.4f};", end=" ")
    print(f"in the second half w goes from {late[:, 0].min():+.2f} to {late[:, 0].max():+.2f}")

# %% [markdown]
# **무엇을 볼까요.** 배치 경사 하강법은 똑바로 걷지만, 여섯 걸음 뒤에도 아직 멀리 있습니다. 확률적 경사 하강법은 금방
# 도착하지만 그 뒤로 자리를 잡지 못합니다. 샘플마다 자기 쪽으로 끌어당기고, 학습률이 일정하면 결코 멈추지 못하기
# 때문입니다. 미니배치는 거의 그만큼 빠르면서 훨씬 차분합니다. 확률적 경사 하강법이 멈추려면 학습률이 점점 줄어야
# 합니다(로빈스와 먼로, 1951). 이 이야기는 05강에서 이어집니다.
#
# ## 손글씨 숫자에서
#
# `fit`에서는 인수 하나로 셋을 고릅니다. 그 안의 반복문은 방금 우리가 쓴 것과 같습니다. 섞고, 배치로 자르고, 배치마다
# 한 걸음씩 갑니다.

# %%
results = {}
print(f"{'20 epochs':18}{'steps':>7}{'loss':>9}{'test accuracy':>15}{'seconds':>9}{'us a step':>11}")
for name, size in (("batch (1400)", 1400), ("mini-batch (128)", 128), ("mini-batch (16)", 16), ("stochastic (1)", 1)):
    model = network()
    model.fit(x[:size], y[:size], batch_size=size, epochs=1, verbose=0)  # compiles what is new
    model = network()
    start = time.perf_counter()
    results[name] = model.fit(x, y, batch_size=size, epochs=20, verbose=0).history["loss"]
    seconds, steps = time.perf_counter() - start, model.steps_trained
    accuracy = model.evaluate(x_test, y_test)["accuracy"]
    loss = results[name][-1]
    print(f"{name:18}{steps:7}{loss:9.4f}{accuracy:15.1%}{seconds:9.3f}{seconds / steps * 1e6:11.1f}")

try:
    figure = new_figure(12, 3.6)
except MissingDependency as error:
    print(f"no picture: {error}")
else:
    axes = figure.add_subplot(1, 3, 1)
    axes.loglog(sizes, spreads, "o-", label="measured")
    axes.loglog(sizes, spreads[0] / np.sqrt(sizes), ":", color="0.3", label="one over the root")
    axes.set(title="noise of the gradient", xlabel="batch size", ylabel="spread / |gradient|")
    axes.legend()
    axes = figure.add_subplot(1, 3, 2)
    across, up = np.meshgrid(np.linspace(-1.3, 2.3, 80), np.linspace(-1.3, 1.8, 80))
    surface = ((across[..., None] * points[:, 0] + up[..., None] - heights[:, 0]) ** 2).mean(axis=-1)
    axes.contour(across, up, surface, levels=np.geomspace(1.01 * least, surface.max(), 14), colors="0.8")
    for (name, way), colour in zip(reversed(ways.items()), ("C2", "C1", "C0"), strict=True):
        axes.plot(*way.T, ".-", color=colour, lw=0.8, markersize=3 if len(way) > 10 else 8, label=name)
    axes.plot(best_w, best_b, "k*", markersize=12)
    axes.set(title=f"the way down in {EPOCHS} epochs", xlabel="w", ylabel="b")
    axes.legend(fontsize=7)
    axes = figure.add_subplot(1, 3, 3)
    for name, losses in results.items():
        axes.semilogy(range(1, 21), losses, label=name)
    axes.set(title="digits: training loss", xlabel="epoch")
    axes.legend(fontsize=7)
    figure.savefig(PICTURE, dpi=100)
    print(f"picture: {PICTURE}")

# %% [markdown]
# ![배치 크기에 따른 잡음, 내려가는 세 가지 길, 숫자 데이터의 손실](04_batch_stochastic_minibatch.png)
#
# **무엇을 볼까요.** 에폭 수가 같으면 배치가 작을수록 훈련 손실이 낮습니다. 걸음을 더 많이 떼었기 때문입니다. 그런데
# 마지막 열들이 나머지 절반의 이야기를 들려줍니다. 샘플 16개로 떼는 한 걸음은 샘플 하나로 떼는 걸음의 16배가 아니라
# 그보다 훨씬 적은 시간이 걸립니다. 반복문은 여러 숫자를 한꺼번에 처리하고, 걸음을 시작하는 데에도 비용이 들기
# 때문입니다. 그래서 16에서 수백 정도의 배치가 적은 시간에 많은 걸음을 뗄 수 있습니다. 한 번에 숫자 수천 개를 원하는
# GPU에서는 가장 좋은 배치가 더 큽니다.
#
# ## 생각해 볼 문제
#
# 1. 배치 경사 하강법에 미니배치와 같은 *걸음* 수를 주어 보세요(`epochs=1760`). 그러면 더 나은가요? 대가는 무엇인가요?
# 2. 배치가 10배 커지면 기울기의 잡음이 줄어듭니다. 학습률은 얼마나 키울 수 있을까요? 숫자 데이터에서 시험해 보고,
#    어디서부터 통하지 않는지 찾아보세요.
# 3. `random.integers(0, len(x), size)` 대신 레이블 순서로 정렬한 데이터의 처음 `size`개 행을 써 보세요. 추정에 여전히
#    편향이 없나요? 이것은 데이터를 섞는 일(`fit`의 `shuffle=False`)에 대해 무엇을 말해 주나요?
# 4. 잡음은 나쁘기만 할까요? 골짜기가 여러 개인 손실 함수와 07강을 떠올려 보세요.
# 5. 모멘텀은 잡음을 평균 내어 없앱니다: `nn.teach.exercise("momentum")`. 손실 함수는 `nn.teach.exercise("mse")`에서
#    직접 작성해 볼 수 있습니다.

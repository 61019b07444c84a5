# %% [markdown]
# # 05 학습률
#
# **시간:** 읽고 실습하는 데 30분, 코드 실행은 몇 초. **선수 지식:** 04강 (미니배치).
#
# 이 강의에서 배우는 것
#
# - 학습률이 너무 작거나 너무 클 수 있는 이유, 그리고 그 한계가 어디인지
# - 한계를 정하는 방향과 시간을 정하는 방향이 서로 다르다는 것
# - 함수 호출 하나로 좋은 학습률을 찾는 방법: 학습률 범위 테스트
# - 학습률 스케줄을 쓰는 이유

# %%
import inspect
import math

import numpy as np

import numbanet as nn
from numbanet.errors import MissingDependency, NonFiniteError
from numbanet.figures import new_figure
from numbanet.kernels.sgd import reference

PICTURE = "05_learning_rate.png"
nn.set_num_threads(1)  # steps as short as these are too little work for two

# %% [markdown]
# ## 가중치 하나
#
# 가장 간단한 손실, 곡률이 $\lambda$인 포물선에서 경사 하강법을 해 봅시다.
#
# $$ L(w) = \frac{\lambda}{2} w^2, \qquad w \leftarrow w - \eta \lambda w = (1 - \eta \lambda)\, w $$
#
# 한 걸음마다 $w$에 같은 인수 $1 - \eta\lambda$가 곱해집니다. 그러니 모든 것을 이 인수에서 읽어 낼 수 있습니다.
#
# | 학습률 | 인수 | 일어나는 일 |
# | --- | --- | --- |
# | $\eta < 1/\lambda$ | 0과 1 사이 | 한쪽에서 0으로 천천히 다가갑니다 |
# | $\eta = 1/\lambda$ | 0 | 한 걸음에 도착합니다 |
# | $1/\lambda < \eta < 2/\lambda$ | $-1$과 0 사이 | 양쪽을 오가면서 가까워집니다 |
# | $\eta > 2/\lambda$ | $-1$보다 작음 | 뛸 때마다 더 멀어집니다: **발산** |
#
# 라이브러리의 반복문이 정확히 이 걸음을 뗍니다. $\lambda = 1$인 가중치 하나에 실행해 봅시다.

# %%
print(inspect.getsource(reference.update.function))


def walk(rate, curvatures, start, steps):
    """The weights after every step on the parabola with these curvatures."""
    w, g, way = np.array(start, float), np.empty(len(curvatures)), [np.array(start, float)]
    for _ in range(steps):
        g[...] = curvatures * w
        reference.update(g, np.array([rate]), w)
        way.append(w.copy())
    return np.array(way)


for rate in (0.1, 0.5, 1.0, 1.9, 2.0, 2.1):
    way = walk(rate, np.array([1.0]), [1.0], 8)[:, 0]
    print(f"rate {rate}: {' '.join(f'{w:+.3f}' for w in way)}")

# %% [markdown]
# ## 가중치 두 개: 좁은 골짜기
#
# 신경망에는 방향이 많고, 방향마다 곡률이 다릅니다. 두 개만 있어도 어려움이 드러납니다. 골짜기를 따라서는
# $\lambda_1 = 1$, 골짜기를 가로질러서는 $\lambda_2 = 20$이라고 합시다. 모든 방향이 학습률 하나를 함께 씁니다.
# 학습률은 가장 가파른 방향의 한계보다 작아야 하고, 그러면 가장 평평한 방향은 한 걸음에 아주 조금씩만 줄어듭니다.
#
# $$ \eta < \frac{2}{\lambda_{\max}}, \qquad w_{\text{flat}} \leftarrow (1 - \eta \lambda_{\min})\, w_{\text{flat}} $$
#
# 가장 가파른 방향이 한계를 정하고, 가장 평평한 방향이 시간을 정합니다. 두 곡률의 비
# $\lambda_{\max} / \lambda_{\min}$를 그 문제의 **조건수**라고 합니다.

# %%
RAVINE = np.array([1.0, 20.0])
ways = {rate: walk(rate, RAVINE, [-1.5, 0.5], 25) for rate in (0.01, 0.05, 0.095, 0.102)}
print(f"the limit is 2 / 20 = {2 / RAVINE.max()}")
print("rate    after 25 steps: along the valley   across      loss")
for rate, way in ways.items():
    loss = 0.5 * (RAVINE * way[-1] ** 2).sum()
    print(f"{rate:5} {way[-1, 0]:34.4f} {way[-1, 1]:+9.4f} {loss:9.4f}")

# %% [markdown]
# **무엇을 볼까요.** 0.01에서는 튀는 일이 없지만 골짜기를 따라서는 거의 나아가지 못합니다. 0.095에서는 양쪽 벽을
# 지그재그로 오가면서 열 배 빠르게 나아갑니다. 0.1을 조금만 넘으면 발산합니다. 가장 좋은 학습률은 한계 바로 아래에
# 있습니다.
#
# ## 진짜 신경망
#
# 신경망의 곡률은 아무도 모르고, 학습하는 동안 변하기도 합니다. 그러니 시도해 봅시다. 학습률 여섯 가지로, 손글씨
# 숫자를 열 에폭씩 학습합니다.

# %%
x, y = nn.datasets.load_digits()
x, y, x_test, y_test = x[:1400], y[:1400], x[1400:], y[1400:]


def network(rate):
    model = nn.Sequential([nn.layers.Dense(32, activation="relu"), nn.layers.Dense(10)], seed=0)
    model.build((64,))
    model.compile(nn.optimizers.SGD(rate), nn.losses.SparseCategoricalCrossentropy(), ["accuracy"])
    return model


def train(rate, epochs):
    """The model, and the loss before training and after each epoch, as far as it is a number."""
    model = network(rate)
    losses = [model.evaluate(x, y)["loss"]]
    try:
        model.fit(x, y, batch_size=32, epochs=epochs, verbose=0)
    except NonFiniteError as error:
        print(f"rate {rate:g} ends at step {error.step}: {error.array} of {error.layer!r} is {error.value}")
    return model, losses + model.history.history.get("loss", [])


curves = {}
print("learning rate   loss before, after 1, 5, 10 epochs   test accuracy   dead units")
for rate in (0.0003, 0.003, 0.03, 0.3, 3.0, 30.0):
    model, losses = train(rate, 10)
    curves[rate] = losses
    shown = " ".join(f"{losses[k]:8.3f}" if k < len(losses) else "       -" for k in (0, 1, 5, 10))
    dead = nn.teach.dead_units(model, x).layers[0]
    accuracy = model.evaluate(x_test, y_test)["accuracy"]
    print(f"{rate:13} {shown} {accuracy:12.1%} {dead.dead:14} of {dead.units}")

# %% [markdown]
# **무엇을 볼까요.** 학습 전의 손실은 찍었을 때의 손실인 $\log 10 = 2.303$에 가깝습니다. 거기서 출발해 가장 작은 두
# 학습률은 열 에폭 동안 거의 움직이지 않고, 두 학습률은 잘 배우며, 30에서는 손실이 처음보다 커집니다. 발산한 것입니다.
# 3에서는 폭발하지는 않지만, 처음 몇 걸음이 너무 커서 은닉 뉴런이 모두 죽었고(06강), 남은 것은 찍기뿐입니다. 좋은
# 학습률과 모든 것을 망치는 학습률 사이는 겨우 열 배입니다. 언제나 학습률부터 찾아보는 것이 이득입니다.
#
# ## 학습률 범위 테스트
#
# 학습률을 하나씩 시험하면 그때마다 학습을 한 번씩 해야 합니다. 레슬리 스미스의 **범위 테스트**(2017)는 짧은 실행 한
# 번으로 끝납니다. 아주 작은 학습률로 시작해 배치마다 일정한 배수로 키우면서 손실을 지켜봅니다. 학습률이 충분히 커지면
# 손실이 떨어지기 시작하고, 너무 커지면 다시 올라갑니다.
#
# $$ \eta_k = \eta_{\text{low}} \left( \frac{\eta_{\text{high}}}{\eta_{\text{low}}} \right)^{k / (K - 1)} $$
#
# 이 테스트는 복사본에서 실행되며, 모델은 그대로 남습니다.

# %%
model = network(0.01)
found = nn.teach.learning_rate_range(model, x, y, low=1e-4, high=100.0)
print(found)
suggested, _ = train(found.suggestion, 10)
print(f"ten epochs at {found.suggestion:g}: test accuracy {suggested.evaluate(x_test, y_test)['accuracy']:.1%}")
for rate in (0.0003, 0.3, 30.0):
    print(f"\nupdates at rate {rate:g}: {nn.teach.update_ratios(network(rate), x, y).verdict}")

# %% [markdown]
# 두 번째 도구는 한 번의 갱신을 그것이 바꾸는 가중치의 크기와 비교합니다. 보통 천분의 일 정도입니다.
#
# ## 학습률 스케줄
#
# 처음에는 갈 길이 머니까 큰 걸음이 좋습니다. 마지막에는 작은 걸음이 좋습니다. 학습률이 일정하면 미니배치의 잡음
# 때문에 멈추지 못하기 때문입니다(04강). **스케줄**은 학습하는 동안 학습률을 낮춥니다. 예를 들어 코사인 반 주기를 따라
#
# $$ \eta_k = \frac{\eta_0}{2} \left( 1 + \cos \frac{\pi k}{K} \right) $$
#
# 처럼 낮춥니다. 가중치가 아직 무작위이고 기울기가 큰 처음에는 **워밍업**(warm-up)으로 시작하는 일도 많습니다. 잡음이
# 강한 배치 크기 4에서 네 가지를 비교해 봅시다.

# %%
EPOCHS, RATE = 12, 0.5
STEPS = EPOCHS * math.ceil(len(x) / 4)
schedules = {
    "constant": nn.schedules.Constant(RATE),
    "steps of 1/3": nn.schedules.StepDecay(RATE, STEPS // 4, 1 / 3),
    "exponential": nn.schedules.ExponentialDecay(RATE, STEPS, 0.01),
    "warm-up + cosine": nn.schedules.CosineDecay(0.0, STEPS - STEPS // 10, 0.0, RATE, STEPS // 10),
}
losses = {}
print("schedule           first rate   last rate   mean loss of 5 seeds, last epoch   test accuracy")
for name, schedule in schedules.items():
    runs, accuracies = [], []
    for seed in range(5):
        model = nn.Sequential([nn.layers.Dense(32, activation="relu"), nn.layers.Dense(10)], seed=seed)
        model.compile(nn.optimizers.SGD(schedule), nn.losses.SparseCategoricalCrossentropy(), ["accuracy"])
        runs.append(model.fit(x, y, batch_size=4, epochs=EPOCHS, verbose=0).history["loss"])
        accuracies.append(model.evaluate(x_test, y_test)["accuracy"])
    losses[name] = np.mean(runs, axis=0)
    rates = f"{schedule(0):12.4f} {schedule(STEPS - 1):11.4f}"
    print(f"{name:17} {rates} {losses[name][-1]:34.4f} {np.mean(accuracies):15.2%}")

try:
    figure = new_figure(12, 7)
except MissingDependency as error:
    print(f"no picture: {error}")
else:
    axes = figure.add_subplot(2, 2, 1)
    across, up = np.meshgrid(np.linspace(-1.7, 0.6, 80), np.linspace(-0.7, 0.7, 80))
    axes.contour(across, up, 0.5 * (RAVINE[0] * across**2 + RAVINE[1] * up**2), 12, colors="0.85")
    for rate, way in ways.items():
        axes.plot(*np.clip(way, -0.7 - (np.arange(2) == 0), 0.7).T, ".-", lw=0.8, markersize=4, label=f"rate {rate}")
    axes.set(title="a ravine, 25 steps", xlabel="along", ylabel="across")
    axes.legend(fontsize=7)
    axes = figure.add_subplot(2, 2, 2)
    for rate, curve in curves.items():
        axes.semilogy(curve, label=f"rate {rate:g}")
    axes.set(title="digits", xlabel="epoch", ylabel="training loss", ylim=(5e-3, 20))
    axes.legend(fontsize=7)
    found.draw(figure.add_subplot(2, 2, 3))
    axes = figure.add_subplot(2, 2, 4)
    for name, curve in losses.items():
        axes.semilogy(range(1, EPOCHS + 1), curve, label=name)
    axes.set(title="schedules", xlabel="epoch", ylabel="training loss")
    axes.legend(fontsize=7)
    figure.savefig(PICTURE, dpi=100)
    print(f"picture: {PICTURE}")

# %% [markdown]
# ![좁은 골짜기, 여섯 가지 학습률, 범위 테스트, 네 가지 스케줄](05_learning_rate.png)
#
# **무엇을 볼까요.** 학습률이 일정하면 손실이 천천히 줄어듭니다. 처음에 빠르게 내려오게 해 준 큰 걸음이 이제는
# 골짜기를 뛰어넘기 때문입니다. 나머지는 골짜기 바닥에 자리를 잡고, 시험 숫자도 더 많이 맞힙니다. 갈 길이 멀 때는 큰
# 걸음, 도착할 때는 작은 걸음. 스케줄은 그것을 위한 것입니다.
#
# ## 생각해 볼 문제
#
# 1. $L(w) = 3 w^2$은 어떤 학습률에서 수렴하나요? 한 걸음에 도착하는 학습률은 얼마인가요? 손으로 계산해 보세요.
# 2. 입력이 100배 커지면 곡률은, 따라서 학습률의 한계는 어떻게 되나요? 이것은 데이터의 스케일을 맞추는 일에 대해
#    무엇을 말해 주나요? `nn.teach.loss_at_chance(model, 100 * x, y)`가 알아차립니다.
# 3. 모멘텀은 골짜기를 굴러서 지나갑니다. `walk`에서 `reference.update`를 `reference.update_momentum`으로 바꿔 보세요.
#    그런 다음 직접 작성해 보세요: `nn.teach.exercise("momentum")`.
# 4. Adam은 가중치마다 걸음의 크기를 다르게 합니다: `nn.teach.exercise("adam")`. `nn.optimizers.Adam()`으로 범위
#    테스트를 실행해 보세요. 범위가 왜 다를까요? 버그 박물관에는 `nn.teach.exhibit("adam_from_zero")`가 있습니다.

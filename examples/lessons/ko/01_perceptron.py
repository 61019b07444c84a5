# %% [markdown]
# # 01 퍼셉트론과 결정 경계
#
# **시간:** 읽고 실습하는 데 30분, 코드 실행은 몇 초. **선수 지식:** 벡터와 파이썬 기초면 충분합니다.
#
# 이 강의에서 배우는 것
#
# - 퍼셉트론이 무엇을 계산하는지, 그리고 그것이 결국 직선 하나를 긋는 일이라는 것
# - 실수로부터 배우는 퍼셉트론 학습 규칙을 종이 위에서처럼 한 단계씩 따라가기
# - AND와 OR에서 학습이 반드시 끝나는 이유, 그리고 얼마나 빨리 끝나는지
# - 어떤 퍼셉트론도 XOR를 계산할 수 없는 이유

# %%
import inspect

import numpy as np

import numbanet as nn
from numbanet.errors import MissingDependency
from numbanet.figures import new_figure
from numbanet.kernels.perceptron import reference

PICTURE = "01_perceptron.png"

# %% [markdown]
# ## 뉴런 하나
#
# 1958년 프랭크 로젠블랫은 인공 뉴런 하나로 된 기계를 발표했습니다. 입력마다 가중치를 곱해 모두 더한 뒤, 그 합이
# 문턱값에 이르면 1을, 아니면 0을 출력합니다.
#
# $$ s = \sum_{i} w_i x_i + b, \qquad y = \begin{cases} 1 & s \ge 0 \\ 0 & s < 0 \end{cases} $$
#
# $w_i$는 **가중치**(weight), $b$는 **편향**(bias), $s$는 점수이고, 0에서 1로 뛰는 함수가 이 뉴런의 활성화 함수인
# **계단 함수**입니다. 입력이 두 개일 때 점수가 정확히 0인 점들은 다음 직선 위에 놓입니다.
#
# $$ w_1 x_1 + w_2 x_2 + b = 0 $$
#
# 가중치 $(w_1, w_2)$는 이 직선에 수직으로 서서 1인 쪽을 가리키는 화살표입니다. 퍼셉트론이 아는 것은 단 하나,
# 점이 직선의 어느 쪽에 있는가입니다. 이 직선을 **결정 경계**라고 부릅니다.
#
# 먼저 손으로 가중치를 골라 봅시다. AND를 계산하는 $w_1, w_2, b$는 무엇일까요?

# %%
INPUTS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
GATES = {"AND": [0, 0, 0, 1], "OR": [0, 1, 1, 1], "XOR": [0, 1, 1, 0]}


def output(x, w, b):
    return 1 if np.dot(w, x) + b >= 0 else 0


for name, w, b in (("AND", (1, 1), -1.5), ("OR", (1, 1), -0.5)):
    answers = [output(x, w, b) for x in INPUTS]
    print(f"{name} with w = {w}, b = {b}: inputs 00 01 10 11 give {answers}, right is {GATES[name]}")

# %% [markdown]
# ## 학습 규칙
#
# 기계가 이런 가중치를 스스로 찾으려면 어떻게 해야 할까요? 로젠블랫의 규칙은 샘플을 하나씩 차례로 봅니다. 답 $y$가
# 맞으면 아무 일도 하지 않습니다. 틀리면 맞았어야 할 방향으로 가중치를 옮깁니다. 정답(목표값)을 $t$, 학습률을
# $\eta$라고 하면
#
# $$ e = t - y, \qquad w_i \leftarrow w_i + \eta\, e\, x_i, \qquad b \leftarrow b + \eta\, e $$
#
# 오차 $e$는 $-1$, $0$, $1$ 중 하나입니다. 왜 이렇게 하면 나아질까요? 한 번 고친 뒤 같은 샘플의 점수를 다시 계산해
# 봅시다.
#
# $$ s' = \sum_i (w_i + \eta e x_i) x_i + b + \eta e = s + \eta\, e \left(1 + \sum_i x_i^2\right) $$
#
# 괄호 안은 항상 양수이므로 점수는 $e$의 방향으로 움직입니다. 1이어야 했다면 올라가고, 0이어야 했다면 내려갑니다.
# 샘플이 제자리를 찾을 때까지 여러 번 방문해야 할 수도 있습니다.
#
# 라이브러리에서 실제로 실행되는 반복문은 다음과 같습니다.

# %%
print(inspect.getsource(reference.epoch.function))

# %% [markdown]
# ## 손으로 따라가기: OR를 샘플 하나씩
#
# 반복문이 하는 일을 그대로 하면서 모든 줄을 적어 봅시다. 실수가 하나도 없는 에폭(전체 샘플을 한 바퀴 도는 것)이
# 나오면 멈춥니다. 다음으로 넘어가기 전에 몇 줄은 연필로 직접 확인해 보세요.

# %%
w, b, rate = np.zeros(2), 0.0, 1.0
print("pass | x1 x2 | score  y  t  error | w1    w2    b")
for epoch in range(1, 10):
    mistakes = 0
    for x, t in zip(INPUTS, GATES["OR"], strict=True):
        score = np.dot(w, x) + b
        y = 1 if score >= 0 else 0
        error = t - y
        w, b = w + rate * error * x, b + rate * error
        mistakes += error != 0
        print(f"{epoch:4} | {x[0]:2} {x[1]:2} | {score:5.1f} {y:2} {t:2} {error:6} | {w[0]:4.1f} {w[1]:5.1f} {b:5.1f}")
    if mistakes == 0:
        break

unit = nn.Perceptron(learning_rate=1.0).fit(INPUTS, GATES["OR"])
print(f"\nby hand:       w = {w}, b = {b}, after {epoch} passes")
print(f"nn.Perceptron: w = {unit.weights}, b = {unit.bias[0]}, after {len(unit.mistakes)} passes")
print("the same numbers" if (unit.weights == w).all() and unit.bias[0] == b else "OTHER NUMBERS")

# %% [markdown]
# **무엇을 볼까요.** 가중치는 오차가 0이 아닌 줄에서만 움직입니다. 첫 번째 입력 $(0, 0)$은 $x_i$가 모두 0이므로
# 편향만 바꿀 수 있습니다. 그리고 손으로 얻은 숫자는, 같은 반복문을 컴파일해 실행하는 `nn.Perceptron`의 숫자와
# 정확히 같습니다.
#
# ## 세 가지 게이트

# %%
units = {}
for name, targets in GATES.items():
    units[name] = unit = nn.Perceptron(learning_rate=1.0).fit(INPUTS, targets, epochs=30)
    shown = " ".join(map(str, unit.mistakes[:14])) + (" ..." if len(unit.mistakes) > 14 else "")
    print(f"{name:3}: mistakes in each pass: {shown}")
    w, b = unit.weights, unit.bias[0]
    if unit.converged:
        print(f"     learned: 1 where {w[0]:+g} x1 {w[1]:+g} x2 {b:+g} >= 0")
    else:
        print(f"     no end after {len(unit.mistakes)} passes: it answers {unit.predict(INPUTS)}, right is {targets}")

# %% [markdown]
# AND와 OR는 몇 번 만에 끝납니다. XOR는 끝나지 않습니다. 에폭마다 실수가 나오고, 가중치는 같은 자리를 맴돕니다.
#
# ## XOR가 불가능한 이유
#
# 학습 규칙이 잘못된 것이 아닙니다. 어떤 $w_1, w_2, b$가 XOR를 계산한다고 가정해 봅시다. 그러면 입력 00, 01, 10,
# 11에 대해 차례로
#
# $$ b < 0, \qquad w_2 + b \ge 0, \qquad w_1 + b \ge 0, \qquad w_1 + w_2 + b < 0 $$
#
# 이어야 합니다. 가운데 두 식을 더하면 $w_1 + w_2 + 2b \ge 0$입니다. 첫 식과 마지막 식을 더하면
# $w_1 + w_2 + 2b < 0$입니다. 둘 다 성립할 수는 없으므로 그런 가중치는 없습니다. 01과 10을 한쪽에, 00과 11을 다른
# 쪽에 두는 직선은 존재하지 않습니다. 민스키와 패퍼트는 이 사실에서 무엇이 따라 나오는지를 책 한 권에 걸쳐
# 다루었습니다(1969).
#
# 그림도 같은 이야기를 합니다. 각 퍼셉트론이 찾은 결정 경계와, XOR에서는 멈춘 순간의 직선입니다.


# %%
def draw(axes, unit, x, targets, title):
    """The points, the side on which the unit says 1, and its boundary."""
    low, high = x.min(axis=0) - 0.6, x.max(axis=0) + 0.6
    across, up = np.meshgrid(np.linspace(low[0], high[0], 300), np.linspace(low[1], high[1], 300))
    scores = unit.weights[0] * across + unit.weights[1] * up + unit.bias[0]
    axes.contourf(across, up, scores >= 0, levels=[-0.5, 0.5, 1.5], colors=["#dbe7f5", "#f9dfc8"])
    if np.ptp(scores) > 0:
        axes.contour(across, up, scores, levels=[0], colors="0.2")
    targets = np.asarray(targets)
    for label, colour, marker in ((0, "C0", "o"), (1, "C1", "s")):
        axes.scatter(*x[targets == label].T, c=colour, marker=marker, edgecolors="k", label=f"target {label}", zorder=3)
    axes.set(title=title, xlabel="x1", ylabel="x2", xlim=(low[0], high[0]), ylim=(low[1], high[1]))


random = np.random.default_rng(3)
clouds = np.concatenate([random.normal((-1.2, 0.0), 0.6, (40, 2)), random.normal((1.6, 1.4), 0.6, (40, 2))])
sides = np.repeat([0, 1], 40)
separator = nn.Perceptron().fit(clouds, sides, epochs=1000)
try:
    figure = new_figure(12, 3.4)
except MissingDependency as error:
    print(f"no picture: {error}")
else:
    for place, (name, targets) in enumerate(GATES.items()):
        title = name if units[name].converged else f"{name}: not learned"
        draw(figure.add_subplot(1, 4, place + 1), units[name], INPUTS, targets, title)
    draw(figure.add_subplot(1, 4, 4), separator, clouds, sides, f"80 points, {sum(separator.mistakes)} mistakes")
    figure.axes[0].legend(loc="lower right", fontsize=7)
    figure.savefig(PICTURE, dpi=100)
    print(f"picture: {PICTURE}")

# %% [markdown]
# ![AND, OR, XOR와 두 점 구름의 결정 경계](01_perceptron.png)
#
# **무엇을 볼까요.** AND의 경계는 11과 나머지 사이를, OR의 경계는 00과 나머지 사이를 지납니다. 꼭 한가운데를 지날
# 필요는 없고, 점수가 정확히 0이어도 1로 치므로 네모에 닿아도 됩니다. 틀린 쪽에 있는 점이 없어지는 순간 학습이 멈추기
# 때문입니다. XOR에서는 언제나 어느 한 꼭짓점이
# 틀립니다. 오른쪽의 두 점 구름은 직선으로 나눌 수 있고, 실제로 나누어졌습니다.
#
# ## 실수는 최대 몇 번일까?
#
# 두 클래스를 나누는 직선이 있기만 하면 이 규칙은 반드시 그런 직선을 찾습니다(노비코프, 1962). 편향을 위해 값이 1인
# 축을 하나 더한 공간에서, 모든 점이 어떤 분리 경계로부터 적어도 $\gamma$만큼 떨어져 있다고 합시다. 이 거리를
# **마진**(margin)이라고 합니다. 또 $1 + \sum_i x_i^2$의 최댓값을 $R^2$이라고 합시다. 그러면 모든 에폭을 통틀어
# 실수의 횟수는 샘플의 순서와 상관없이
#
# $$ \left( \frac{R}{\gamma} \right)^2 $$
#
# 번을 넘지 않습니다. 가까운 클래스는 어렵고 먼 클래스는 쉽습니다. 점의 개수는 이 식에 들어 있지 않습니다. 두 점
# 구름 사이의 간격을 좁혀 가면서 재어 봅시다.


# %%
def margin(x, targets):
    """The best margin that ten thousand directions of a boundary offer."""
    directions = np.random.default_rng(0).standard_normal((10_000, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    signed = np.where(targets == 1, 1, -1)[:, None] * (np.column_stack([x, np.ones(len(x))]) @ directions.T)
    return signed.min(axis=0).max()


print("gap   margin  mistakes  bound   (means of 20 sets of 200 points)")
for gap in (2.0, 1.0, 0.5, 0.25, 0.1):
    found = []
    for _ in range(20):
        labels = np.arange(200) % 2
        points = random.uniform(-1, 1, (200, 2))
        points[:, 0] = np.where(labels == 1, 1, -1) * (np.abs(points[:, 0]) + gap / 2)
        unit = nn.Perceptron().fit(points, labels, epochs=10_000)
        gamma, largest = margin(points, labels), 1 + (points**2).sum(axis=1).max()
        found.append((gamma, sum(unit.mistakes), largest / gamma**2))
    print("{:4.2f} {:7.3f} {:9.1f} {:6.0f}".format(gap, *np.mean(found, axis=0)))

# %% [markdown]
# **무엇을 볼까요.** 구름이 가까울수록 실수가 많아집니다. 상한은 언제나 지켜지지만, 실제 횟수보다 훨씬 큽니다.
#
# 뉴런 하나는 직선 하나를 긋습니다. 다음 강의에서는 여러 뉴런을 나란히 놓고 그 위에 하나를 더 얹습니다. 그러면
# XOR도 쉬워집니다.
#
# ## 생각해 볼 문제
#
# 1. 가중치를 0에서 시작하면 학습률 $\eta$는 퍼셉트론의 답에 아무 영향을 주지 않습니다. $\eta$를 바꾸면 모든 가중치가
#    같은 비율로 커지거나 작아질 뿐, 점수의 부호는 그대로이기 때문입니다. `learning_rate=0.01`로 확인해 보세요.
#    학습률이 의미를 갖는 것은 어떤 때일까요?
# 2. NAND와 NOR의 가중치를 손으로 찾아 보세요. 모든 논리 함수는 NAND 게이트만으로 만들 수 있습니다. 이 사실은 뉴런이
#    여러 개인 신경망에 대해 무엇을 약속해 줄까요?
# 3. 점 80개 가운데 하나의 정답을 뒤집어 보세요. `unit.mistakes`는 어떻게 변하나요? 그래도 가장 좋은 직선을 찾으려면
#    어떻게 해야 할까요?
# 4. 학습 규칙을 직접 작성해 보세요. `nn.teach.exercise("perceptron_rule")`은 규칙이 비어 있는 파일을 만들어 주고,
#    `nn.teach.grade(file)`은 여러분의 답을 채점해 줍니다.

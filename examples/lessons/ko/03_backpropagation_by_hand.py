# %% [markdown]
# # 03 손으로 하는 역전파
#
# **시간:** 연필과 종이로 60분, 코드 실행은 몇 초. **선수 지식:** 02강, 미분과 연쇄 법칙.
#
# 이 강의에서 배우는 것
#
# - 입력 2개, 은닉 뉴런 2개, 출력 1개인 신경망에서 숫자를 앞으로 전파하는 방법 (순전파)
# - 연쇄 법칙으로 기울기를 뒤로 전파하는 방법 (역전파), 그리고 $\delta$가 무엇인지
# - 신경망이 정확히 이 일을 한다는 것: 손으로 구한 모든 숫자가 신경망의 메모리에 그대로 들어 있습니다
# - 중심 차분으로 기울기가 맞는지 증명하는 방법

# %%
import math

import numpy as np

import numbanet as nn
from numbanet.errors import MissingDependency
from numbanet.figures import new_figure

PICTURE = "03_backpropagation_by_hand.png"

# %% [markdown]
# ## 신경망
#
# 입력 두 개, 시그모이드 $\sigma(z) = 1 / (1 + e^{-z})$를 쓰는 은닉 뉴런 두 개, 시그모이드를 쓰는 출력 하나, 그리고
# 손실 함수는 제곱 오차입니다. 샘플은 하나, 입력은 $x = (1, 0.5)$이고 목표값은 $t = 1$입니다. 계산기로 따라갈 수
# 있도록 가중치는 간단한 숫자로 정했습니다.
#
# $$ W_1 = \begin{pmatrix} 0.5 & -1 \\ 1 & 0.5 \end{pmatrix} \quad b_1 = (0, \; 0.5) \qquad
#    W_2 = \begin{pmatrix} 1 \\ -2 \end{pmatrix} \quad b_2 = 0.5 $$
#
# 가중치의 행은 출발하는 곳, 열은 도착하는 곳입니다. $W_1[0, 1] = -1$은 $x_0$에서 은닉 뉴런 1로 가는 가중치입니다.

# %%
x0, x1, t = 1.0, 0.5, 1.0
w00, w01, w10, w11 = 0.5, -1.0, 1.0, 0.5  # W1: from input to hidden unit
b0, b1 = 0.0, 0.5
v0, v1, c = 1.0, -2.0, 0.5  # W2: from hidden unit to the output, and its bias


def sigmoid(z):
    return 1 / (1 + math.exp(-z))


# %% [markdown]
# ## 순전파
#
# 모든 뉴런은 먼저 **활성화 전 값** $z$를 더해서 구하고, 거기에 활성화 함수를 적용해 **출력** $a$를 얻습니다.
#
# $$ z_j = b_j + \sum_i x_i W_1[i, j], \qquad a_j = \sigma(z_j) $$
#
# 출력 뉴런의 값은 $z_y$와 $y$라고 부르겠습니다. 출력 뉴런은 은닉층의 출력으로 같은 일을 하고, 손실 함수가 그 결과를
# 목표값과 비교합니다.
#
# $$ z_y = b_2 + \sum_j a_j W_2[j], \qquad y = \sigma(z_y), \qquad L = (y - t)^2 $$

# %%
z0 = b0 + x0 * w00 + x1 * w10
z1 = b1 + x0 * w01 + x1 * w11
a0, a1 = sigmoid(z0), sigmoid(z1)
zy = c + a0 * v0 + a1 * v1
y = sigmoid(zy)
loss = (y - t) ** 2
print(f"z0 = {b0} + {x0} * {w00} + {x1} * {w10} = {z0:.6f}      a0 = sigmoid(z0) = {a0:.6f}")
print(f"z1 = {b1} + {x0} * {w01} + {x1} * {w11} = {z1:.6f}    a1 = sigmoid(z1) = {a1:.6f}")
print(f"zy = {c} + {a0:.6f} * {v0} + {a1:.6f} * {v1} = {zy:.6f}   y = sigmoid(zy) = {y:.6f}")
print(f"L  = ({y:.6f} - {t})^2 = {loss:.6f}")

# %% [markdown]
# ## 역전파
#
# 가중치를 조금 돌리면 손실은 얼마나 변할까요? 연쇄 법칙이 끝에서 처음 방향으로 답해 줍니다. 먼저 손실을 출력으로,
# 그리고 출력의 활성화 전 값으로 미분합니다. 시그모이드의 도함수는 $\sigma' = \sigma (1 - \sigma)$라는 편리한
# 꼴입니다.
#
# $$ \frac{\partial L}{\partial y} = 2 (y - t), \qquad
#    \delta_y = \frac{\partial L}{\partial z_y} = \frac{\partial L}{\partial y} \; y (1 - y) $$
#
# 활성화 전 값에 대한 미분을 **델타**(delta)라고 부릅니다. 뉴런에 대해 알아야 할 것은 이것뿐입니다. 가중치는 자기
# 입력과 곱해져서 $z$에 들어가므로, 가중치의 기울기는 *델타 곱하기 입력*이고 편향의 기울기는 델타 그 자체입니다.
#
# $$ \frac{\partial L}{\partial W_2[j]} = \delta_y \, a_j, \qquad \frac{\partial L}{\partial b_2} = \delta_y $$
#
# 은닉층의 출력은 가중치와 곱해져서 $z_y$에 들어갑니다. 그래서 기울기는 같은 가중치를 따라 거꾸로 흐릅니다.
#
# $$ \frac{\partial L}{\partial a_j} = \delta_y \, W_2[j], \qquad
#    \delta_j = \frac{\partial L}{\partial a_j} \; a_j (1 - a_j) $$
#
# 그 다음은 한 층 아래에서 똑같은 일의 반복입니다.
#
# $$ \frac{\partial L}{\partial W_1[i, j]} = \delta_j \, x_i, \qquad \frac{\partial L}{\partial b_1[j]} = \delta_j,
#    \qquad \frac{\partial L}{\partial x_i} = \sum_j \delta_j \, W_1[i, j] $$
#
# 입력 하나는 두 은닉 뉴런에 모두 들어가므로, 그 기울기는 손실에 이르는 모든 길에 대한 *합*입니다. 역전파에서 일어나는
# 일은 이것이 전부이고, 신경망이 아무리 커도 마찬가지입니다.

# %%
dy = 2 * (y - t)
delta_y = dy * y * (1 - y)
dv0, dv1, dc = delta_y * a0, delta_y * a1, delta_y
da0, da1 = delta_y * v0, delta_y * v1
delta0, delta1 = da0 * a0 * (1 - a0), da1 * a1 * (1 - a1)
dw00, dw01, dw10, dw11 = delta0 * x0, delta1 * x0, delta0 * x1, delta1 * x1
dx0, dx1 = delta0 * w00 + delta1 * w01, delta0 * w10 + delta1 * w11
print(f"dL/dy   = 2 * ({y:.6f} - {t}) = {dy:+.6f}")
print(f"delta_y = {dy:+.6f} * {y:.6f} * (1 - {y:.6f}) = {delta_y:+.6f}")
print(f"dW2     = ({delta_y:+.6f} * {a0:.6f}, {delta_y:+.6f} * {a1:.6f}) = ({dv0:+.6f}, {dv1:+.6f}),  db2 = {dc:+.6f}")
print(f"da      = ({delta_y:+.6f} * {v0}, {delta_y:+.6f} * {v1}) = ({da0:+.6f}, {da1:+.6f})")
print(f"delta_0 = {da0:+.6f} * {a0:.6f} * (1 - {a0:.6f}) = {delta0:+.6f}")
print(f"delta_1 = {da1:+.6f} * {a1:.6f} * (1 - {a1:.6f}) = {delta1:+.6f}")
print(f"dW1     = ({dw00:+.6f} {dw01:+.6f}; {dw10:+.6f} {dw11:+.6f}),  db1 = ({delta0:+.6f}, {delta1:+.6f})")
print(f"dx      = ({dx0:+.6f}, {dx1:+.6f})")

# %% [markdown]
# **무엇을 볼까요.** $W_2$의 기울기는 모두 음수입니다. 두 은닉 출력이 모두 양수이고 답은 너무 작으므로, 가중치가 더
# 크면 답이 나아집니다. 기울기는 *빼야* 하는 값이니까요. 은닉 뉴런 1을 보세요. 출력으로 가는 가중치가 $-2$라서 부호가
# 뒤집힙니다.
#
# ## 라이브러리에서 똑같이
#
# 이제 같은 신경망을 모델로 만듭니다. `"reference"` 장치는 교과서에 나오는 반복문을 float64로 실행합니다. `trace`는
# `gradients`와 같은 단계를 실행하면서 모든 배열을 교과서의 이름으로 남겨 둡니다.

# %%
model = nn.Sequential(
    [
        nn.layers.Dense(2, activation="sigmoid", name="hidden"),
        nn.layers.Dense(1, activation="sigmoid", name="output"),
    ]
)
model.build((2,), device="reference", dtype="float64")
model.compile(nn.optimizers.SGD(0.5), "mse")
model.set_weights([np.array([[w00, w01], [w10, w11]]), np.array([b0, b1]), np.array([[v0], [v1]]), np.array([c])])
x, target = np.array([[x0, x1]]), np.array([[t]])
trace = model.trace(x, target)
print(trace)

# %% [markdown]
# 종이에 적은 것과 한 줄씩 비교해 보세요. 눈만 믿지 않도록 코드로도 확인합니다.

# %%
mine = {
    "hidden": {"z": [z0, z1], "a": [a0, a1], "da": [da0, da1], "delta": [delta0, delta1], "db": [delta0, delta1]},
    "output": {"z": [zy], "a": [y], "da": [dy], "delta": [delta_y], "dW": [dv0, dv1], "db": [dc]},
}
mine["hidden"] |= {"dW": [dw00, dw01, dw10, dw11], "dx": [dx0, dx1]}
largest = abs(trace.loss - loss)
for layer, arrays in mine.items():
    for name, by_hand in arrays.items():
        found = getattr(trace[layer], name).ravel()
        largest = max(largest, np.abs(found - by_hand).max())
        print(f"{layer:6} {name:5} by hand {np.round(by_hand, 6)}, in the network {np.round(found, 6)}")
print(f"largest difference: {largest:.1e}", "- the same numbers" if largest < 1e-15 else "- OTHER NUMBERS")

# %% [markdown]
# ## 이 일을 하는 반복문
#
# 샘플이 여러 개이면 기울기는 모든 샘플에 대한 합입니다($1/N$은 손실 함수에 들어 있습니다). `explain`은 은닉층의
# 순전파와 역전파에서 실제로 실행되는 모든 반복문을 보여 주고, 결과마다 원소 하나를 우리 숫자로 계산해 보여 줍니다.
# `dw[0, 1]`처럼 여러분이 종이에 적은 줄을 찾아보세요.

# %%
print(nn.teach.explain(trace["hidden"], element="dw[0, 1]"))

# %% [markdown]
# ## 언덕 내려가기
#
# 경사 하강법의 한 단계는 학습률을 곱한 기울기를 가중치에서 빼는 것입니다. 손실은 대략 $\eta$ 곱하기 기울기 길이의
# 제곱만큼 줄어들어야 합니다.

# %%
_, gradients = model.gradients(x, target)
squared = sum(float((g**2).sum()) for g in gradients)
weights = model.get_weights()
print("learning rate   loss before   after one step   fell by   predicted")
for rate in (0.01, 0.1, 0.5, 2.0):
    model.set_weights([w - rate * g for w, g in zip(weights, gradients, strict=True)])
    after = model.loss_value(x, target)
    print(f"{rate:13} {loss:13.6f} {after:16.6f} {loss - after:9.6f} {rate * squared:11.6f}")
model.set_weights(weights)

# %% [markdown]
# 걸음이 작을 때는 예측이 정확합니다. 걸음이 크면 손실 곡선이 접선에서 벗어납니다. 자세한 이야기는 05강에서 이어집니다.
#
# ## 기울기가 맞는지 어떻게 알까?
#
# 기울기가 틀려도 프로그램은 좀처럼 멈추지 않습니다. 신경망은 여전히 학습하고, 다만 더 나쁘게 학습할 뿐입니다. 그래서
# 검증이 필요합니다. 미분은 손실의 기울기이고, 기울기는 잴 수 있습니다. 가중치를 양쪽으로 조금씩 돌려 보는 것입니다.
#
# $$ \frac{\partial L}{\partial w} \approx \frac{L(w + h) - L(w - h)}{2h} $$
#
# 이것을 **중심 차분**이라 하고, 오차는 $h^2$에 비례해 줄어듭니다. $h$가 너무 크면 곡선이 직선에서 벗어나고, 너무
# 작으면 반올림 오차가 차이를 망칩니다. $W_1[0, 1]$로 확인해 봅시다.

# %%
steps, errors = 10.0 ** -np.arange(1, 13), []
print("h         central difference   error")
for h in steps:
    ends = []
    for sign in (1, -1):
        changed = [w.copy() for w in weights]
        changed[0][0, 1] += sign * h
        model.set_weights(changed)
        ends.append(model.loss_value(x, target))
    slope = (ends[0] - ends[1]) / (2 * h)
    errors.append(abs(slope - dw01))
    print(f"{h:.0e} {slope:+21.12f}   {errors[-1]:.1e}")
model.set_weights(weights)
print(f"backpropagation {dw01:+.12f}\n")
nn.check_gradients(model, x, target)

try:
    figure = new_figure(9.5, 3.4)
except MissingDependency as error:
    print(f"no picture: {error}")
else:
    axes = figure.add_subplot(1, 2, 1)
    axes.loglog(steps, errors, "o-")
    axes.set(title="central differences of dL/dW1[0, 1]", xlabel="h", ylabel="error")
    axes.grid(alpha=0.3)
    axes = figure.add_subplot(1, 2, 2)
    around = np.linspace(-4, 4, 81)
    curve = []
    for move in around:
        changed = [w.copy() for w in weights]
        changed[0][0, 1] += move
        model.set_weights(changed)
        curve.append(model.loss_value(x, target))
    model.set_weights(weights)
    axes.plot(w01 + around, curve, label="loss")
    axes.plot(w01 + around, loss + dw01 * around, "--", label="slope from backpropagation")
    axes.plot(w01, loss, "ko")
    axes.set(title="the loss along one weight", xlabel="W1[0, 1]", ylim=(min(curve) - 0.05, max(curve) + 0.05))
    axes.legend()
    axes.grid(alpha=0.3)
    figure.savefig(PICTURE, dpi=100)
    print(f"picture: {PICTURE}")

# %% [markdown]
# ![중심 차분의 오차와, 가중치 하나를 따라 그린 손실](03_backpropagation_by_hand.png)
#
# **무엇을 볼까요.** $h = 0.1$부터 시작해 $h^2$이 말하는 대로 한 칸마다 오차가 100분의 1로 줄다가, 어느 순간부터
# 반올림 오차가 커집니다. `check_gradients`는 더 나은 공식(리처드슨 외삽)으로 모든 배열의 모든 원소에 대해 이 일을
# 합니다. 직접 만든 층에는 언제나 써 보세요.
#
# ## 생각해 볼 문제
#
# 1. 은닉층에 $\tanh$를 써서 처음부터 다시 계산해 보세요($\tanh' = 1 - \tanh^2$). 모델에서는 한 단어, 종이에서는 두
#    줄만 바꾸면 됩니다. 결과가 일치하나요?
# 2. 제곱 오차 대신 이진 교차 엔트로피 $L = -t \log y - (1 - t) \log(1 - y)$를 쓰면 $\delta_y$는 $y - t$가 됩니다.
#    유도해 보세요. 확신에 차서 틀린 뉴런이 이때 더 빨리 배우는 이유는 무엇일까요?
# 3. 두 은닉 뉴런을 똑같은 가중치로 시작해 보세요. $\delta_0$과 $\delta_1$에서 무엇을 알 수 있나요? 그것은 이후의 모든
#    단계에 어떤 결과를 가져올까요?
# 4. 층 하나의 순전파에는 곱셈이 몇 번 필요한가요? 역전파에는 몇 번 필요한가요?
# 5. 세 반복문을 직접 작성해 보세요: `nn.teach.exercise("dense_backward")`. 시그모이드의 미분은
#    `nn.teach.exercise("sigmoid_backward")`입니다. 버그 박물관의 `nn.teach.exhibit("derivative_at_the_wrong_point")`와
#    `nn.teach.exhibit("commented_out_sum")`에는 이제 여러분이 찾아낼 수 있는 실수가 숨어 있습니다.
# 6. 디버거로 반복문을 한 줄씩 따라가 보세요. `with nn.pure_python(): model.gradients(x, target)`을 실행하면
#    `numbanet/kernels/dense/reference.py`에 걸어 둔 중단점에서 멈춥니다.

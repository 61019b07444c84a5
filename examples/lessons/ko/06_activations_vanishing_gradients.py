# %% [markdown]
# # 06 활성화 함수와 기울기 소실
#
# **시간:** 읽고 실습하는 데 30분, 코드 실행은 몇 초. **선수 지식:** 03강 (손으로 하는 역전파).
#
# 이 강의에서 배우는 것
#
# - 시그모이드, tanh, ReLU와 그 도함수, 그리고 도함수가 지나가는 기울기에 하는 일
# - 시그모이드를 깊게 쌓은 신경망이 배우지 못하는 이유와, 그것을 층별로 확인하는 방법
# - 초기 가중치가 활성화 함수에 맞아야 하는 이유
# - ReLU가 죽는 과정과, 죽은 ReLU를 찾는 방법

# %%
import inspect

import numpy as np

import numbanet as nn
from numbanet.errors import MissingDependency
from numbanet.figures import new_figure
from numbanet.kernels.activations import reference

PICTURE = "06_activations_vanishing_gradients.png"
nn.set_num_threads(1)  # steps as short as these are too little work for two

# %% [markdown]
# ## 세 가지 활성화 함수
#
# 활성화 함수는 그대로 두면 직선으로 남을 것을 구부립니다(02강). 역사에 남은 것은 다음 세 가지입니다.
#
# $$ \sigma(z) = \frac{1}{1 + e^{-z}}, \qquad \tanh z, \qquad \text{ReLU}(z) = \max(z, 0) $$
#
# 역전파에서는 각각 기울기에 자신의 도함수를 곱합니다.
#
# $$ \sigma' = \sigma (1 - \sigma) \le \tfrac{1}{4}, \qquad \tanh' = 1 - \tanh^2 \le 1, \qquad
#    \text{ReLU}' = \begin{cases} 1 & z > 0 \\ 0 & z \le 0 \end{cases} $$
#
# 앞의 둘은 순전파가 메모리에 남겨 둔 *출력*만 있으면 계산할 수 있습니다. 반복문은 다음과 같습니다.

# %%
for loop in (reference.sigmoid_backward, reference.tanh_backward, reference.relu_backward):
    print(inspect.getsource(loop.function))

z = np.linspace(-6, 6, 241)
functions, slopes = {}, {}
print("z:               " + "".join(f"{value:8.1f}" for value in z[::40]))
for name in ("sigmoid", "tanh", "relu"):
    a, slope = np.empty_like(z), np.empty_like(z)
    getattr(reference, name)(z, a)
    getattr(reference, f"{name}_backward")(np.ones_like(z), z, a, slope)
    functions[name], slopes[name] = a, slope
    print(f"slope of {name:8}" + "".join(f"{value:8.4f}" for value in slope[::40]) + f"   largest {slope.max():.2f}")

# %% [markdown]
# **무엇을 볼까요.** $z = \pm 4$에서 시그모이드와 tanh는 **포화** 상태입니다. 평평해서 기울기가 거의 0입니다.
# 시그모이드의 기울기는 가장 클 때가 1/4이고, 그것도 한 점에서뿐입니다. ReLU는 전부 통과시키거나 전혀 통과시키지
# 않습니다.
#
# ## 여러 인수의 곱
#
# 층이 $K$개인 신경망에서 아래로 내려가는 기울기에는 층마다 활성화 함수의 기울기와 가중치가 곱해집니다.
#
# $$ \delta^{(k)} = \left( \delta^{(k+1)} W^{(k+1)\top} \right) \odot f'(z^{(k)}) $$
#
# 그러므로 첫 번째 층의 $\delta$는 이런 인수 $K$개의 곱입니다. 인수가 모두 $q$ 정도라면 $q^K$이 됩니다. $q = 1/4$이고
# 열 층이면 백만분의 일입니다. 이것이 **기울기 소실**(vanishing gradient)입니다(호흐라이터, 1991). $q > 1$이면
# 기울기가 **폭발**합니다. 은닉층이 열 개인 신경망을 학습하기 전에 `trace`로 들여다봅시다.

# %%
x, y = nn.datasets.load_digits()
DEPTH, WIDTH = 10, 64


def network(activation, initializer, rate=0.03):
    hidden = [
        nn.layers.Dense(WIDTH, activation=activation, kernel_initializer=initializer, name=f"hidden_{k}")
        for k in range(1, DEPTH + 1)
    ]
    model = nn.Sequential([*hidden, nn.layers.Dense(10, name="output")], seed=0)
    model.build((64,))
    model.compile(nn.optimizers.SGD(rate), nn.losses.SparseCategoricalCrossentropy(), ["accuracy"])
    return model


CASES = {
    "sigmoid, Glorot": ("sigmoid", "glorot_uniform"),
    "tanh, Glorot": ("tanh", "glorot_uniform"),
    "ReLU, Glorot": ("relu", "glorot_uniform"),
    "ReLU, He": ("relu", "he_uniform"),
}
deltas, spreads = {}, {}
for name, case in CASES.items():
    trace = network(*case).trace(x[:256], y[:256])
    layers = [trace[f"hidden_{k}"] for k in range(1, DEPTH + 1)]
    deltas[name] = [float(np.linalg.norm(layer.delta)) for layer in layers]
    spreads[name] = [float(layer.a.std()) for layer in layers]
print("norm of delta, before training")
print("layer" + "".join(f"{name:>17}" for name in CASES))
for k in reversed(range(DEPTH)):
    print(f"{k + 1:5}" + "".join(f"{deltas[name][k]:17.1e}" for name in CASES))
print("1/10 " + "".join(f"{deltas[name][0] / deltas[name][-1]:17.1e}" for name in CASES))

# %% [markdown]
# **무엇을 볼까요.** 기울기가 흐르는 순서대로 위에서부터 읽으세요. 시그모이드에서는 층마다 기울기의 대부분이 사라져서,
# 첫 번째 층에는 마지막 층의 백만분의 몇밖에 도착하지 않습니다. 첫 번째 층은 아무것도 배우지 못하고, 그 위의 층들은
# 잡음을 가지고 일합니다. tanh에서는 기울기의 대부분이 도착합니다.
#
# ReLU는 활성화 함수가 이야기의 절반일 뿐이라는 것을 보여 줍니다. 기울기가 0 아니면 1이라서, 가중치가 보충해 주지
# 않으면 층마다 기울기의 절반쯤이 사라집니다. 글로럿의 초기 가중치(2010)는 분산이 $2 / (I + O)$로, 기울기가 1에 가까운
# 함수를 위한 것입니다. 허(He)의 초기 가중치(2015)는 분산이
#
# $$ \text{Var}(W) = \frac{2}{I}, $$
#
# 즉 두 배이고, 그 절반을 보충하기 위한 것입니다. 순전파에서도 같은 일이 일어납니다. 분산이 맞지 않으면 신호 자체가
# 희미해집니다.

# %%
print("standard deviation of the outputs, before training")
print("layer" + "".join(f"{name:>17}" for name in CASES))
for k in range(0, DEPTH, 3):
    print(f"{k + 1:5}" + "".join(f"{spreads[name][k]:17.3f}" for name in CASES))

print("\naccuracy on the training digits after epoch 5, 10, 20, 30")
curves = {}
for name, case in CASES.items():
    model = network(*case)
    history = model.fit(x, y, batch_size=32, epochs=30, verbose=0).history
    curves[name] = history["loss"]
    print(f"{name:17}" + "".join(f"{history['accuracy'][k - 1]:9.1%}" for k in (5, 10, 20, 30)))

# %% [markdown]
# 깊은 시그모이드 신경망은 아무리 오래 학습해도 찍는 것(10 %)보다 나을 것이 없습니다. 글로럿 초기 가중치를 쓴 ReLU는
# 결국 배우기는 하지만 늦고, 허 초기 가중치를 쓴 ReLU와 tanh는 곧바로 배웁니다. 함수 호출 한 번이면 문제를 학습하기
# 전에 알 수 있습니다.

# %%
for name, case in CASES.items():
    print(f"{name}: {nn.teach.update_ratios(network(*case), x, y).verdict}\n")

# %% [markdown]
# ## 죽어 가는 ReLU
#
# ReLU에는 고유한 위험이 있습니다. 어떤 뉴런의 $z$가 *모든* 샘플에서 음수이면 출력도 모두 0, 기울기도 모두 0이 되어
# 가중치에 기울기가 더는 도착하지 않습니다. 이 뉴런은 **죽은** 것이고, 자기 가중치만으로는 되살아날 수 없습니다. 너무
# 큰 걸음이 이런 일을 일으킵니다. 편향이나 가중치를 아주 멀리 던져 버려서 어떤 샘플도 그 뉴런에 닿지 못하게 됩니다.
# 작은 신경망을 점점 큰 학습률로 학습시키면서 세어 봅시다.

# %%
print("activation   rate   dead units of 64   zeros among the outputs   accuracy")
dead = {}
for activation in ("relu", nn.layers.LeakyReLU(0.1)):
    for rate in (0.05, 0.1, 0.2, 0.4):
        model = nn.Sequential([nn.layers.Dense(64, activation=activation), nn.layers.Dense(10)], seed=0)
        model.compile(nn.optimizers.SGD(rate, momentum=0.9), nn.losses.SparseCategoricalCrossentropy(), ["accuracy"])
        model.fit(x, y, batch_size=32, epochs=5, verbose=0)
        outputs = nn.teach.layer_output(model, x, "dense")
        name = "ReLU" if activation == "relu" else "LeakyReLU"
        count = (
            nn.teach.dead_units(model, x).layers[0].dead if name == "ReLU" else int((outputs == 0).all(axis=0).sum())
        )
        dead[name, rate] = count
        accuracy = model.evaluate(x, y)["accuracy"]
        print(f"{name:10} {rate:6} {count:18} {(outputs == 0).mean():25.1%} {accuracy:10.1%}")

try:
    figure = new_figure(12, 7)
except MissingDependency as error:
    print(f"no picture: {error}")
else:
    axes = figure.add_subplot(2, 2, 1)
    for k, name in enumerate(functions):
        axes.plot(z, functions[name], color=f"C{k}", label=name)
        axes.plot(z, slopes[name], ":", color=f"C{k}", label="its slope")
    axes.set(title="activations", xlabel="z", ylim=(-1.2, 2.2))
    axes.legend(fontsize=7)
    axes = figure.add_subplot(2, 2, 2)
    for name, values in deltas.items():
        axes.semilogy(range(1, DEPTH + 1), values, "o-", label=name)
    axes.set(title="norm of delta before training", xlabel="layer")
    axes.legend(fontsize=7)
    axes = figure.add_subplot(2, 2, 3)
    for name, curve in curves.items():
        axes.semilogy(range(1, 31), curve, label=name)
    axes.set(title=f"{DEPTH} hidden layers: training loss", xlabel="epoch")
    axes.legend(fontsize=7)
    axes = figure.add_subplot(2, 2, 4)
    for name in ("ReLU", "LeakyReLU"):
        rates = [rate for other, rate in dead if other == name]
        axes.plot(rates, [dead[name, rate] for rate in rates], "o-", label=name)
    axes.set(title="dead units of 64 after 5 epochs", xlabel="learning rate")
    axes.legend(fontsize=7)
    figure.savefig(PICTURE, dpi=100)
    print(f"picture: {PICTURE}")

# %% [markdown]
# ![활성화 함수, 층별 델타, 손실, 죽은 뉴런](06_activations_vanishing_gradients.png)
#
# **무엇을 볼까요.** 걸음이 클수록 더 많은 뉴런이 죽고, 살아남은 몇몇이 모두의 일을 떠맡아야 합니다. LeakyReLU는 0
# 아래에서도 작은 기울기(여기서는 0.1)를 남겨 두므로 영영 끊어지는 뉴런이 없습니다. 그래서 ReLU에는 너무 큰 걸음으로도
# 어느 정도까지는 여전히 배웁니다.
#
# 이후의 많은 발명은 이 강의에서 본 문제에 대한 답입니다. 정규화는 $z$를 기울기가 큰 곳에 머물게 하고, 잔차 연결은
# 기울기에 층을 돌아가는 길을 열어 주며, 11강의 LSTM은 시간을 따라 같은 일을 합니다.
#
# ## 생각해 볼 문제
#
# 1. 가중치를 빼고 생각하면, 시그모이드 20개를 이은 사슬의 인수는 가장 클 때 얼마나 작은가요? 어떤 가중치가 그것을
#    보충할 수 있고, 그 가중치는 $z$를 어떻게 만들까요?
# 2. 시그모이드 신경망의 층 사이에 `nn.layers.BatchNormalization()`을 넣어 보세요. 층별 델타는 어떻게 되나요?
# 3. 시그모이드 신경망에 4배 큰 가중치를 주고(`nn.initializers.RandomUniform`) `nn.teach.dead_units(model, x)`를
#    살펴보세요. 어떤 문제를 어떤 문제와 맞바꾼 것인가요?
# 4. `nn.teach.check_gradients`는 ReLU 신경망의 일부 원소를 꺾인 점(kink)이라고 부릅니다. 정확히 0에서 ReLU의 미분은
#    무엇인가요?
# 5. 도함수를 직접 작성해 보세요: `nn.teach.exercise("tanh_backward")`와 `nn.teach.exercise("relu_backward")`. 버그
#    박물관의 전시물 하나는 엉뚱한 곳에서 미분합니다: `nn.teach.exhibit("derivative_at_the_wrong_point")`.

# %% [markdown]
# # 11 LSTM의 게이트와 장기 기억
#
# **시간:** 읽고 실습하는 데 45분, 코드 실행은 몇 초. **선수 지식:** 10강 (순환 신경망).
#
# 이 강의에서 배우는 것
#
# - 단순 순환 신경망은 왜 잊어버리는지
# - LSTM의 세 게이트가 셀에 무슨 일을 하는지 (손계산과 라이브러리의 반복문으로 확인합니다)
# - 기울기가 어떻게 60시점을 거슬러 살아남는지
# - 기억하는 법을 배운 신경망에서 게이트가 실제로 하는 일

# %%
import inspect

import numpy as np

import numbanet as nn
from numbanet.errors import MissingDependency
from numbanet.figures import new_figure
from numbanet.kernels.lstm import reference

PICTURE = "11_lstm_gates_and_long_memory.png"
nn.set_num_threads(1)  # steps as short as these are too little work for two

# %% [markdown]
# ## 단순 RNN은 왜 잊어버릴까
#
# 10강에서 보았듯이, 한 시점 앞으로 거슬러 갈 때마다 기울기에는 같은 행렬과 tanh의 기울기가 곱해집니다. tanh의
# 기울기는 1을 넘지 않습니다.
#
# $$ a_{t-1} = \left( a_t \odot (1 - h_t^2) \right) U^T. $$
#
# $T$시점을 지나면 $T$번의 곱이 됩니다. 곱할 때마다 벡터가 대체로 짧아지면 기울기는 지수적으로 **소실**되고, 길어지면
# **폭발**합니다. 뉴런 32개짜리 무작위 행렬 $U$를 가장 큰 고윳값의 크기가 $r$이 되도록 맞추고, 길이가 1인 기울기를
# 거꾸로 보내 봅시다. tanh의 기울기가 1일 때(tanh가 아예 없을 때)와 0.8일 때를 비교합니다.

# %%
random = np.random.default_rng(0)
U = random.standard_normal((32, 32))
U /= np.abs(np.linalg.eigvals(U)).max()
print("length of the gradient after 10, 30, 100 steps")
for r, slope in ((0.9, 1.0), (1.0, 1.0), (1.1, 1.0), (1.1, 0.8)):
    a = random.standard_normal(32)
    a /= np.linalg.norm(a)
    lengths = []
    for _ in range(100):
        a = slope * a @ (r * U).T
        lengths.append(np.linalg.norm(a))
    print(f"eigenvalue {r}, slope {slope}: {lengths[9]:8.1e} {lengths[29]:8.1e} {lengths[99]:8.1e}")

# %% [markdown]
# 고윳값의 크기가 정확히 1일 때만 기울기가 남는데, 학습하는 동안 고윳값은 1에 머물러 주지 않습니다. $10^{-10}$만 한
# 기울기는 더 이상 아무것도 알려 주지 않습니다. 백 시점 전에 있었던 일은 배울 수가 없습니다.
#
# ## 셀과 게이트
#
# **장단기 기억**(long short-term memory, LSTM; Hochreiter and Schmidhuber, 1997)은 뉴런마다 상태 $h$ 옆에
# **셀**(cell) $c$를 하나씩 둡니다. 셀에는 시점마다 행렬이 곱해지지도, 활성화 함수가 씌워지지도 않습니다. 셀은 그대로
# 유지되고, 얼마나 유지할지는 0과 1 사이의 수인 **게이트**(gate)가 정합니다.
#
# $$ \begin{aligned}
#    i_t &= \sigma(b_i + x_t W_i + h_{t-1} U_i) & f_t &= \sigma(b_f + x_t W_f + h_{t-1} U_f) \\
#    g_t &= \tanh(b_g + x_t W_g + h_{t-1} U_g) & o_t &= \sigma(b_o + x_t W_o + h_{t-1} U_o) \\
#    c_t &= f_t \odot c_{t-1} + i_t \odot g_t & h_t &= o_t \odot \tanh(c_t)
#    \end{aligned} $$
#
# - **입력 게이트**(input gate) $i$: 새 후보 $g$를 셀에 얼마나 쓸지
# - **망각 게이트**(forget gate) $f$: 지금까지의 셀을 얼마나 남길지
# - **출력 게이트**(output gate) $o$: 셀을 밖으로 얼마나 보여 줄지
#
# 쓰기는 $i = 1$, 유지는 $f = 1, i = 0$, 지우기는 $f = 0$입니다. 뉴런 하나가 기억 소자 하나이고, 그 제어기를 학습으로
# 얻는 셈입니다.
#
# numpy로 계산해서 층의 결과와 비교해 봅시다. 층의 배열에는 네 부분이 $i, f, g, o$ 순서로 나란히 들어 있습니다.


# %%
def sigmoid(z):
    return 1 / (1 + np.exp(-z))


model = nn.Sequential([nn.layers.LSTM(2, return_sequences=True)], seed=0)
model.build((4, 1), dtype="float64")
W, U, b = model.get_weights()
print(f"W {W.shape}, U {U.shape}, b {b.shape}; b = {b}\n")
sequence = np.array([[1.0], [-2.0], [0.5], [3.0]])
h, c, states = np.zeros(2), np.zeros(2), []
for t in range(4):
    i, f, g, o = np.split(b + sequence[t] @ W + h @ U, 4)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    c = f * c + i * g
    h = o * np.tanh(c)
    states.append(h)
    parts = {"i": i, "f": f, "g": g, "o": o, "c": c}
    print(f"step {t}:", "  ".join(f"{name} {np.round(values, 2)}" for name, values in parts.items()))
print(f"largest difference from the layer: {np.abs(model.predict(sequence[None])[0] - states).max():.1e}")

# %% [markdown]
# 망각 게이트의 편향은 1에서, 나머지는 모두 0에서 시작합니다. 그래서 새 셀은 시점마다 $\sigma(1) = 73\,\%$를 남깁니다.
#
# 라이브러리의 기준 반복문입니다.

# %%
print(inspect.getsource(reference.forward.function))

# %% [markdown]
# ## 기울기는 왜 사라지지 않을까
#
# 셀을 거슬러 가는 길에는 행렬이 없습니다.
#
# $$ \frac{\partial c_t}{\partial c_{t-1}} = f_t \qquad\Rightarrow\qquad
#    \frac{\partial c_T}{\partial c_0} = f_T \odot f_{T-1} \odot \dots \odot f_1 $$
#
# (이 길만 따라갔을 때의 식이고, $h$를 거치는 길도 있습니다.) 여전히 1 이하의 수를 여러 번 곱한 것입니다. 하지만
# 곱해지는 것이 *게이트*입니다. 신경망이 게이트를 1로 열어 두도록 배우면 기울기는 길이 그대로 돌아오고, 닫도록 배우면
# 일부러 잊는 것이 됩니다. 60시점이 지나면 다음과 같습니다.

# %%
for f in (0.73, 0.95, 0.99, 0.999):
    print(f"forget gate {f}: {f**60:.1e} of the gradient is left")

# %% [markdown]
# 역전파 반복문에서 이것은 `dc0[n, j] = e * f`라는 한 줄입니다. (`print(nn.explain("lstm"))`는 반복문을 식과 나란히
# 보여 줍니다.) 게이트의 기울기는 그 위에 있습니다(B3). 어느 것이나 게이트가 곱해진 결과의 기울기에, 곱의 다른 쪽
# 인수와 시그모이드(또는 tanh)의 기울기를 곱한 것입니다.

# %%
print(inspect.getsource(reference.backward.function))

# %% [markdown]
# `model.trace`는 순전파와 역전파를 한 번 실행하면서 모든 배열을 교과서에 나오는 이름으로 간직합니다. 아래는 위의
# 시퀀스에서 상태가 모두 1이 되어야 한다고 할 때 게이트와 셀의 기울기입니다.

# %%
model.compile("sgd", "mse")
layer = model.trace(sequence[None], np.ones((1, 4, 2)))["lstm"]
print("first unit   dL/di    dL/df    dL/dg    dL/do    dL/dc")
for t in range(4):
    slopes = [layer.values[name][0, t, 0] for name in ("di", "df", "dg", "do", "dc")]
    print(f"step {t}:   " + "".join(f"{value + 0:9.4f}" for value in slopes))  # + 0: no minus before a zero

# %% [markdown]
# ## 기억이 필요한 과제
#
# 호흐라이터와 슈미트후버의 덧셈 문제입니다. 60개의 시점마다 0과 1 사이의 수 하나와 표시 하나가 있습니다. 표시 가운데
# 둘만 1인데, 앞쪽 절반에 하나, 뒤쪽 절반에 하나 있습니다. 답은 표시된 두 수의 합입니다. 언제나 평균인 1이라고 답하면
# 평균 제곱 오차가 1/6입니다.
#
# 첫 번째 표시는 끝에서 최대 60시점이나 떨어져 있습니다. 신경망은 그것을 알아보고, 그 수를 간직하고, 다른 수는 모두
# 무시하고, 두 번째 수를 더해서, 합을 말해야 합니다.

# %%
STEPS, UNITS = 60, 32


def sequences(random, count):
    x = np.zeros((count, STEPS, 2), np.float32)
    x[:, :, 0] = random.random((count, STEPS))
    for first, last in ((0, STEPS // 2), (STEPS // 2, STEPS)):
        x[np.arange(count), random.integers(first, last, count), 1] = 1
    return x, (x[:, :, 0] * x[:, :, 1]).sum(axis=1, keepdims=True)


def reach(model, x, y):
    """The length of dL/dx at each step, the mean over samples."""
    return np.linalg.norm(model.input_gradient(x, y), axis=2).mean(axis=0)


x_test, y_test = sequences(np.random.default_rng(1), 500)
curves, reaches, models = {}, {}, {}
for name, layer in (("SimpleRNN", nn.layers.SimpleRNN), ("LSTM", nn.layers.LSTM)):
    models[name] = model = nn.Sequential([layer(UNITS, name="memory"), nn.layers.Dense(1)], seed=0)
    model.build((STEPS, 2))
    model.compile(nn.optimizers.Adam(5e-3, global_clipnorm=1.0), "mse")
    random, curves[name] = np.random.default_rng(0), []
    for step in range(1200):
        model.train_on_batch(*sequences(random, 64))
        if (step + 1) % 100 == 0:
            curves[name].append(model.evaluate(x_test, y_test)["loss"])
    reaches[name] = lengths = reach(model, x_test, y_test)
    right = np.mean(np.abs(model.predict(x_test) - y_test) < 0.1)
    ratio = lengths[:6].mean() / lengths[-6:].mean()
    print(
        f"{name:9} mean squared error {curves[name][-1]:.4f} (1/6 = {1 / 6:.4f}), within 0.1 of the sum: {right:.1%};"
        f" gradient at the first steps {ratio:.0e} of that at the last"
    )

# %% [markdown]
# **무엇을 볼까요.** 단순 RNN은 언제나 1이라고 답하는 것보다 나을 것이 없습니다. 평균만 배우고 표시에 대해서는
# 아무것도 배우지 못했습니다. 처음 시점의 기울기는 마지막 시점의 기울기에 비하면 없는 것이나 마찬가지입니다. LSTM은
# 거의 언제나 맞히고, 처음 시점에도 마지막 시점 못지않게 의존합니다.
#
# ## 게이트가 하는 일
#
# `nn.teach.gates`는 모든 시점의 모든 게이트와 상태를 돌려줍니다. 표시된 시점에서 게이트는 어떻게 다를까요? 그리고
# 과제를 가장 잘 따라가는 것은 어느 뉴런의 셀일까요? 즉, 테스트 시퀀스 500개에서 마지막 시점의 셀 값과 합의 상관관계가
# 가장 높은 뉴런은 어느 것일까요?

# %%
gates = nn.teach.gates(models["LSTM"], x_test, "memory")
marked = x_test[:, :, 1] == 1
kept = gates["c"][:, -1]
correlation = np.array([np.corrcoef(kept[:, each], y_test[:, 0])[0, 1] for each in range(UNITS)])
unit = int(np.abs(correlation).argmax())
print(f"unit {unit}: the correlation of its last cell with the sum is {correlation[unit]:.3f}\n")
print(f"         mean over all units      | unit {unit}")
for name, letter in (("input", "i"), ("forget", "f"), ("output", "o")):
    at_marks, elsewhere = gates[letter][marked], gates[letter][~marked]
    print(
        f"{name:6}   marked {at_marks.mean():.2f}, not {elsewhere.mean():.2f}   |"
        f" marked {at_marks[:, unit].mean():.2f}, not {elsewhere[:, unit].mean():.2f}"
    )

# %% [markdown]
# 시퀀스 두 개를 그 뉴런을 통해 따라가 봅시다. 합이 가장 작은 것과 가장 큰 것입니다. 표시된 시점과 그 밖의 몇 시점을
# 출력합니다.

# %%
for sample in (int(y_test.argmin()), int(y_test.argmax())):
    for t in range(STEPS):
        i, f, c = (gates[letter][sample, t, unit] for letter in "ifc")
        mark = f"<  the number {x_test[sample, t, 0]:.2f}" if marked[sample, t] else ""
        if mark or t % 10 == 9:
            print(f"step {t:2}: i {i:.2f}  f {f:.2f}  c {c:+.2f}  {mark}")
    answer = models["LSTM"].predict(x_test[sample : sample + 1])[0, 0]
    print(f"the sum is {y_test[sample, 0]:.2f}, the LSTM says {answer:.2f}\n")

# %%
try:
    figure = new_figure(11, 6)
except MissingDependency as error:
    print(f"no picture: {error}")
else:
    (errors, sizes), (writes, cells) = figure.subplots(2, 2)
    for name in curves:
        errors.plot(range(100, 1300, 100), curves[name], label=name)
        sizes.plot(reaches[name], label=name)
    errors.axhline(1 / 6, color="0.6", linestyle="--", label="always 1")
    errors.set(title="mean squared error", xlabel="training step", yscale="log")
    sizes.set(title="length of dL/dx after training", xlabel="step of the sequence", yscale="log")
    opens = gates["i"][marked].mean(axis=0) - gates["i"][~marked].mean(axis=0)
    order = np.argsort(-opens)
    for axes, title, letter in ((writes, "input gate", "i"), (cells, "cell", "c")):
        shown = axes.imshow(gates[letter][sample].T[order], aspect="auto", cmap="PuOr")
        figure.colorbar(shown, ax=axes)
        axes.set(title=f"{title} of one sequence, every unit", xlabel="step (marks: dotted)", ylabel="unit")
        for t in np.flatnonzero(marked[sample]):
            axes.axvline(t, color="k", linestyle=":")
    for axes in (errors, sizes):
        axes.legend(fontsize=8)
        axes.grid(alpha=0.3)
    figure.savefig(PICTURE, dpi=100)
    print(f"picture: {PICTURE}")

# %% [markdown]
# ![학습 곡선, 기울기가 닿는 거리, 입력 게이트와 셀](11_lstm_gates_and_long_memory.png)
#
# **무엇을 볼까요.** 이 뉴런의 입력 게이트는 표시가 있는 시점에서 열리고 다른 시점에서는 닫혀 있습니다. 다른 수는
# 들어오지 못합니다. 망각 게이트는 늘 1에 가까워서, 셀은 가진 것을 시점마다 그대로 간직합니다. 작은 수는 셀을 내리고
# 큰 수는 올리며, 마지막에 남는 것은 이 셀 나름의 눈금으로 잰 합입니다. 이렇게 작동하라고 신경망에게 알려 준 사람은
# 없습니다. 게이트가 있었고, 기울기가 그 쓸모를 찾아냈을 뿐입니다. 다른 뉴런들도 여러 방식으로 거드는데, 그림에서 볼
# 수 있습니다. 그림의 뉴런은 표시가 입력 게이트를 많이 여는 순서대로 놓여 있습니다.
#
# ## 생각해 볼 문제
#
# 1. 입력이 둘인 `LSTM(32)`의 매개변수 수를 손으로 세어 보세요. `SimpleRNN(32)`의 몇 배인가요?
# 2. `unit_forget_bias=False`로 학습시켜 보세요. 오차가 내려가기 시작할 때까지 몇 단계가 더 걸리고, 왜 그럴까요?
# 3. 이 LSTM이 실패하는 거리(`STEPS`를 100, 150, ...으로)와, 단순 RNN이 아직 해내는 거리를 찾아보세요.
# 4. `GRU(32)`에는 따로 셀이 없고 게이트가 둘입니다. 이 과제를 풀 수 있나요? GRU의 게이트도 살펴보세요.
# 5. 위의 표에서 첫 시점의 망각 게이트 기울기는 0입니다. 왜 그럴까요? `model.trace(x, y).to_html("trace.html")`은
#    시점을 슬라이더로 넘겨 볼 수 있는 페이지를 만들어 줍니다.
# 6. 마지막 관문입니다: `nn.teach.exercise("lstm_backward")`, 그리고 `nn.teach.grade(file)`.

# %% [markdown]
# # 10 순환 신경망의 네 가지 형태
#
# **시간:** 읽고 실습하는 데 40분, 코드 실행은 몇 초. **선수 지식:** 03강 (손으로 하는 역전파).
#
# 이 강의에서 배우는 것
#
# - 단순 순환층이 시점마다 무엇을 계산하는지 (손계산과 라이브러리의 반복문으로 확인합니다)
# - 기울기가 시간을 거슬러 흐르는 방법
# - 과제의 네 가지 형태: 일대일, 일대다, 다대일, 다대다

# %%
import inspect

import numpy as np

import numbanet as nn
from numbanet.errors import MissingDependency
from numbanet.figures import new_figure
from numbanet.kernels.simple_rnn import reference
from numbanet.layers import Dense, RepeatVector, SimpleRNN, TimeDistributed

PICTURE = "10_rnn_in_four_shapes.png"
nn.set_num_threads(1)  # steps as short as these are too little work for two

# %% [markdown]
# ## 기억이 있는 신경망
#
# 완전 연결층은 샘플 하나를 처리하고 나면 곧바로 잊어버립니다. 그런데 글이나 선율, 날씨에서는 다음에 올 것이 앞에 온
# 것에 달려 있습니다. **순환**(recurrent)층, 즉 RNN은 시퀀스를 한 시점씩 따라가면서 **은닉 상태**(hidden state) $h$를
# 유지합니다. 시점마다 새로 읽은 것과 지금까지의 상태에 따라 이 상태를 바꿉니다.
#
# $$ h_t = \tanh(b + x_t W + h_{t-1} U), \qquad h_0 = 0 $$
#
# $W$(입력 x 뉴런)와 $b$는 완전 연결층의 것과 같습니다. 새로운 것은 상태를 다음 시점으로 넘겨주는 $U$(뉴런 x
# 뉴런)입니다. 합성곱에서 모든 창이 커널 하나를 공유하듯이 모든 시점이 같은 $W$, $U$, $b$를 공유하므로, 시퀀스의
# 길이는 얼마든 상관없습니다.
#
# numpy로는 반복문 안의 한 줄입니다. 층의 결과와 비교해 봅시다.

# %%
model = nn.Sequential([SimpleRNN(3, return_sequences=True)], seed=0)
model.build((5, 2), dtype="float64")
W, U, b = model.get_weights()
sequence = np.random.default_rng(0).standard_normal((5, 2))
print(f"W {W.shape}, U {U.shape}, b {b.shape}: {model.count_params()} parameters, whatever the length\n")

h = np.zeros(3)
states = []
for t in range(5):
    h = np.tanh(b + sequence[t] @ W + h @ U)
    states.append(h)
    print(f"step {t}: x = {np.round(sequence[t], 2)}, h = {np.round(h, 3)}")
by_layer = model.predict(sequence[None])[0]
print(f"\nlargest difference from the layer: {np.abs(by_layer - states).max():.1e}")

# %% [markdown]
# 라이브러리의 기준 반복문입니다. `mask`는 시점을 건너뛰게 하고(F2), `back`은 시간을 거꾸로 따라가며, `keep`은 상태에
# 적용하는 드롭아웃입니다. 이것들이 없으면 F1은 위의 식과 같습니다. `h`에는 시점의 수보다 하나 많은 값이 들어 있는데,
# 첫 번째가 $h_0$입니다.

# %%
print(inspect.getsource(reference.forward.function))

# %% [markdown]
# ## 시간 역전파
#
# 반복문을 펼치면 시점마다 층이 하나씩 있고 모든 층의 가중치가 같은 깊은 신경망이 됩니다. 그래서 기울기는 시점에서
# 시점으로 거슬러 올라갑니다. 이것을 **시간 역전파**(backpropagation through time)라고 합니다. $h_t$에 대한 손실의
# 기울기를 $a_t$라고 합시다. $a_t$는 두 부분으로 되어 있습니다. 손실이 $h_t$에 직접 요구하는 $e_t$와, 다음 시점을 거쳐
# 되돌아오는 것입니다.
#
# $$ a_t = e_t + \delta_{t+1} U^T, \qquad \delta_t = a_t \odot (1 - h_t^2), $$
#
# $$ \frac{\partial L}{\partial U} = \sum_t h_{t-1}^T\, \delta_t, \qquad
#    \frac{\partial L}{\partial W} = \sum_t x_t^T\, \delta_t $$
#
# $1 - h_t^2$은 tanh의 도함수입니다. 가중치가 모든 시점에서 같으므로 가중치의 기울기는 **시간에 대한 합**입니다.
# 손실이 $L = \frac{1}{5 \cdot 3} \sum_{t,j} (h_{t,j} - 1)^2$일 때 손으로 계산해서 라이브러리와 비교해 봅시다.

# %%
model.compile("sgd", "mse")
_, (dW, dU, db) = model.gradients(sequence[None], np.ones((1, 5, 3)))

direct = 2 * (np.array(states) - 1) / 15
before = [np.zeros(3), *states[:-1]]
own_dW, own_dU, a = np.zeros_like(W), np.zeros_like(U), np.zeros(3)
for t in reversed(range(5)):
    a = a + direct[t]
    delta = a * (1 - states[t] ** 2)
    own_dW += np.outer(sequence[t], delta)
    own_dU += np.outer(before[t], delta)
    a = delta @ U.T
print(f"dL/dW, largest difference: {np.abs(own_dW - dW).max():.1e}; dL/dU: {np.abs(own_dU - dU).max():.1e}")

# %% [markdown]
# ## 네 가지 형태
#
# 상태가 있으면 입력과 출력은 각각 하나일 수도, 시퀀스일 수도 있습니다.
#
# | 형태 | 입력 | 출력 | 예 |
# | --- | --- | --- | --- |
# | 일대일 (one-to-one) | $(N, I)$ | $(N, O)$ | 이미지에서 숫자로: 시간이 없음 |
# | 일대다 (one-to-many) | $(N, I)$ | $(N, T, O)$ | 이미지에서 설명문으로 |
# | 다대일 (many-to-one) | $(N, T, I)$ | $(N, O)$ | 문장에서 감정으로 |
# | 다대다 (many-to-many) | $(N, T, I)$ | $(N, T, O)$ | 날마다의 날씨에서 다음 날의 날씨로 |
#
# 실제 데이터로 형태마다 하나씩 학습하고, 따로 떼어 둔 데이터로 평가합니다. 처음 세 가지에는 숫자 데이터를 쓰고, 다섯
# 개 중 하나를 테스트용으로 둡니다.


# %%
def trained(layers, x, y, epochs, rate=3e-3):
    """A classifier of whole samples or of each step."""
    model = nn.Sequential(layers, seed=0)
    # one exploding gradient could undo what was learned: its norm is cut off at 1
    optimizer = nn.optimizers.Adam(rate, global_clipnorm=1.0)
    model.compile(optimizer, nn.losses.SparseCategoricalCrossentropy(), ["accuracy"])
    model.fit(x, y, batch_size=64, epochs=epochs, verbose=0)
    return model


def shapes(model, x):
    return f"{x.shape[1:]} -> {model.predict(x[:1]).shape[1:]}"


x, y = nn.datasets.load_digits()
tests = np.arange(len(x)) % 5 == 0
x, y, x_test, y_test = x[~tests], y[~tests], x[tests], y[tests]
print(f"who always says {np.bincount(y).argmax()} is right in {np.mean(y_test == np.bincount(y).argmax()):.1%}")

# %% [markdown]
# ### 일대일
#
# 이미지에서 숫자로 갑니다. 시간이 없으니 순환층도 없습니다. 앞선 강의들에서 본 신경망입니다.

# %%
one_to_one = trained([Dense(32, activation="relu"), Dense(10)], x, y, 20)
right = one_to_one.evaluate(x_test, y_test)["accuracy"]
print(f"one-to-one, {shapes(one_to_one, x)}: {right:.1%} right")

# %% [markdown]
# ### 일대다
#
# 이미지에서 숫자의 영어 이름을 이루는 글자들로 갑니다. 예를 들면 t, w, o입니다. `RepeatVector`는 다섯 시점 모두에서
# 순환층에 같은 벡터를 줍니다. 다음 글자가 무엇인지는 자신의 상태로만 알 수 있습니다. `TimeDistributed(Dense(...))`는
# 시점마다 적용되는 같은 완전 연결층입니다. 모든 글자가 맞아야 맞힌 것으로 셉니다.

# %%
NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
LETTERS = np.array(sorted(set(" ".join(NAMES))))  # a space fills up the short names
spelled = np.array([np.searchsorted(LETTERS, list(name.ljust(5))) for name in NAMES])
one_to_many = trained(
    [
        Dense(32, activation="relu"),
        RepeatVector(5),
        SimpleRNN(32, return_sequences=True),
        TimeDistributed(Dense(len(LETTERS))),
    ],
    x,
    spelled[y],
    30,
)
written = one_to_many.predict(x_test).argmax(axis=2)
right = (written == spelled[y_test]).all(axis=1).mean()
print(f"one-to-many, {shapes(one_to_many, x)}: {right:.1%} of the names without a mistake")
print("  it writes", ", ".join("".join(LETTERS[word]).strip() for word in written[:6]))
print("  they are ", ", ".join(NAMES[label] for label in y_test[:6]))

# %% [markdown]
# ### 다대일
#
# 같은 이미지를 시퀀스로, 즉 여덟 행을 하나씩 차례로 읽습니다. 마지막 상태만 다음 층으로
# 가므로(`return_sequences=False`) 그 상태에 모든 행의 내용이 담겨 있어야 합니다. 그것이 얼마나 중요할까요? 마지막
# 행만 보는 신경망을 옆에 두고 비교합니다. 또 행을 읽을 때마다 상태 속을 두 가지 방법으로 들여다봅니다. 하나는 신경망
# 자신의 출력층이 그 상태를 어떻게 읽는지이고, 다른 하나는 **탐침**(probe), 즉 그 시점의 상태에 최소제곱법으로 맞춘
# 선형 분류기가 어떻게 읽는지입니다.

# %%
rows, rows_test = x.reshape(-1, 8, 8), x_test.reshape(-1, 8, 8)
many_to_one = trained([SimpleRNN(48, name="reader"), Dense(10)], rows, y, 30)
right = many_to_one.evaluate(rows_test, y_test)["accuracy"]
last_row = trained([Dense(32, activation="relu"), Dense(10)], rows[:, -1].copy(), y, 30)
alone = last_row.evaluate(rows_test[:, -1].copy(), y_test)["accuracy"]
print(f"many-to-one, {shapes(many_to_one, rows)}: {right:.1%} right; from the last row alone {alone:.1%}")

states, states_test = (nn.teach.gates(many_to_one, each, "reader")["h"] for each in (rows, rows_test))
W_out, b_out = many_to_one.get_weights()[-2:]
own, probed = [], []
for t in range(8):
    probe = np.linalg.lstsq(states[:, t], np.eye(10)[y])[0]
    own.append(np.mean((states_test[:, t] @ W_out + b_out).argmax(axis=1) == y_test))
    probed.append(np.mean((states_test[:, t] @ probe).argmax(axis=1) == y_test))
print("  after row        ", "    ".join(f"{t + 1}" for t in range(8)))
print("  own output layer", " ".join(f"{share:4.0%}" for share in own))
print("  probe           ", " ".join(f"{share:4.0%}" for share in probed))

# %% [markdown]
# ### 다대다
#
# 태양의 흑점은 많은 해도 있고 적은 해도 있으며, 약 11년을 주기로 되풀이됩니다. 신경망은 해마다의 흑점 수를 보고
# 이듬해의 수를 예측합니다. 1921년 이전에 끝나는 20년짜리 시퀀스로 학습하고, 그 뒤의 시퀀스에서 마지막 답으로
# 평가합니다. "올해와 같다"고 답하는 것이 가장 쉬운 예측이고, 최소제곱법으로 구한 지난 두 해의 일차식이 그보다
# 낫습니다.

# %%
YEARS, TESTED = 20, 1921
years, numbers = nn.datasets.load_sunspots()
windows = np.lib.stride_tricks.sliding_window_view(numbers / 100, YEARS + 1)[..., None]
sequences, targets, last = windows[:, :-1].copy(), windows[:, 1:].copy(), years[YEARS:]
learn, test = last < TESTED, last >= TESTED
many_to_many = nn.Sequential([SimpleRNN(16, return_sequences=True), TimeDistributed(Dense(1))], seed=0)
many_to_many.compile(nn.optimizers.Adam(3e-3, global_clipnorm=1.0), "mse")
many_to_many.fit(sequences[learn], targets[learn], batch_size=16, epochs=150, verbose=0)
answers = 100 * many_to_many.predict(sequences[test])[:, -1, 0]
truth = numbers[years >= TESTED]

past = np.column_stack([numbers[1:-1], numbers[:-2], np.ones(len(numbers) - 2)])
known = years[2:] < TESTED
line = past @ np.linalg.lstsq(past[known], numbers[2:][known])[0]


def error(guess):
    return np.sqrt(np.mean((guess - truth) ** 2))


print(f"many-to-many, {shapes(many_to_many, sequences)}: wrong by {error(answers):.1f} sunspots (root mean square)")
print(f"  the same as this year: {error(numbers[:-1][years[1:] >= TESTED]):.1f}")
print(f"  linear in the last two years: {error(line[~known]):.1f}")

# %%
try:
    figure = new_figure(10, 3.4)
except MissingDependency as missing:
    print(f"no picture: {missing}")
else:
    read, spots = figure.subplots(1, 2, width_ratios=(1, 2))
    read.plot(range(1, 9), probed, "o-", label="probe")
    read.plot(range(1, 9), own, "o-", label="own output layer")
    read.axhline(alone, color="0.6", linestyle="--", label="from the last row alone")
    read.set(title="many-to-one", xlabel="rows that were read", ylabel="digits right", ylim=(0, 1))
    read.legend(fontsize=8)
    spots.plot(years[years >= TESTED], truth, "0.6", linewidth=3, label="sunspots")
    spots.plot(years[years >= TESTED], answers, "C3", label="predicted a year before")
    spots.set(title="many-to-many", xlabel="year")
    spots.legend(fontsize=8)
    figure.savefig(PICTURE, dpi=100)
    print(f"picture: {PICTURE}")

# %% [markdown]
# ![행을 읽을 때마다 맞힌 비율, 그리고 흑점 수와 신경망의 예측](10_rnn_in_four_shapes.png)
#
# **무엇을 볼까요.** 일대다에서는 시점마다 입력이 같은데도 온전한 이름을 씁니다. 상태가 글자를 세고 있는 것입니다.
# 다대일에서는 마지막 행만으로는 아는 것이 별로 없습니다. 상태에 내용이 쌓여 가고, 탐침은 행을 읽을 때마다 그 안에서
# 더 많은 것을 찾아냅니다. 신경망 자신의 출력층은 학습할 때 본 마지막 상태만 알아듣습니다. 은닉 상태는 그 나름의
# 언어로 쓰여 있고, 그 언어는 시점이 지나면서 바뀝니다. 다대다에서는 태양의 리듬을 찾아내어 일차식보다 낫습니다.
# "올해와 같다"는 예측은 한참 뒤처집니다.
#
# ## 생각해 볼 문제
#
# 1. 순환층의 매개변수 수는 왜 시점이 5개일 때나 500개일 때나 같을까요? 길이 8인 행을 읽는 `SimpleRNN(48)`의
#    매개변수는 몇 개일까요?
# 2. 시간 역전파에서는 시점마다 기울기에 $U^T$와 $1 - h^2 \le 1$이 곱해집니다. $U$가 작으면 100시점을 지나는 동안 어떤
#    일이 생길까요? 크면요? (11강에서 이어집니다.)
# 3. 행을 아래에서 위로 읽거나(`go_backwards=True`) 양쪽으로 읽어 보세요(`Bidirectional`). 도움이 되나요?
# 4. 직접 작성해 보세요: `nn.teach.exercise("simple_rnn_backward")`. 가장 흔한 실수는 시간에 대한 합을 잊는 것입니다.
#    그럴 때 `nn.teach.grade(file)`이 뭐라고 하는지 보세요.

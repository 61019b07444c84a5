# %% [markdown]
# # 02 XOR와 은닉층
#
# **시간:** 읽고 실습하는 데 30분, 코드 실행은 몇 초. **선수 지식:** 01강 (퍼셉트론).
#
# 이 강의에서 배우는 것
#
# - 뉴런 두 개와 그 위의 하나로 XOR를 계산하는 방법 (가중치는 손으로 고릅니다)
# - 은닉층은 직선 하나로 나눌 수 있게 될 때까지 점들을 옮겨 놓는다는 것
# - 사이에 활성화 함수가 없으면 여러 층도 결국 한 층이라는 것
# - 작은 신경망이 XOR를 스스로 찾아내는 비율과, 그 비율을 높이는 방법

# %%
import inspect

import numpy as np

import numbanet as nn
from numbanet.errors import MissingDependency
from numbanet.figures import new_figure
from numbanet.kernels.dense import reference

PICTURE = "02_xor_hidden_layer.png"
nn.set_num_threads(1)  # steps as short as these are too little work for two
X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
XOR = np.array([[0], [1], [1], [0]])

# %% [markdown]
# ## 직선 두 개와 AND 하나
#
# 직선 하나로는 XOR를 나눌 수 없지만 두 개면 됩니다. 01과 10은 직선 $x_1 + x_2 = 0.5$와 직선 $x_1 + x_2 = 1.5$ 사이에
# 있습니다. 말로 하면 XOR는 "OR이면서 AND가 아닌 것"입니다. 그래서 입력을 보는 퍼셉트론을 두 개, 즉 OR 하나와 AND
# 하나를 두고, 이 둘만 보는 세 번째 퍼셉트론을 둡니다.
#
# $$ h_1 = \text{step}(x_1 + x_2 - 0.5), \quad h_2 = \text{step}(x_1 + x_2 - 1.5), \quad
#    y = \text{step}(h_1 - h_2 - 0.5) $$
#
# 입력과 출력 사이에 있는 뉴런들을 **은닉층**(hidden layer)이라고 합니다. 바깥에서는 이들의 출력이 보이지 않기
# 때문입니다. numbanet에서는 층 하나가 `Dense` 하나이고, 여기서 활성화 함수는 계단 함수입니다.

# %%
by_hand = nn.Sequential([nn.layers.Dense(2, activation="step"), nn.layers.Dense(1, activation="step")])
by_hand.build((2,))
by_hand.set_weights(
    [
        np.array([[1, 1], [1, 1]]),  # from x1 and x2 to h1 and h2
        np.array([-0.5, -1.5]),
        np.array([[1], [-1]]),  # from h1 and h2 to y
        np.array([-0.5]),
    ]
)
hidden = nn.teach.layer_output(by_hand, X, "dense")
print("x1 x2 | h1 (OR)  h2 (AND) | y  XOR")
for x, h, y, right in zip(X, hidden, by_hand.predict(X), XOR, strict=True):
    print(f"{x[0]:2.0f} {x[1]:2.0f} | {h[0]:7.0f} {h[1]:9.0f} | {y[0]:.0f} {right[0]:4}")

# %% [markdown]
# **무엇을 볼까요.** $h_1, h_2$ 두 열을 좌표로 생각해 보세요. 입력 01과 10은 같은 점 $(1, 0)$이 되었습니다. 정사각형의
# 네 꼭짓점이 이제 세 점이 되었고, *이 세 점은* 직선 하나로 나눌 수 있습니다. 출력 뉴런이 하는 일은 그것뿐입니다.
# 은닉층은 결정을 내리지 않습니다. 결정하기 쉬운 곳으로 점들을 옮겨 놓습니다.
#
# ## 층이 계산하는 것
#
# 입력이 $I$개이고 뉴런이 $O$개인 층은 모든 쌍마다 가중치를 하나씩 가지므로 $W$의 모양은 $(I, O)$이고, 뉴런마다 편향이
# 하나씩 있습니다. 샘플 $N$개짜리 배치에 대해 활성화 함수를 $f$라고 하면, 행마다
#
# $$ z_{no} = b_o + \sum_{i} x_{ni} W_{io}, \qquad a_{no} = f(z_{no}) $$
#
# 가중합 $z$를 **활성화 전 값**(pre-activation)이라고 부릅니다. 이 식은 세 겹의 반복문이고, 라이브러리에는 정확히 이
# 반복문이 들어 있습니다.

# %%
print(inspect.getsource(reference.forward.function))

# %% [markdown]
# ## 활성화 함수가 없으면 층은 하나로 합쳐진다
#
# $f$를 빼 봅시다. 그러면 두 층이 계산하는 것은
#
# $$ (x W_1 + b_1) W_2 + b_2 = x (W_1 W_2) + (b_1 W_2 + b_2) $$
#
# 즉 가중치가 $W_1 W_2$인 층 *하나*입니다. 아무리 많이 쌓아도 직선은 직선입니다. 숫자로 확인해 봅시다.

# %%
linear = nn.Sequential([nn.layers.Dense(8), nn.layers.Dense(8), nn.layers.Dense(1)], seed=0)
linear.compile(nn.optimizers.SGD(0.2), nn.losses.BinaryCrossentropy(), ["accuracy"])
linear.fit(X, XOR, batch_size=4, epochs=500, verbose=0)
w1, b1, w2, b2, w3, b3 = linear.get_weights()
one_layer = X @ (w1 @ w2 @ w3) + ((b1 @ w2 + b2) @ w3 + b3)
print(f"three layers:          {np.round(linear.predict(X)[:, 0], 4)}")
print(f"one layer of W1 W2 W3: {np.round(one_layer[:, 0], 4)}")
print(f"XOR after 500 epochs: loss {linear.evaluate(X, XOR)['loss']:.4f}; guessing has log 2 = {np.log(2):.4f}")

# %% [markdown]
# 로짓이 모두 0, 즉 어떤 입력에 대해서도 확률이 1/2이 되었습니다. XOR에 대해 직선이 할 수 있는 최선이 이것이고,
# 동전 던지기보다 나을 것이 없습니다.
#
# ## XOR 학습하기
#
# 계단 함수는 기울기가 어디서나 0이라서 기울기로 학습시킬 수 없습니다. 그래서 매끄러운 함수인 $\tanh$를 씁니다. 값은
# $-1$에서 $1$까지입니다. 출력은 활성화 함수가 없는 뉴런 하나, 즉 **로짓**(logit)이고, 손실 함수(이진 교차 엔트로피)가
# 시그모이드를 거쳐 이것을 확률로 바꿉니다. 가중치는 경사 하강법과 역전파로 찾습니다. 그 과정은 03강에서 숫자
# 하나하나까지 분해해 봅니다.


# %%
def network(units, seed):
    model = nn.Sequential([nn.layers.Dense(units, activation="tanh"), nn.layers.Dense(1)], seed=seed)
    model.compile(nn.optimizers.SGD(0.5, momentum=0.9), nn.losses.BinaryCrossentropy(), ["accuracy"])
    return model


model = network(2, seed=0)
losses = model.fit(X, XOR, batch_size=4, epochs=200, verbose=0).history["loss"]
print("epoch    loss")
for epoch in (1, 5, 10, 20, 50, 100, 200):
    print(f"{epoch:5} {losses[epoch - 1]:7.4f}")
probabilities = 1 / (1 + np.exp(-model.predict(X)))
print("\nx1 x2 | hidden layer | probability of 1, right")
for x, h, p, right in zip(X, nn.teach.layer_output(model, X, "dense"), probabilities, XOR, strict=True):
    print(f"{x[0]:2.0f} {x[1]:2.0f} | {'  '.join(f'{value:+.2f}' for value in h):12} | {p[0]:.3f} {right[0]:13}")
solved = bool(((probabilities > 0.5) == XOR).all())
print("XOR is learned" if solved else "XOR is not learned")

# %% [markdown]
# **무엇을 볼까요.** 은닉층의 뉴런들에게 OR와 AND가 되라고 알려 준 사람은 없습니다. 부호와 방향은 다르지만, 그와 비슷한
# 것을 스스로 찾아낸 것입니다.
#
# ## 얼마나 자주 성공할까?
#
# 이론적으로는 은닉 뉴런 두 개면 충분합니다. 그런데 학습이 그것을 찾아낼까요? 답은 무작위로 정해지는 초기 가중치에
# 달려 있습니다. 시드만 다른 신경망을 너비마다 20개씩 학습시켜 봅시다.

# %%
SEEDS = 20
print(f"hidden units   learned by {SEEDS} networks   median loss")
for units in (1, 2, 3, 4, 8):
    right, ends = 0, []
    for seed in range(SEEDS):
        trial = network(units, seed)
        trial.fit(X, XOR, batch_size=4, epochs=200, verbose=0)
        found = trial.evaluate(X, XOR)
        right += found["accuracy"] == 1.0
        ends.append(found["loss"])
    print(f"{units:12} {right:24} {np.median(ends):13.4f}")

# %% [markdown]
# **무엇을 볼까요.** 은닉 뉴런 하나로는 XOR를 결코 배우지 못합니다. 출력이 한 방향을 따라 오르거나 내릴 수만 있어서
# 경계가 여전히 직선 하나이기 때문입니다. 두 개일 때는 해가 존재하는데도 도중에 갇혀 버리는 신경망이 있습니다. 필요한
# 것보다 조금 더 많으면 거의 언제나 성공합니다. 해에 이르는 길이 여럿이고, 그중 하나만 찾으면 되기 때문입니다. 필요
# 이상으로 넓은 신경망이 오히려 학습하기 쉽다는 사실은 앞으로도 자주 만나게 됩니다.
#
# 그림은 은닉 뉴런 두 개짜리 우리 신경망이 평면 전체를 어떻게 나누는지, 그리고 은닉층이 네 입력을 어디로 옮겨 놓는지
# 보여 줍니다.

# %%
try:
    figure = new_figure(11, 3.6)
except MissingDependency as error:
    print(f"no picture: {error}")
else:
    grid = np.linspace(-0.6, 1.6, 121, dtype="float32")
    across, up = np.meshgrid(grid, grid)
    plane = model.predict(np.column_stack([across.ravel(), up.ravel()]))
    axes = figure.add_subplot(1, 3, 1)
    shown = axes.contourf(across, up, (1 / (1 + np.exp(-plane))).reshape(across.shape), 20, cmap="PuOr_r")
    figure.colorbar(shown, ax=axes, label="probability of 1")
    axes.contour(across, up, plane.reshape(across.shape), levels=[0], colors="k")
    axes.set(title="what the network says", xlabel="x1", ylabel="x2")
    for place, (title, points) in enumerate(
        (("hidden layer, by hand", hidden), ("hidden layer, learned", nn.teach.layer_output(model, X, "dense")))
    ):
        inner = figure.add_subplot(1, 3, place + 2)
        for label, colour, marker in ((0, "C0", "o"), (1, "C1", "s")):
            inner.scatter(*points[XOR[:, 0] == label].T, c=colour, marker=marker, s=70, edgecolors="k")
        offsets = {"00": (6, 6), "01": (6, -14), "10": (-20, 6), "11": (-20, -14)}
        for (name, offset), point in zip(offsets.items(), points, strict=True):
            inner.annotate(name, point, textcoords="offset points", xytext=offset)
        inner.set(title=title, xlabel="h1", ylabel="h2")
        inner.margins(0.2)
    for label, colour, marker in ((0, "C0", "o"), (1, "C1", "s")):
        axes.scatter(*X[XOR[:, 0] == label].T, c=colour, marker=marker, s=70, edgecolors="k", zorder=3)
    figure.savefig(PICTURE, dpi=100)
    print(f"picture: {PICTURE}")

# %% [markdown]
# ![신경망이 보는 평면과, 은닉층에 놓인 네 입력](02_xor_hidden_layer.png)
#
# **무엇을 볼까요.** 입력 평면에서 경계는 휘어져 있어 띠 하나 또는 곡선 두 개처럼 보입니다. 은닉층에서는 같은 네 점을
# 직선으로 나눌 수 있습니다.
#
# ## 생각해 볼 문제
#
# 1. NAND와 OR처럼 다른 은닉 뉴런으로 XOR의 가중치를 적어 보세요. 서로 다른 해를 몇 개나 찾을 수 있나요?
# 2. 은닉 뉴런 두 개를 가중치와 함께 맞바꾸거나, $\tanh$에서 부호를 뒤집어도 신경망의 계산 결과는 같습니다. 은닉 뉴런이
#    8개라면 정확히 같은 계산을 하는 신경망이 몇 개나 될까요? 이것은 해를 찾는 과정에 어떤 의미가 있을까요?
# 3. 입력 세 개의 패리티(1의 개수가 홀수이면 1)를 학습시켜 보세요. 은닉 뉴런이 몇 개 필요한가요?
# 4. `network`에서 `"tanh"`를 `"step"`으로 바꿔 보세요. 손실은 어떻게 되고, 왜 그럴까요?
#    `nn.teach.update_ratios(model, X, XOR)`가 층별로 보여 줍니다.
# 5. 층의 반복문을 직접 작성해 보세요: `nn.teach.exercise("dense_forward")`.

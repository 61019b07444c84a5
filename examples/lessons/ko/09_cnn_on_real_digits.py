# %% [markdown]
# # 09 실제 숫자를 읽는 합성곱 신경망
#
# **시간:** 읽고 실습하는 데 40분, 코드 실행은 몇 초. **선수 지식:** 08강 (합성곱, 스트라이드, 패딩).
#
# 이 강의에서 배우는 것
#
# - 합성곱, 풀링, 완전 연결층이 모여 합성곱 신경망(CNN)이 되는 과정
# - 최대 풀링이 계산하는 것과, 그 기울기가 가는 곳
# - 숫자가 옆으로 조금 옮겨졌을 때 CNN과 완전 연결 신경망이 어떻게 다른지
# - 학습된 신경망의 특징 맵이 어떤 모습인지

# %%
import inspect

import numpy as np

import numbanet as nn
from numbanet.errors import MissingDependency
from numbanet.kernels.max_pool2d import reference
from numbanet.layers import Conv2D, Dense, Flatten, GlobalMaxPooling2D, MaxPooling2D

MAPS, MISTAKES = "09_feature_maps.png", "09_mistakes.png"
nn.set_num_threads(1)  # steps as short as these are too little work for two

# %% [markdown]
# ## 숫자 데이터
#
# 사람들이 손으로 쓴 숫자 1,797개를 스캔해서 8x8 픽셀로 줄인 것입니다. 나중에 옮길 자리가 있도록 숫자마다 두 픽셀
# 너비의 빈 테두리를 두릅니다. 숫자 다섯 개 중 하나는 테스트용이고, 신경망은 이것으로 학습하지 않습니다.

# %%
x, y = nn.datasets.load_digits()
images = np.pad(x.reshape(-1, 8, 8, 1), ((0, 0), (2, 2), (2, 2), (0, 0)))
tests = np.arange(len(x)) % 5 == 2
x, y, x_test, y_test = images[~tests], y[~tests], images[tests], y[tests]
print(f"{len(x)} digits to train, {len(x_test)} to test, each {x.shape[1:]}\n")
for row in x_test[0, :, :, 0]:
    print("   " + "".join(" .:*#"[round(4 * float(value))] * 2 for value in row))
print(f"   a {y_test[0]}")

# %% [markdown]
# ## 풀링
#
# 합성곱을 거치면 픽셀마다 어떤 획과 얼마나 닮았는지를 알게 됩니다. 그 획이 정확히 어디에 있는지는 덜 중요합니다. 3은
# 한 픽셀 오른쪽에 있어도 3입니다. **최대 풀링**(max pooling)은 2x2 창에서 가장 큰 값 하나만 남깁니다.
#
# $$ y_{p,q} = \max_{0 \le i,j < 2} x_{2p+i,\;2q+j} $$
#
# 행과 열이 절반으로 줄고, 획이 창 안에서 움직여도 결과는 달라지지 않습니다. 반복문은 어느 칸이 가장 컸는지를
# `argmax`에 기억해 둡니다.

# %%
print(inspect.getsource(reference.forward.function))

# %% [markdown]
# 역전파에 필요한 것이 바로 그것입니다. 가장 큰 칸이 조금 변하면 출력도 그만큼 변하고, 다른 칸이 조금 변하면 출력은
# 전혀 변하지 않습니다. 그래서 기울기는 모두 가장 큰 칸으로 갑니다.
#
# $$ \frac{\partial L}{\partial x_{2p+i,\;2q+j}} = \begin{cases}
#    \dfrac{\partial L}{\partial y_{p,q}} & (i, j) = \arg\max \\[1ex] 0 & (i, j) \ne \arg\max \end{cases} $$

# %%
a = np.array([[1.0, 3, 2, 0], [4, 2, 1, 5], [0, 0, 7, 6], [1, 2, 8, 3]]).reshape(1, 4, 4, 1)
pooled, argmax, gradient = np.zeros((1, 2, 2, 1)), np.zeros((1, 2, 2, 1), np.uint8), np.zeros((1, 4, 4, 1))
window = (2, 2), (2, 2), (0, 0)  # size, strides, padding
reference.forward(a, *window, argmax, pooled)
reference.backward(np.array([[10.0, 20], [30, 40]]).reshape(1, 2, 2, 1), argmax, *window, gradient)
for title, values in (("x", a), ("y", pooled), ("argmax", argmax), ("dL/dx for dL/dy = 10 20 / 30 40", gradient)):
    print(f"{title}:\n{values[0, :, :, 0]}")

# %% [markdown]
# ## 신경망
#
# 합성곱, ReLU, 풀링을 차례로 놓고, 채널을 늘려서 한 번 더 반복합니다. 맵은 점점 작아지고 점점 많아집니다. 첫째 합성곱
# 층은 획을 찾습니다. 둘째 층의 한 칸은 첫째 층을 통해 이미지의 더 넓은 부분을 보고, 획들이 어떻게 만나는지를
# 찾습니다. 마지막에는 완전 연결층이 무엇이 어디에서 발견되었는지를 모아 셉니다. 크기만 작을 뿐 LeNet(LeCun et al.,
# 1998)의 설계 그대로입니다.
#
# 이것을 매개변수가 두 배 넘게 많은 완전 연결 신경망과 비교합니다. 세 번째 신경망은 마지막 풀링 대신 **전역** 최대
# 풀링을 씁니다. 맵마다 가장 큰 값 하나만 남기므로, 어떤 것이 있는지만 남고 어디에 있는지는 사라집니다.


# %%
def trained(name, layers, epochs):
    model = nn.Sequential(layers, seed=0, name=name)
    model.compile(nn.optimizers.Adam(2e-3), nn.losses.SparseCategoricalCrossentropy(), ["accuracy"])
    model.fit(x, y, batch_size=32, epochs=epochs, verbose=0)
    return model


cnn = trained(
    "CNN",
    [
        Conv2D(8, 3, padding="same", activation="relu", name="strokes"),
        MaxPooling2D(2, name="pooled"),
        Conv2D(24, 3, padding="same", activation="relu", name="parts"),
        MaxPooling2D(2, name="pooled_parts"),
        Flatten(),
        Dense(10),
    ],
    15,
)
dense = trained("dense network", [Flatten(), Dense(64, activation="relu"), Dense(10)], 15)
everywhere = trained(
    "global pooling",
    [
        Conv2D(16, 3, padding="same", activation="relu"),
        Conv2D(32, 3, padding="same", activation="relu"),
        GlobalMaxPooling2D(),
        Dense(10),
    ],
    30,
)
cnn.summary()

# %% [markdown]
# ## 옆으로 조금 옮겨진 숫자
#
# 어느 신경망도 옮겨진 숫자를 본 적이 없습니다. 테스트 숫자를 여덟 방향으로 한 픽셀씩 옮기고, 맞힌 수를 다시 세어
# 봅시다.


# %%
def accuracy(model, distance):
    """The mean share of right answers after moves by so many pixels in eight directions."""
    moves = [(i, j) for i in (-distance, 0, distance) for j in (-distance, 0, distance) if i or j] or [(0, 0)]
    return np.mean([model.evaluate(np.roll(x_test, move, (1, 2)), y_test)["accuracy"] for move in moves])


print("                 parameters | as they are | moved by 1 pixel | by 2 pixels")
for model in (dense, cnn, everywhere):
    shares = [accuracy(model, distance) for distance in (0, 1, 2)]
    print(f"{model.name:16} {model.count_params():10,} | {shares[0]:11.1%} | {shares[1]:16.1%} | {shares[2]:11.1%}")

# %% [markdown]
# **무엇을 볼까요.** 숫자가 원래 자리에 있으면 셋 다 잘 맞힙니다. CNN은 매개변수가 절반도 안 되지만 뒤지지 않습니다.
# 한 픽셀만 옮겨도 완전 연결 신경망은 대부분 틀립니다. 획이 아니라 픽셀을 배웠기 때문입니다. CNN은 풀링 덕분에 더 잘
# 버티지만, 마지막 완전 연결층은 여전히 무엇이 어디에 있는지를 따집니다. 전역 풀링을 쓰면 숫자를 옮겨도 테두리를
# 벗어나는 부분 말고는 달라지는 것이 없습니다. (다만 이 신경망은 둘째 합성곱을 원래 크기에서 계산하므로 연산량이 더
# 많습니다.)
#
# 학습할 때 옮겨진 숫자를 함께 보여 주는 방법도 있습니다. 이것을 **데이터 증강**(data augmentation)이라고 하며, 완전
# 연결 신경망에도 도움이 됩니다.
#
# ## 신경망이 보는 것
#
# `nn.teach.layer_output`은 어느 층이든 그 출력을 돌려줍니다. `strokes`의 채널 하나하나는, 그 채널의 3x3 커널이 찾는
# 것이 어디에 있었는지를 나타내는 지도입니다.

# %%
image, kernel = x_test[0], cnn.get_weights()[0]
strokes = nn.teach.layer_output(cnn, image[None], "strokes")[0]
print(f"the kernels {kernel.shape}, the maps {strokes.shape}; the first four channels:\n")
for line in range(len(image)):
    grids = [strokes[line, :, channel] / max(float(strokes[:, :, channel].max()), 1e-6) for channel in range(4)]
    print("   ".join("".join(" .:*#"[round(4 * float(value))] * 2 for value in row) for row in grids))

# %%
answers = cnn.predict(x_test)
mistaken = np.flatnonzero(answers.argmax(axis=1) != y_test)
shown = [(f"a {y_test[k]}, taken for {answers[k].argmax()}", x_test[k, :, :, 0]) for k in mistaken[:8]]
try:
    print(f"pictures: {nn.plot.feature_maps(cnn, image, MAPS)} and {nn.plot.pictures(shown, MISTAKES)}")
except MissingDependency as error:
    print(f"no pictures: {error}")
print(f"{len(mistaken)} of {len(x_test)} digits are mistaken: {'; '.join(title for title, _ in shown)}")

# %% [markdown]
# ![숫자 하나의 특징 맵, 층별로](09_feature_maps.png)
#
# 한 줄이 층 하나, 그림 하나가 채널 하나입니다. 어떤 커널은 획의 왼쪽 가장자리에, 어떤 커널은 오른쪽 가장자리에, 또
# 어떤 커널은 가로획에 반응합니다. `parts`의 맵은 거칠고 밝은 칸이 몇 개 없습니다. 어떤 것이 거기 있다고 말하고 있는
# 것입니다.
#
# ![CNN이 잘못 읽은 숫자들](09_mistakes.png)
#
# 여러분이라면 맞혔을까요?
#
# ## 생각해 볼 문제
#
# 1. CNN의 층마다 매개변수가 몇 개인지 손으로 계산해서 `summary()`와 비교해 보세요.
# 2. `pooled_parts`의 한 칸은 이미지의 얼마나 큰 부분을 볼까요? (거꾸로 거슬러 올라가 보세요: 2, 그다음은 4, ...)
# 3. 완전 연결 신경망을 옮겨진 숫자로도 학습시켜 보세요. 원래 숫자와 여덟 방향으로 옮긴 숫자를 `np.concatenate`로
#    합치면 됩니다. 한 픽셀 옮긴 숫자를 얼마나 맞히게 되나요? 두 픽셀이면요?
# 4. 최대 풀링을 `AveragePooling2D`로, 또는 합성곱의 스트라이드 2로 바꿔 보세요. 무엇이 달라지나요?
# 5. 풀링의 역전파를 직접 작성해 보세요: `nn.teach.exercise("max_pool2d_backward")`. 창이 서로 겹칠 때는 어떻게 해야
#    할까요?

# %% [markdown]
# # 08 합성곱, 스트라이드, 패딩
#
# **시간:** 읽고 실습하는 데 40분, 코드 실행은 몇 초. **선수 지식:** 03강 (손으로 하는 역전파).
#
# 이 강의에서 배우는 것
#
# - 합성곱 층이 숫자 하나하나를 어떻게 계산하는지
# - 스트라이드와 패딩이 출력의 크기를 어떻게 정하는지
# - 몇 개 안 되는 가중치를 공유해서 어떻게 많은 가중치의 일을 하는지
# - 합성곱의 기울기도 합성곱이라는 것

# %%
import inspect

import numpy as np

import numbanet as nn
from numbanet.errors import MissingDependency
from numbanet.figures import new_figure
from numbanet.kernels.conv2d import reference

PICTURE = "08_convolution_stride_padding.png"

# %% [markdown]
# ## 미끄러지는 창
#
# 완전 연결층(`Dense`)은 이미지의 픽셀마다 따로 가중치를 가집니다. 왼쪽 위에 있는 획의 모양을 배웠더라도, 오른쪽
# 아래에 있는 똑같은 획에 대해서는 아무것도 모릅니다. **합성곱**(convolution)은 이미지의 작은 창을 들여다보고, 거기
# 보이는 값들에 작은 가중치 표인 **커널**(kernel)을 곱해서 더합니다. 그런 다음 창을 옮기되, 가중치는 그대로 둡니다. 한
# 곳에서 배운 것이 어디서나 통하게 됩니다.
#
# 아래는 9x9 픽셀의 X 그림과, 왼쪽 위에서 오른쪽 아래로 내려가는 획을 좋아하는 커널입니다. 대각선은 1이고 나머지는
# -1입니다.

# %%
CROSS = np.zeros((9, 9))
for k in range(1, 8):
    CROSS[k, k] = CROSS[k, 8 - k] = 1
FALLING = np.array([[1.0, -1, -1], [-1, 1, -1], [-1, -1, 1]])


def show(title, array):
    print(f"\n{title}")
    for row in array:
        print("".join(f"{value:4.0f}" for value in row))


show("the picture", CROSS)
show("the kernel", FALLING)

# %% [markdown]
# 창을 1~3행, 1~3열에 놓아 봅시다. 곱셈 아홉 번에 합 하나입니다.

# %%
window = CROSS[1:4, 1:4]
products = window * FALLING
terms = " ".join(f"{a:.0f}*({w:.0f})" for a, w in zip(window.ravel(), FALLING.ravel(), strict=True))
print(f"{terms}: the sum is {products.sum():.0f}")

# %% [markdown]
# ## 식
#
# 창의 왼쪽 위 모서리가 $p$행 $q$열에 있고, 커널 $w$의 크기가 $K \times K$, 편향이 $b$이면
#
# $$ y_{p,q} = b + \sum_{i=0}^{K-1} \sum_{j=0}^{K-1} x_{p+i,\,q+j}\; w_{i,j} $$
#
# 신호 처리에서는 이것을 교차 상관(cross-correlation)이라고 부르고, 합성곱에서는 커널을 먼저 뒤집습니다. 신경망은
# 커널을 학습으로 얻으므로 아무 차이가 없고, 그래서 모두 합성곱이라고 부릅니다. 반복문으로 쓰면 다음과 같습니다.


# %%
def by_hand(image, kernel):
    size = len(kernel)
    count = len(image) - size + 1
    y = np.zeros((count, count))
    for p in range(count):
        for q in range(count):
            for i in range(size):
                for j in range(size):
                    y[p, q] += image[p + i, q + j] * kernel[i, j]
    return y


show("by hand: 9x9 pixels and a 3x3 window leave 7x7 sums", by_hand(CROSS, FALLING))

# %% [markdown]
# 합이 가장 큰 곳은 획이 왼쪽 위에서 오른쪽 아래로 내려가는 자리입니다. 다른 획을 따라서는 값이 작거나 음수입니다.
# 출력은 커널이 찾는 것이 어디에 있는지를 그린 지도, 즉 **특징 맵**(feature map)입니다.
#
# ## 패딩과 스트라이드
#
# 우리가 정할 수 있는 것이 두 가지 있습니다.
#
# - **패딩**(padding)은 이미지 둘레에 0을 $P$행, $P$열씩 두릅니다. 패딩이 없으면 층을 지날 때마다 가장자리 픽셀이 한
#   겹씩 사라지고, 가장자리의 픽셀은 다른 픽셀보다 적은 수의 창에 들어갑니다.
# - **스트라이드**(stride) $S$는 창이 한 번에 움직이는 거리입니다. 스트라이드가 2이면 출력의 행과 열이 절반이 됩니다.
#
# 창은 패딩을 두른 $H + 2P$행짜리 이미지의 $0, S, 2S, \dots$행에서 시작하고, 마지막 창도 이미지 안에 들어가야 합니다.
# 따라서 스트라이드와 패딩이 있을 때의 식과 출력의 행 수 $H'$은
#
# $$ y_{p,q} = b + \sum_{i,j} x_{pS+i-P,\;qS+j-P}\; w_{i,j} \qquad
#    H' = \left\lfloor \frac{H + 2P - K}{S} \right\rfloor + 1 $$
#
# 입니다. 이미지 바깥에서는 $x$가 0입니다. 반복문을 새로 쓸 필요는 없습니다. 이미지에 패딩을 두르고, 두 방향으로 합을
# $S$개마다 하나씩만 남기면 됩니다. (실제 층은 남길 것만 계산합니다.)


# %%
def output_size(height, size, stride, padding):
    return (height + 2 * padding - size) // stride + 1


def convolved(image, kernel, stride=1, padding=0):
    return by_hand(np.pad(image, padding), kernel)[::stride, ::stride]


# %% [markdown]
# ## 손계산과 층의 비교
#
# `Conv2D`의 이미지는 $(N, H, W, C)$ 모양입니다. 이미지가 $N$개, 채널이 $C$개이고, 컬러 이미지라면 채널이 셋입니다.
# 커널의 모양은 $(K, K, C, O)$입니다. 출력 채널 $O$개가 저마다 창을 하나씩 가지고 있고, 그 창은 $C$개의 채널을 모두
# 봅니다. 채널이 하나인 이미지 하나를 주고 가중치를 직접 넣어 봅시다. `padding="valid"`는 $P = 0$이고, `"same"`은 $S =
# 1$일 때 출력이 입력과 같은 크기가 되는 만큼의 패딩입니다.


# %%
def by_layer(image, kernel, stride=1, padding="valid"):
    model = nn.Sequential([nn.layers.Conv2D(1, len(kernel), stride, padding)])
    model.build((*image.shape, 1), dtype="float64")
    model.set_weights([kernel[:, :, None, None], np.zeros(1)])
    return model.predict(image[None, :, :, None])[0, :, :, 0]


print("stride  padding  (9 + 2P - 3) / S + 1   by hand and by the layer")
for stride, padding in ((1, 0), (2, 0), (3, 0), (1, 1), (2, 1), (4, 1)):
    hand, layer = convolved(CROSS, FALLING, stride, padding), by_layer(CROSS, FALLING, stride, padding)
    verdict = "the same numbers" if np.array_equal(hand, layer) else "OTHER NUMBERS"
    print(f"{stride:6} {padding:8} {output_size(9, 3, stride, padding):14} rows      {verdict}, {layer.shape}")
same = by_layer(CROSS, FALLING, padding="same")
equal = np.array_equal(same, convolved(CROSS, FALLING, 1, 1))
print(f'padding="same" leaves {same.shape}, and is P = (K - 1) / 2 = 1: {equal}')

# %% [markdown]
# ## 라이브러리의 반복문
#
# `Conv2D`의 기준 반복문으로, `device="reference"`에서 실제로 실행되는 코드입니다. 위의 식에 반복문이 세 겹 더
# 있습니다. 이미지 `n`, 출력 채널 `o`, 입력 채널 `i`에 대한 반복문입니다. 이미지 둘레에 0을 저장하는 대신, 칸이 이미지
# 안에 있는지를 묻습니다. 여기서 `P`와 `Q`는 출력의 행과 열의 수, `(SH, SW)`는 스트라이드, `(T, L)`은 위쪽과 왼쪽의
# 패딩입니다. (`dilation`은 창의 칸 사이를 벌리고, `group`은 채널을 나눕니다.) `print(nn.explain("conv2d"))`는
# 합성곱의 모든 반복문을 식과 함께 보여 줍니다.

# %%
print(inspect.getsource(reference.forward.function))

# %% [markdown]
# ## 적은 가중치를 모든 곳에
#
# 같은 8x8 이미지를 완전 연결층과 합성곱 층에 넣어, 둘 다 8x8x4개의 숫자를 출력하게 해 봅시다.

# %%
digits, labels = nn.datasets.load_digits()
image = digits[0].reshape(8, 8)
dense = nn.Sequential([nn.layers.Dense(8 * 8 * 4)], seed=0)
dense.build((64,))
conv = nn.Sequential([nn.layers.Conv2D(4, 3, padding="same")], seed=0)
conv.build((8, 8, 1))
print(f"dense: {dense.count_params():6,} parameters = 64 * 256 + 256")
print(f"conv:  {conv.count_params():6,} parameters = 3 * 3 * 1 * 4 + 4")

# %% [markdown]
# 게다가 합성곱은 이동이 무엇인지 압니다. 이미지를 한 픽셀 옮기면 특징 맵도 한 픽셀 옮겨지고, 그 밖에는 (가장자리를
# 빼면) 똑같습니다. 이런 성질을 이동에 대한 **등변성**(equivariance)이라고 합니다. 완전 연결층에게 옮겨진 이미지는
# 완전히 새로운 이미지입니다.

# %%
scene = np.zeros((12, 12), np.float32)
scene[2:10, 1:9] = image
moved = np.roll(scene, 1, axis=1)
for name, layer in (("conv", nn.layers.Conv2D(4, 3, padding="same")), ("dense", nn.layers.Dense(12 * 12 * 4))):
    flat = [nn.layers.Flatten()] if name == "dense" else []
    model = nn.Sequential([*flat, layer, nn.layers.Reshape((12, 12, 4))], seed=0)
    model.build((12, 12, 1))
    before, after = (model.predict(a[None, :, :, None])[0] for a in (scene, moved))
    difference = np.abs(np.roll(before, 1, axis=1) - after)[1:-1, 1:-1].max()
    print(f"{name:5}: output of the moved image against the moved output: largest difference {difference:.6f}")

# %% [markdown]
# ## 기울기
#
# 위층에서 $\delta_{p,q} = \partial L / \partial y_{p,q}$가 되돌아왔다고 합시다. 가중치 $w_{i,j}$는 *모든* 출력에
# 관여하므로, 연쇄 법칙에 따라 그 기울기는 모든 출력에 대한 합입니다.
#
# $$ \frac{\partial L}{\partial w_{i,j}} = \sum_{p,q} \delta_{p,q}\; \frac{\partial y_{p,q}}{\partial w_{i,j}}
#    = \sum_{p,q} \delta_{p,q}\; x_{p+i,\,q+j} $$
#
# 다시 잘 보세요. 이것은 $\delta$를 커널로 삼은 $x$의 합성곱입니다. 그리고 픽셀 하나는 그 픽셀이 보이는 모든 창에
# 관여합니다.
#
# $$ \frac{\partial L}{\partial x_{r,s}} = \sum_{i,j} \delta_{r-i,\,s-j}\; w_{i,j} $$
#
# 여기서 $\delta$는 자신의 행과 열 바깥에서 0입니다. 이것은 커널을 뒤집어서 $\delta$ 위로 미끄러뜨리는 계산입니다. 둘
# 다 손으로 계산해서 라이브러리의 반복문과 비교해 봅시다.

# %%
delta = np.random.default_rng(0).standard_normal((7, 7))
dw = by_hand(CROSS, delta)  # the window is delta: 9 - 7 + 1 = 3 rows
dx = by_hand(np.pad(delta, 2), FALLING[::-1, ::-1])
found_dw, found_dx = np.zeros((3, 3, 1, 1)), np.zeros((1, 9, 9, 1))
plain = (1, 1), (0, 0), (1, 1)  # strides, padding, dilation
reference.backward_kernel(delta[None, :, :, None], CROSS[None, :, :, None], *plain, found_dw)
reference.backward_input(delta[None, :, :, None], FALLING[:, :, None, None], *plain, found_dx)
print(f"dL/dw, largest difference: {np.abs(dw - found_dw[:, :, 0, 0]).max():.1e}")
print(f"dL/dx, largest difference: {np.abs(dx - found_dx[0, :, :, 0]).max():.1e}")

# %% [markdown]
# ## 교과서에 나오는 커널
#
# 신경망이 커널을 학습하기 전에는 사람이 커널을 설계했습니다. 블러(blur)는 창 안의 평균이고, 소벨(Sobel) 커널은 밝기가
# 오른쪽으로, 또는 아래쪽으로 변하는 기울기입니다. 두 소벨 커널을 합치면 윤곽선을 찾을 수 있습니다.

# %%
KERNELS = {
    "blur": np.ones((3, 3)) / 9,
    "sharpen": np.array([[0.0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
    "Sobel, to the right": np.array([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]]),
    "Sobel, downwards": np.array([[-1.0, -2, -1], [0, 0, 0], [1, 2, 1]]),
}
maps = {"a digit": image.astype(float)}
maps |= {name: by_layer(image.astype(float), kernel, padding="same") for name, kernel in KERNELS.items()}
maps["edges: length of both slopes"] = np.hypot(maps["Sobel, to the right"], maps["Sobel, downwards"])
for name, values in maps.items():
    rough = (np.abs(np.diff(values, axis=0)).mean() + np.abs(np.diff(values, axis=1)).mean()) / 2
    print(f"{name:30} from {values.min():6.2f} to {values.max():5.2f}, mean step to the next pixel {rough:.2f}")

# %%
try:
    figure = new_figure(10, 5.5)
except MissingDependency as error:
    print(f"no picture: {error}")
else:
    shown = {"an X": CROSS, "where it falls": by_hand(CROSS, FALLING)} | maps
    for place, (name, values) in enumerate(shown.items()):
        axes = figure.add_subplot(2, 4, place + 1)
        axes.imshow(values, cmap="gray")
        axes.set_title(name, fontsize=9)
        axes.set(xticks=[], yticks=[])
    figure.savefig(PICTURE, dpi=100)
    print(f"picture: {PICTURE}")

# %% [markdown]
# ![X와 숫자 하나, 그리고 커널들이 만들어 낸 그림](08_convolution_stride_padding.png)
#
# **무엇을 볼까요.** 내려가는 획을 찾는 커널은 X의 한쪽 획을 따라서는 밝게 빛나고, 다른 획은 어둡게 남겨 둡니다.
# 블러를 거치면 이웃한 픽셀이 서로 비슷해지고(평균 차이가 작아집니다), 선명하게 하는 커널(sharpen)은 그 반대입니다.
# 소벨 맵 하나는 숫자의 세로 윤곽을, 다른 하나는 가로 윤곽을 찾습니다.
#
# ## 생각해 볼 문제
#
# 1. 이미지가 28x28 픽셀이고 창이 5x5입니다. 스트라이드가 1일 때 28행을 유지하려면 패딩이 얼마여야 할까요? 패딩 없이
#    스트라이드가 2이면 몇 행이 남을까요? `output_size`로 확인해 보세요.
# 2. 32x32x3 이미지에서 `Conv2D(16, 5)`의 매개변수는 몇 개일까요? 64x64x3 이미지에서는요? 왜 같을까요?
# 3. 스트라이드 1인 3x3 합성곱 두 개가 이어져 있습니다. 출력 하나는 이미지의 얼마나 큰 부분을 볼까요? 세 개가
#    이어지면요?
# 4. 두 방향의 반복문을 직접 작성해 보세요: 먼저 `nn.teach.exercise("conv2d_forward")`, 그다음
#    `nn.teach.exercise("conv2d_backward")`. 무엇이 틀렸는지는 `nn.teach.grade(file)`이 알려 줍니다.
# 5. 버그 박물관에는 이미지 가장자리를 넘어가 버리는 창이 있습니다: `nn.teach.exhibit("window_past_the_edge")`.
#    찾아보세요.

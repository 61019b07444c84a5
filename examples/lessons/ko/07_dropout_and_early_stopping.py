# %% [markdown]
# # 07 드롭아웃과 조기 종료
#
# **시간:** 읽고 실습하는 데 30분, 코드 실행은 몇 초. **선수 지식:** 03강 (손으로 하는 역전파).
#
# 이 강의에서 배우는 것
#
# - 신경망이 데이터를 통째로 외워 버리는 것을 알아보는 방법과, 그것이 왜 나쁜지
# - 조기 종료로 학습을 제때 끝내는 방법
# - 드롭아웃이 학습할 때와 사용할 때 각각 무엇을 계산하는지, 출력에 왜 배율을 곱하는지
# - 두 방법이 손실과 오답에 미치는 영향

# %%
import inspect

import numpy as np

import numbanet as nn
from numbanet.errors import MissingDependency
from numbanet.figures import new_figure
from numbanet.kernels.dropout import reference

PICTURE = "07_dropout_and_early_stopping.png"
nn.set_num_threads(1)  # steps as short as these are too little work for two

# %% [markdown]
# ## 오류가 섞인 데이터
#
# 손글씨 숫자 400개로 학습합니다. 사람이 데이터에 레이블을 붙이다 보면 실수를 하는데, 여기서는 실수가 아주 많습니다.
# 학습 레이블의 30 %를 무작위 레이블로 바꿔 놓습니다. 나머지 숫자 중 400개는 **검증**(validation)에 씁니다. 학습하는
# 동안 이 숫자들의 결과를 보면서 여러 가지를 결정합니다. 마지막 997개는 **테스트**에 씁니다. 이 숫자들로는 아무것도
# 결정하지 않으므로, 신경망이 어떤 식으로든 한 번도 만난 적이 없는 숫자를 얼마나 잘 맞히는지 알려 줍니다. 검증과
# 테스트의 레이블은 모두 올바릅니다.

# %%
random = np.random.default_rng(1)
x, y = nn.datasets.load_digits()
order = random.permutation(len(x))
(x, x_validation, x_test), (y, y_validation, y_test) = (np.split(a[order], [400, 800]) for a in (x, y))
wrong = random.random(400) < 0.3
y = np.where(wrong, random.integers(0, 10, 400), y)
print(f"{len(x)} digits to train, {len(x_validation)} to validate, {len(x_test)} to test; {wrong.sum()} new labels")

# %% [markdown]
# ## 통째로 외우기
#
# 뉴런 256개짜리 은닉층이 둘인 신경망은 숫자 400개를 배우는 데 매개변수가 85,000개나 됩니다. 숫자 하나하나를 틀린
# 레이블까지 통째로 외우기에 충분합니다. 에폭가 끝날 때마다 학습 데이터의 손실과 검증 데이터의 손실을 잽니다.


# %%
def network(rate):
    layers = []
    for _ in range(2):
        layers += [nn.layers.Dense(256, activation="relu"), nn.layers.Dropout(rate)]
    model = nn.Sequential([*layers, nn.layers.Dense(10)], seed=0)
    model.compile(nn.optimizers.Adam(3e-3), nn.losses.SparseCategoricalCrossentropy(), ["accuracy"])
    return model


class Losses(nn.callbacks.Callback):
    """Both losses after every epoch, with all units on."""

    def on_train_begin(self, logs=None):
        self.training, self.validation = [], []

    def on_epoch_end(self, epoch, logs=None):
        self.training.append(self.model.evaluate(x, y)["loss"])
        self.validation.append(logs["val_loss"])


def train(rate, *callbacks, epochs=100):
    model = network(rate)
    data = x_validation, y_validation
    model.fit(x, y, batch_size=32, epochs=epochs, validation_data=data, callbacks=list(callbacks), verbose=0)
    return model


losses = Losses()
model = train(0.0, losses)
print(f"{model.count_params():,} parameters\n")
print("epoch   training loss   validation loss")
for epoch in (1, 5, 10, 20, 40, 70, 100):
    print(f"{epoch:5} {losses.training[epoch - 1]:15.3f} {losses.validation[epoch - 1]:17.3f}")
by_heart = (model.predict(x).argmax(axis=1) == y)[wrong].mean()
test = model.evaluate(x_test, y_test)
print(f"\nof the replaced labels it has learned {by_heart:.0%} by heart")
print(f"test loss {test['loss']:.3f}, test accuracy {test['accuracy']:.1%}")

# %% [markdown]
# **무엇을 볼까요.** 처음에는 두 손실이 함께 내려갑니다. 이때 배우는 것은 다른 숫자에도 통하는 것입니다. 그다음 학습
# 손실은 계속 0을 향해 내려가지만, 검증 손실은 방향을 바꿔 올라갑니다. 거기서부터 신경망은 이 400개의 숫자에만 통하는
# 것을 배웁니다. 이것이 **과적합**(overfitting)이고, 두 손실의 차이인 **일반화 격차**(generalisation gap)를 보면 알 수
# 있습니다.
#
# ## 조기 종료
#
# 가장 간단한 처방은 검증 손실이 가장 낮았던 에폭의 가중치를 남기는 것입니다.
#
# $$ t^* = \arg\min_t L_{val}(t), $$
#
# 그리고 몇 에폭 동안 더 나은 값이 나오지 않으면 학습을 멈춥니다. 이 에폭 수를 **인내**(patience)라고 합니다. 에폭
# 하나하나의 손실은 우연히 오르내리므로, 인내가 1이면 너무 일찍 멈출 수 있습니다.

# %%
for patience in (1, 5, 15):
    stop = nn.callbacks.EarlyStopping(patience=patience, restore_best_weights=True)
    found = train(0.0, stop).evaluate(x_test, y_test)
    print(
        f"patience {patience:2}: ends after epoch {stop.stopped_epoch + 1:3}, keeps epoch {stop.best_epoch + 1:3};"
        f" test loss {found['loss']:.3f}, accuracy {found['accuracy']:.1%}"
    )
print(f"without it: {test['loss']:.3f}, {test['accuracy']:.1%}")

# %% [markdown]
# 조기 종료에는 비용이 들지 않고, 오히려 에폭를 아낍니다. 다만 검증 데이터를 보고 결정을 내렸으므로 검증 손실은 더
# 이상 공정한 잣대가 아닙니다. 그래서 테스트는 다른 데이터로 합니다.
#
# ## 드롭아웃
#
# 또 하나의 처방은 신경망 자체를 바꿉니다. 학습 단계마다 은닉 뉴런 하나하나를 확률 $p$로 끕니다. $p$를 드롭아웃의
# **비율**(rate)이라고 합니다. 특정한 다른 뉴런이 늘 켜져 있으리라고 믿을 수 없으므로, 뉴런마다 혼자서도 쓸모 있는
# 것을 배워야 합니다(Srivastava et al., 2014). $u_i$가 $[0, 1)$에서 고르게 뽑은 난수일 때
#
# $$ m_i = \begin{cases} \dfrac{1}{1 - p} & u_i \ge p \\ 0 & u_i < p \end{cases}
#    \qquad y_i = x_i\, m_i \qquad \frac{\partial L}{\partial x_i} = \frac{\partial L}{\partial y_i}\, m_i $$
#
# 왜 $1 / (1 - p)$을 곱할까요? 뉴런은 확률 $1 - p$로 살아남으므로 마스크의 평균은
#
# $$ E[m_i] = (1 - p) \cdot \frac{1}{1 - p} + p \cdot 0 = 1. $$
#
# 입니다. 따라서 다음 층이 받는 합은 평균적으로 모든 뉴런이 켜져 있을 때와 같습니다. 학습이 끝난 뒤에는 바로 그렇게
# 아무것도 끄지 않고 신경망을 사용하므로, 배율을 따로 맞출 필요가 없습니다. 라이브러리의 반복문도 똑같이 말합니다.

# %%
print(inspect.getsource(reference.forward.function))
print(inspect.getsource(reference.backward.function))

# %% [markdown]
# `block`은 난수 생성기입니다. 시드, 층, 학습 단계가 같으면 어느 장치에서나 같은 마스크가 나옵니다. 값이 모두 1인 뉴런
# 12개에 비율 0.5의 드롭아웃을 세 단계 적용해 보고, 그다음 아주 많은 단계의 평균을 내 봅시다.


# %%
def dropped(values, rate, step):
    mask, out = np.zeros_like(values), np.zeros_like(values)
    reference.forward(values, rate, 0, 0, np.array([step]), mask, out)  # seed 0, stream 0
    return out


ones = np.ones(12)
for step in range(3):
    print(f"step {step}: {' '.join(f'{value:.0f}' for value in dropped(ones, 0.5, step))}")
for rate in (0.25, 0.5, 0.75):
    many = np.array([dropped(ones, rate, step) for step in range(5000)])
    print(f"rate {rate}: kept {np.mean(many > 0):.3f} of the units, each as {many.max():.2f}; mean {many.mean():.3f}")

# %% [markdown]
# 모델 안에서 `Dropout`은 학습할 때만 작동합니다. `predict`와 `evaluate`에서는 모든 뉴런이 켜져 있고, 매번 같은 답이
# 나옵니다.
#
# ## 실험
#
# 같은 신경망을 네 가지 비율로 100 에폭씩 학습시키고, 조기 종료를 써서 한 번씩 더 학습시킵니다.

# %%
curves = {}
print("rate | training loss  validation: lowest, at the end   gap |  test loss  accuracy | with early stopping")
for rate in (0.0, 0.25, 0.5, 0.75):
    curves[rate] = losses = Losses()
    test = train(rate, losses).evaluate(x_test, y_test)
    stopped = train(rate, nn.callbacks.EarlyStopping(patience=15, restore_best_weights=True)).evaluate(x_test, y_test)
    training, least, last = losses.training[-1], min(losses.validation), np.mean(losses.validation[-5:])
    print(
        f"{rate:4} | {training:13.3f} {least:19.3f} {last:11.3f} {last - training:5.2f} | {test['loss']:10.3f}"
        f" {test['accuracy']:9.1%} | {stopped['loss']:.3f}, {stopped['accuracy']:.1%}"
    )

# %%
try:
    figure = new_figure(10, 3.6)
except MissingDependency as error:
    print(f"no picture: {error}")
else:
    for place, (rate, losses) in enumerate(curves.items()):
        axes = figure.add_subplot(1, 4, place + 1)
        axes.plot(losses.training, "0.6", label="training")
        axes.plot(losses.validation, "C0", label="validation")
        best = int(np.argmin(losses.validation))
        axes.plot(best, losses.validation[best], "C3o", label="lowest")
        axes.set(title=f"rate {rate}", xlabel="epoch", ylim=(0, 2))
        axes.grid(alpha=0.3)
    figure.axes[0].set_ylabel("cross-entropy")
    figure.axes[0].legend()
    figure.savefig(PICTURE, dpi=100)
    print(f"picture: {PICTURE}")

# %% [markdown]
# ![네 가지 비율에서 에폭에 따른 손실](07_dropout_and_early_stopping.png)
#
# **무엇을 볼까요.**
#
# - 드롭아웃이 없으면 검증 손실은 금세 최저점에 이르고, 그 뒤 두 배로 올라갑니다. 비율이 높을수록 더 늦게 방향을
#   바꾸고 덜 올라갑니다.
# - 학습 손실은 드롭아웃을 쓰면 *나빠집니다*. 바로 그것이 목적입니다. 이제 모든 레이블을 외울 수는 없기 때문입니다.
#   비율 0.75에서는 학습 손실이 검증 손실보다도 높은데, 틀린 레이블은 학습 데이터에만 있기 때문입니다.
# - 어느 레이블을 의심해야 하는지 아무도 알려 주지 않았는데도, 테스트 숫자를 훨씬 더 많이 맞힙니다.
# - 비율이 높다고 무조건 좋은 것은 아닙니다. 검증 손실의 최저점은 비율 0.5에서 가장 낮습니다. 0.75에서는 신경망이 너무
#   조금만 남아서 어떤 답도 확신하지 못합니다.
# - 두 처방은 함께 쓸 수 있습니다. 어느 비율에서나 조기 종료를 쓰는 편이 낫고, 적당한 비율의 드롭아웃에 조기 종료를
#   더하면 조기 종료만 쓸 때보다 낫습니다.
#
# ## 생각해 볼 문제
#
# 1. 표의 어느 숫자를 보고 비율을 골라야 할까요? 테스트 손실을 보고 고르면 왜 안 될까요?
# 2. 학습할 때 $1/(1-p)$을 곱하지 않는다면 `predict`에서 무엇을 해야 할까요? (드롭아웃의 첫 논문은 그렇게 했습니다.)
# 3. 학습용과 검증용 숫자 800개를 모두 학습에 쓰거나, 레이블을 하나도 바꾸지 말고 학습시켜 보세요. 그때는 드롭아웃이
#    얼마나 도움이 되나요?
# 4. 드롭아웃의 순전파와 역전파를 직접 작성해 보세요: `nn.teach.exercise("dropout")`. `nn.teach.grade(file)`이 채점해
#    줍니다.
# 5. 버그 박물관에는 끄지 말아야 할 때 뉴런을 끄는 신경망이 있습니다: `nn.teach.exhibit("dropout_at_test_time")`.
#    결과만 보고 어떻게 알아챌 수 있을까요?

"""Adam: the step of each weight is the mean of its recent gradients over their root mean square.

Shapes: g, m, v, highest, w (size) in the model's dtype; learning_rate (1,) float64 and iteration (1,) int64, arrays
so that a recorded step sees their changes; beta_1, beta_2, epsilon floats. g gradient, w weights; m, v running means
of g and g^2, highest the largest v so far (all zeros at the start); iteration counts the updates already done, and
t = iteration + 1 is the number of this one (numbanet.kernels.counter advances it).

Running means:
    U1: m = beta_1 m + (1 - beta_1) g
    U2: v = beta_2 v + (1 - beta_2) g^2

Bias correction. From zeros, m is the sum over k = 1..t of (1 - beta_1) beta_1^(t - k) g_k, whose weights add up to
1 - beta_1^t and not to 1:
    U3: m_hat = m / (1 - beta_1^t),  v_hat = v / (1 - beta_2^t)
    U4: highest = max(highest, v),   v_hat = highest / (1 - beta_2^t)        (AMSGrad)

Update:
    U5: w = w - learning_rate m_hat / (sqrt(v_hat) + epsilon)

Written: m, v, highest and w, in place. AMSGrad takes the maximum of v before its bias correction, as PyTorch. AdamW
is numbanet.kernels.weight_decay before this update.

Source: Kingma and Ba, Adam: a method for stochastic optimization, ICLR (2015), algorithm 1; Reddi, Kale and Kumar,
On the convergence of Adam and beyond, ICLR (2018), algorithm 2.
"""

"""The loops of the compiled engine: a network forward and backward over blocks of points, and a training run.

Units are rows and points are columns, a block of points at a time, so that the numbers of a block stay in the cache
and every inner loop runs along a row of constant length. Widths are filled up with units whose weights and values are
and stay 0, whatever the activation makes of 0; points that fill up the last block have share 0 in the mean.
"""

import functools
import math

import numpy as np
from numba import njit, types
from numba.extending import intrinsic

__all__ = ["loops", "wide"]

BLOCK = 512  # points worked on at a time

# A sum over points may be taken in any order, so that it can be taken in vectors; nan and inf stay what they are.
# Everything is inlined by force: a function left standing by itself is in the compiled code twice, optimised
# differently, and code just compiled calls the one while the same code loaded from numba's cache calls the other.
fast = njit(fastmath={"contract", "reassoc", "nsz"}, error_model="numpy", forceinline=True)
f32 = np.float32
ZERO, ONE, TWO = f32(0), f32(1), f32(2)


@intrinsic
def wide(typing):
    """Ask for the widest vectors that the processor has in the function that calls this.

    For many processors LLVM takes half of them, out of a care for the clock that does not pay here. A function that
    is inlined must ask itself: its loops become vectors before.
    """

    def generate(context, builder, signature, args):
        set.add(builder.function.attributes, '"prefer-vector-width"="512"')  # llvmlite lists no such attribute
        return context.get_dummy_value()

    return types.void(), generate


# --- products of a few weights with long rows of points


@fast
def _tile4(W, k, j, X, Z, keep):
    """Rows k to k + 3 of Z (+)= W X, inputs j to j + 3."""
    wide()
    a0, a1, a2, a3 = W[k, j], W[k, j + 1], W[k, j + 2], W[k, j + 3]
    b0, b1, b2, b3 = W[k + 1, j], W[k + 1, j + 1], W[k + 1, j + 2], W[k + 1, j + 3]
    c0, c1, c2, c3 = W[k + 2, j], W[k + 2, j + 1], W[k + 2, j + 2], W[k + 2, j + 3]
    d0, d1, d2, d3 = W[k + 3, j], W[k + 3, j + 1], W[k + 3, j + 2], W[k + 3, j + 3]
    x0, x1, x2, x3 = X[j], X[j + 1], X[j + 2], X[j + 3]
    z0, z1, z2, z3 = Z[k], Z[k + 1], Z[k + 2], Z[k + 3]
    if keep:
        for p in range(BLOCK):
            p0, p1, p2, p3 = x0[p], x1[p], x2[p], x3[p]
            z0[p] += a0 * p0 + a1 * p1 + a2 * p2 + a3 * p3
            z1[p] += b0 * p0 + b1 * p1 + b2 * p2 + b3 * p3
            z2[p] += c0 * p0 + c1 * p1 + c2 * p2 + c3 * p3
            z3[p] += d0 * p0 + d1 * p1 + d2 * p2 + d3 * p3
    else:
        for p in range(BLOCK):
            p0, p1, p2, p3 = x0[p], x1[p], x2[p], x3[p]
            z0[p] = a0 * p0 + a1 * p1 + a2 * p2 + a3 * p3
            z1[p] = b0 * p0 + b1 * p1 + b2 * p2 + b3 * p3
            z2[p] = c0 * p0 + c1 * p1 + c2 * p2 + c3 * p3
            z3[p] = d0 * p0 + d1 * p1 + d2 * p2 + d3 * p3


@fast
def _tile2(W, k, j, X, Z, keep):
    """Rows k to k + 3 of Z (+)= W X, inputs j and j + 1."""
    wide()
    a0, a1, b0, b1 = W[k, j], W[k, j + 1], W[k + 1, j], W[k + 1, j + 1]
    c0, c1, d0, d1 = W[k + 2, j], W[k + 2, j + 1], W[k + 3, j], W[k + 3, j + 1]
    x0, x1 = X[j], X[j + 1]
    z0, z1, z2, z3 = Z[k], Z[k + 1], Z[k + 2], Z[k + 3]
    if keep:
        for p in range(BLOCK):
            p0, p1 = x0[p], x1[p]
            z0[p] += a0 * p0 + a1 * p1
            z1[p] += b0 * p0 + b1 * p1
            z2[p] += c0 * p0 + c1 * p1
            z3[p] += d0 * p0 + d1 * p1
    else:
        for p in range(BLOCK):
            p0, p1 = x0[p], x1[p]
            z0[p] = a0 * p0 + a1 * p1
            z1[p] = b0 * p0 + b1 * p1
            z2[p] = c0 * p0 + c1 * p1
            z3[p] = d0 * p0 + d1 * p1


@fast
def _multiply(W, X, Z):
    """Z = W X: W (units out, units in), X and Z rows of points."""
    wide()
    out, units = W.shape
    if out == 1:
        z = Z[0]
        for j in range(0, units - 3, 4):
            a0, a1, a2, a3 = W[0, j], W[0, j + 1], W[0, j + 2], W[0, j + 3]
            x0, x1, x2, x3 = X[j], X[j + 1], X[j + 2], X[j + 3]
            if j == 0:
                for p in range(BLOCK):
                    z[p] = a0 * x0[p] + a1 * x1[p] + a2 * x2[p] + a3 * x3[p]
            else:
                for p in range(BLOCK):
                    z[p] += a0 * x0[p] + a1 * x1[p] + a2 * x2[p] + a3 * x3[p]
        if units % 4:
            a0, a1, x0, x1 = W[0, units - 2], W[0, units - 1], X[units - 2], X[units - 1]
            if units == 2:
                for p in range(BLOCK):
                    z[p] = a0 * x0[p] + a1 * x1[p]
            else:
                for p in range(BLOCK):
                    z[p] += a0 * x0[p] + a1 * x1[p]
    elif units == 1:
        x = X[0]
        for k in range(out):
            z, a = Z[k], W[k, 0]
            for p in range(BLOCK):
                z[p] = a * x[p]
    else:
        for k in range(0, out, 4):
            for j in range(0, units - 3, 4):
                _tile4(W, k, j, X, Z, j > 0)
            if units % 4:
                _tile2(W, k, units - 2, X, Z, units > 2)


@fast
def _dots4(G, X, k, j, dW):
    """Sixteen entries of dW += G X^T: rows k to k + 3, columns j to j + 3."""
    wide()
    g0, g1, g2, g3 = G[k], G[k + 1], G[k + 2], G[k + 3]
    x0, x1, x2, x3 = X[j], X[j + 1], X[j + 2], X[j + 3]
    a0 = a1 = a2 = a3 = b0 = b1 = b2 = b3 = c0 = c1 = c2 = c3 = d0 = d1 = d2 = d3 = ZERO
    for p in range(BLOCK):
        p0, p1, p2, p3 = x0[p], x1[p], x2[p], x3[p]
        g = g0[p]
        a0 += g * p0
        a1 += g * p1
        a2 += g * p2
        a3 += g * p3
        g = g1[p]
        b0 += g * p0
        b1 += g * p1
        b2 += g * p2
        b3 += g * p3
        g = g2[p]
        c0 += g * p0
        c1 += g * p1
        c2 += g * p2
        c3 += g * p3
        g = g3[p]
        d0 += g * p0
        d1 += g * p1
        d2 += g * p2
        d3 += g * p3
    w = dW[k + 0]
    w[j] += a0
    w[j + 1] += a1
    w[j + 2] += a2
    w[j + 3] += a3
    w = dW[k + 1]
    w[j] += b0
    w[j + 1] += b1
    w[j + 2] += b2
    w[j + 3] += b3
    w = dW[k + 2]
    w[j] += c0
    w[j + 1] += c1
    w[j + 2] += c2
    w[j + 3] += c3
    w = dW[k + 3]
    w[j] += d0
    w[j + 1] += d1
    w[j + 2] += d2
    w[j + 3] += d3


@fast
def _dots2(G, X, k, j, dW):
    """Eight entries of dW += G X^T: rows k to k + 3, columns j and j + 1."""
    wide()
    g0, g1, g2, g3 = G[k], G[k + 1], G[k + 2], G[k + 3]
    x0, x1 = X[j], X[j + 1]
    a0 = a1 = b0 = b1 = c0 = c1 = d0 = d1 = ZERO
    for p in range(BLOCK):
        p0, p1 = x0[p], x1[p]
        a0 += g0[p] * p0
        a1 += g0[p] * p1
        b0 += g1[p] * p0
        b1 += g1[p] * p1
        c0 += g2[p] * p0
        c1 += g2[p] * p1
        d0 += g3[p] * p0
        d1 += g3[p] * p1
    w = dW[k + 0]
    w[j] += a0
    w[j + 1] += a1
    w = dW[k + 1]
    w[j] += b0
    w[j + 1] += b1
    w = dW[k + 2]
    w[j] += c0
    w[j + 1] += c1
    w = dW[k + 3]
    w[j] += d0
    w[j + 1] += d1


@fast
def _add_dots(G, X, dW):
    """dW += G X^T, the sums over points."""
    wide()
    out, units = dW.shape
    if out == 1:
        g = G[0]
        for j in range(0, units, 2):
            x0, x1 = X[j], X[j + 1]
            a0 = a1 = ZERO
            for p in range(BLOCK):
                a0 += g[p] * x0[p]
                a1 += g[p] * x1[p]
            dW[0, j] += a0
            dW[0, j + 1] += a1
    else:
        for k in range(0, out, 4):
            for j in range(0, units - 3, 4):
                _dots4(G, X, k, j, dW)
            if units % 4:
                _dots2(G, X, k, units - 2, dW)


# --- activations and losses on the rows of a block

rows = types.float32[:, ::1]
vector = types.float32[::1]
activation_type = types.FunctionType(types.void(rows, vector, types.int64, rows))
head_type = types.FunctionType(types.float32(rows, vector, types.int64, rows, vector, vector))


# --- a network: layer by layer its matrix and its biases, one after the other in a row `w`


@fast
def _forward(w, sizes, units_of, x, H, Z, activate):
    """Values of the hidden units in H, their slopes in Z, and the last layer's products in the last rows of Z."""
    wide()
    at = row = 0
    a = x
    last = sizes.size - 2
    for layer in range(last + 1):
        units, out = sizes[layer], sizes[layer + 1]
        W = w[at : at + out * units].reshape((out, units))
        z = Z[row : row + out]
        _multiply(W, a, z)
        if layer < last:
            a = H[row : row + out]
            activate(z, w[at + out * units : at + out * units + out], units_of[layer + 1], a)
        at += out * units + out
        row += out


@fast
def _backward(w, g, turned, sizes, x, H, Z):
    """Add to g the gradient of the loss, whose gradient with respect to the logits is in the last rows of Z."""
    wide()
    at, row = w.size, Z.shape[0]
    for layer in range(sizes.size - 2, -1, -1):
        units, out = sizes[layer], sizes[layer + 1]
        at -= out * units + out
        row -= out
        delta = Z[row : row + out]
        gradient = g[at : at + out * units].reshape((out, units))
        if layer == 0:
            _add_dots(delta, x, gradient)
        else:
            below = H[row - units : row]
            _add_dots(delta, below, gradient)
            W, V = w[at : at + out * units].reshape((out, units)), turned[: out * units].reshape((units, out))
            for k in range(out):
                for j in range(units):
                    V[j, k] = W[k, j]
            _multiply(V, delta, below)  # the values are needed no more
            for k in range(units):
                slope, d, total = Z[row - units + k], below[k], ZERO
                for p in range(BLOCK):
                    t = d[p] * slope[p]
                    slope[p] = t
                    total += t
                g[at - units + k] += total


@fast
def _adam(w, g, mean, square, rate, step):
    """torch's Adam with its default settings {cite}`kingma2014`."""
    wide()
    pace = f32(rate / (1 - 0.9**step))
    scale = f32(1 / math.sqrt(1 - 0.999**step))
    for i in range(w.size):
        mean[i] += (g[i] - mean[i]) * f32(1 - 0.9)
        square[i] = square[i] * f32(0.999) + g[i] * g[i] * f32(1 - 0.999)
        w[i] -= pace * mean[i] / (np.sqrt(square[i]) * scale + f32(1e-8))


@fast
def _sgd(w, g, rate):
    wide()
    for i in range(w.size):
        w[i] -= rate * g[i]


def _train(state, X, Y, shares, sizes, units, activate, head, rate, adam, done, losses, H, Z):
    """Take one step for each place in losses, after `done` steps; the rows of state move in place.

    sizes: of the layers, filled up; units: as many of each as there are.
    """
    wide()
    w, g, mean, square, turned = state[0], state[1], state[2], state[3], state[4]
    z, b = Z[Z.shape[0] - sizes[-1] :], w.size - sizes[-1]
    for t in range(losses.size):
        g[:] = ZERO
        total = ZERO
        for i in range(X.shape[0]):
            _forward(w, sizes, units, X[i], H, Z, activate)
            total += head(z, w[b:], units[-1], Y[i], shares[i], g[b:])
            _backward(w, g, turned, sizes, X[i], H, Z)
        losses[t] = total
        if adam:
            _adam(w, g, mean, square, rate, done + t + 1)
        else:
            _sgd(w, g, f32(rate))


def _logits(w, X, sizes, units, activate, out, H, Z):
    """The outputs of the network on every block of points."""
    wide()
    z, b = Z[Z.shape[0] - sizes[-1] :], w[w.size - sizes[-1] :]
    for i in range(X.shape[0]):
        _forward(w, sizes, units, X[i], H, Z, activate)
        for k in range(units[-1]):
            for p in range(BLOCK):
                out[i, k, p] = z[k, p] + b[k]


@functools.cache
def loops():
    """`_train` and `_logits`, compiled: ten seconds, or nothing where numba finds them in its cache.

    The cache goes by this file alone, and so they take activation and loss as arguments, compiled apart and anew.
    """
    blocks = types.float32[:, :, ::1]
    common = [types.int64[::1], types.int64[::1], activation_type]
    train_type = types.void(
        rows, blocks, blocks, rows, *common, head_type, types.float64, types.boolean, types.int64, vector, rows, rows
    )
    logits_type = types.void(vector, blocks, *common, blocks, rows, rows)

    def compiled(loop, signature):
        try:
            return njit(signature, error_model="numpy", cache=True)(loop)
        except RuntimeError:  # numba finds no folder that it may write to
            return njit(signature, error_model="numpy")(loop)

    return compiled(_train, train_type), compiled(_logits, logits_type)

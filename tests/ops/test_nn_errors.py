"""Mistakes in neural-network ops and control flow are refused in our words, the same on every engine."""

import numpy as np
import pytest

import kerasfront as keras
from kerasfront import ops
from kerasfront.errors import OpError

X = np.ones((1, 4, 4, 8), "float32")
ROWS = np.ones((3, 2), "float32")
LOGITS = np.zeros((2, 4, 3), "float32")

# What is called, and what the message has to say.
MISTAKES = {
    "channels that do not divide": (lambda: ops.depth_to_space(X[..., :6], 2), "depth_to_space.*multiple of 4"),
    "an odd height": (lambda: ops.space_to_depth(X[:, :3], 2), "space_to_depth: the height is 3"),
    "three axes to space_to_depth": (lambda: ops.space_to_depth(X[0], 2), "Expected four axes"),
    "a window too large": (lambda: ops.unfold(X, 9), "unfold: kernel_size"),
    "blocks of another image": (lambda: ops.fold(np.ones((1, 8, 5)), 4, 2, stride=2), "fold: x has 5 blocks"),
    "channels of no window": (lambda: ops.fold(np.ones((1, 7, 4)), 4, 2, stride=2), "fold: the second axis is 7"),
    "output_size 0": (lambda: ops.adaptive_max_pool(X, 0), "adaptive_max_pool: output_size is 0"),
    "two sizes for three axes": (lambda: ops.adaptive_average_pool(X[..., None], (2, 2)), "output_size is"),
    "pool_size 0": (lambda: ops.max_pool(X, 0), "max_pool: pool_size is 0"),
    "strides -1": (lambda: ops.average_pool(X, 2, -1), "average_pool: strides is -1"),
    "an unknown padding": (lambda: ops.conv(X, np.ones((2, 2, 8, 1)), padding="full"), "padding is 'full'"),
    "causal in two dimensions": (lambda: ops.conv(X, np.ones((2, 2, 8, 1)), padding="causal"), "'causal'"),
    "a kernel of other channels": (lambda: ops.conv(X, np.ones((2, 2, 3, 1))), "channels"),
    "a window larger than the image": (lambda: ops.max_pool(X, 5), "larger than the input"),
    "signals of two shapes": (lambda: ops.psnr(X, X[:, :2], 1.0), "psnr: x1 and x2 do not fit"),
    "an odd glu": (lambda: ops.glu(np.ones((2, 3))), "odd size"),
    "heads that are no multiple": (lambda: ops.dot_product_attention(X, X[:, :, :3], X[:, :, :3]), "4 query heads"),
    "attention of three axes": (lambda: ops.dot_product_attention(X[0], X[0], X[0]), "four axes"),
    "flash without an accelerator": (
        lambda: ops.dot_product_attention(X, X, X, flash_attention=True),
        "flash_attention is True",
    ),
    "softmax over an axis twice": (lambda: ops.softmax(X, (0, -4)), "twice"),
    "softmax beyond the axes": (lambda: ops.softmax(X, 4), "out of range"),
    "a label that is the blank": (
        lambda: ops.ctc_loss(np.array([[0, 1], [1, 2]]), LOGITS, np.array([2, 2]), np.array([4, 4])),
        "ctc_loss: label 0 names no class",
    ),
    "a label that is no class": (
        lambda: ops.ctc_loss(np.array([[1, 3], [1, 2]]), LOGITS, np.array([2, 2]), np.array([4, 4])),
        "ctc_loss: label 3 names no class",
    ),
    "a length beyond the time": (
        lambda: ops.ctc_loss(np.array([[1, 2], [1, 2]]), LOGITS, np.array([2, 2]), np.array([4, 5])),
        "output_length is",
    ),
    "lengths of another batch": (lambda: ops.ctc_decode(LOGITS, np.array([4, 4, 4])), "one batch size"),
    "an unknown strategy": (lambda: ops.ctc_decode(LOGITS, np.array([4, 4]), "best"), "strategy is 'best'"),
    "more paths than beams": (
        lambda: ops.ctc_decode(LOGITS, np.array([4, 4]), "beam_search", 2, 3),
        "top_paths is 3",
    ),
    "a condition that is no scalar": (lambda: ops.cond(np.array([True, False]), dict, dict), "cond: pred has shape"),
    "no branches": (lambda: ops.switch(0, []), "switch: branches is empty"),
    "a body that returns more": (
        lambda: ops.while_loop(lambda x: True, lambda x: (x, x), (ops.ones(2),), 2),
        "while_loop: what the body returns differs",
    ),
    "a body that changes a shape": (
        lambda: ops.while_loop(lambda x: True, lambda x: (x[:1],), (ops.ones(2),), 2),
        "while_loop: what the body returns differs",
    ),
    "a body that changes a dtype": (
        lambda: ops.while_loop(lambda x: True, lambda x: (ops.cast(x, "int32"),), (ops.ones(2),), 2),
        "float32.*int32|int32.*float32",
    ),
    "a step that changes the carry": (
        lambda: ops.scan(lambda c, x: (ops.sum(c), x), ops.ones(2), ROWS),
        "scan: the carry that f returns differs",
    ),
    "a scan of unknown length": (lambda: ops.scan(lambda c, x: (c, x), ops.ones(2)), "number of steps"),
    "a scan of two lengths": (lambda: ops.scan(lambda c, x: (c, x), ops.ones(2), ROWS, 4), "number of steps"),
    "elements of two lengths": (
        lambda: ops.associative_scan(lambda a, b: a, (ROWS, ROWS[:2])),
        "associative_scan: sizes",
    ),
    "a tangent of another shape": (lambda: ops.jvp(ops.sin, (ROWS,), (ROWS[:1],)), "jvp: tangents do not fit"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_refused(engine, name):
    call, message = MISTAKES[name]
    with pytest.raises(OpError, match=message):
        call()


DIFFERENT = {
    "structures": (lambda: ops.zeros(2), lambda: (ops.zeros(2), ops.zeros(2))),
    "shapes": (lambda: ops.zeros(2), lambda: ops.zeros(3)),
    "dtypes": (lambda: ops.zeros(2), lambda: ops.zeros(2, "int32")),
    "none": (lambda: ops.zeros(2), lambda: None),
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_branches_that_differ_are_refused_where_the_condition_is_symbolic(name):
    with pytest.raises(OpError, match="cond: what another returns differs"):
        ops.cond(keras.KerasTensor((), "bool"), *DIFFERENT[name])
    with pytest.raises(OpError, match="switch: what another returns differs"):
        ops.switch(keras.KerasTensor((), "int32"), DIFFERENT[name])


@pytest.mark.parametrize("name", DIFFERENT)
def test_branches_that_differ_are_refused_in_a_trace(engine, name):
    if not keras.backend.registry.get(engine).compiles:
        pytest.skip("the engine knows the condition and runs one branch only")
    with pytest.raises(OpError, match="cond: what another returns differs"):
        keras.function(lambda p: ops.cond(p, *DIFFERENT[name]))(ops.convert_to_tensor(True))


def test_a_gradient_function_with_too_few_gradients_is_refused(engine):
    @ops.custom_gradient
    def product(x, y):
        return x * y, lambda upstream: upstream

    x, y = keras.Variable(2.0), keras.Variable(3.0)
    with pytest.raises(OpError, match="returned 1 gradients"):
        keras.value_and_grad(lambda: product(x, y), [x, y])


def test_a_label_out_of_range_is_refused_eagerly_and_nan_compiled(engine):
    labels, lengths, steps = np.array([[1, 7], [1, 2]]), np.array([2, 2]), np.array([4, 4])
    loss = keras.function(lambda *given: ops.ctc_loss(given[0], LOGITS, *given[1:]))
    if not keras.backend.registry.get(engine).compiles:
        with pytest.raises(OpError, match="label 7 names no class"):
            loss(*(ops.convert_to_tensor(one) for one in (labels, lengths, steps)))
        return
    found = ops.convert_to_numpy(loss(*(ops.convert_to_tensor(one) for one in (labels, lengths, steps))))
    assert np.isnan(found[0]) and np.isfinite(found[1])


@pytest.mark.parametrize("label", [-1, 3])
def test_a_sparse_label_out_of_range_is_refused_eagerly_and_nan_compiled(engine, label):
    labels, scores = np.array([0, label], "int32"), np.full((2, 3), 1 / 3, "float32")
    with pytest.raises(OpError, match=f"label {label} names no class"):
        ops.sparse_categorical_crossentropy(labels, scores)
    if not keras.backend.registry.get(engine).compiles:
        return
    loss = keras.function(ops.sparse_categorical_crossentropy)
    found = ops.convert_to_numpy(loss(ops.convert_to_tensor(labels), ops.convert_to_tensor(scores)))
    assert np.isnan(found[1]) and np.isclose(found[0], np.log(3))


def test_a_custom_gradient_may_read_variables(engine):
    scale = keras.Variable(3.0)

    @ops.custom_gradient
    def scaled(x):
        return ops.multiply(x, scale), lambda upstream: ops.multiply(upstream, 5.0)

    x = keras.Variable(2.0)
    loss, (gradient,) = keras.value_and_grad(lambda: scaled(x), [x])
    assert float(loss) == 6 and float(gradient) == 5


X_IN = keras.Input((3,))
CLOSING = {
    "cond": lambda: ops.cond(ops.sum(X_IN) > 0, lambda: X_IN * 2.0, lambda: X_IN),
    "switch": lambda: ops.switch(ops.cast(ops.sum(X_IN), "int32"), [lambda: X_IN]),
    "scan": lambda: ops.scan(lambda c, row: (c + ops.sum(X_IN), row), X_IN[0], X_IN),
    "fori_loop": lambda: ops.fori_loop(0, 2, lambda i, v: v + X_IN, X_IN),
    "while_loop": lambda: ops.while_loop(lambda v: True, lambda v: v + X_IN, X_IN, 2),
    "map": lambda: ops.map(lambda row: ops.add(row, ops.sum(X_IN)), X_IN),
}


@pytest.mark.parametrize("name", CLOSING)
def test_functions_that_close_over_symbolic_tensors_are_refused(name):
    with pytest.raises(OpError, match="a function closes over"):
        CLOSING[name]()

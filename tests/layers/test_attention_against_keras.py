"""MultiHeadAttention with masks, windows, gates and further axes against Keras."""

import numpy as np
import pytest

import kerasfront as kf

generator = np.random.default_rng(2)


def numbers(*shape):
    return generator.normal(size=shape).astype("float32")


QUERY, VALUE, KEY = numbers(2, 5, 4), numbers(2, 6, 3), numbers(2, 6, 4)
IMAGE, OTHER = numbers(2, 3, 5, 4), numbers(2, 3, 6, 4)
VALUE_MASK = np.array([[1, 1, 1, 0, 0, 1], [1, 0, 1, 1, 1, 0]], bool)
ATTENTION = generator.random((2, 5, 6)) < 0.7
ATTENTION[..., 0] = True


def check(options, inputs, **call):
    import keras

    theirs, ours = (library.layers.MultiHeadAttention(2, 3, **options) for library in (keras, kf))
    expected = theirs(*inputs, **call)
    ours(*inputs, **call)
    names = [weight.path.partition("/")[2] for weight in theirs.weights]
    assert [weight.path.partition("/")[2] for weight in ours.weights] == names
    ours.set_weights(theirs.get_weights())
    again = type(ours).from_config(ours.get_config())
    again(*inputs, **call)
    again.set_weights(theirs.get_weights())
    for layer in (ours, again):
        result = layer(*inputs, **call)
        pairs = zip(result, expected, strict=True) if isinstance(result, tuple) else [(result, expected)]
        for mine, other in pairs:
            np.testing.assert_allclose(kf.ops.convert_to_numpy(mine), np.asarray(other), rtol=2e-5, atol=2e-6)
    specs = [kf.KerasTensor((None, *one.shape[1:])) for one in inputs]
    symbolic, result = ours(*specs), ours(*inputs)
    assert symbolic.shape[1:] == tuple(result.shape)[1:]


@pytest.mark.parametrize("scores", [False, True])
@pytest.mark.parametrize("call", [
    {},
    {"value_mask": VALUE_MASK},
    {"key_mask": VALUE_MASK},
    {"attention_mask": ATTENTION},
    {"attention_mask": ATTENTION[:1]},
    {"attention_mask": np.stack([ATTENTION, ~ATTENTION | (np.arange(6) == 0)], 1)},
    {"use_causal_mask": True},
    {"use_causal_mask": True, "value_mask": np.arange(6) < VALUE_MASK[:, :1] * 4, "attention_mask": ATTENTION},
], ids=lambda call: "-".join(call) or "plain")  # fmt: skip
def test_masks(engine, call, scores):
    call = {**call, "return_attention_scores": True} if scores else call
    check({}, [QUERY, VALUE, KEY], **call)


@pytest.mark.parametrize("options", [
    {"sliding_window": 2},
    {"sliding_window": 1, "use_bias": False},
    {"use_gate": True},
], ids=str)  # fmt: skip
@pytest.mark.parametrize("call", [{}, {"use_causal_mask": True}, {"return_attention_scores": True}], ids=str)
def test_windows_and_gates(engine, options, call):
    check(options, [QUERY, QUERY], **call)


@pytest.mark.parametrize("options", [
    {"use_gate": True, "value_dim": 5},
    {"value_dim": 5, "output_shape": (2, 3)},
], ids=str)  # fmt: skip
def test_values_of_another_size(engine, options):
    # Without scores Keras's own engines refuse them.
    check(options, [QUERY, QUERY], return_attention_scores=True)


@pytest.mark.parametrize("axes", [None, 1, (2,), (1, 2), [-2]])
@pytest.mark.parametrize("scores", [False, True])
def test_further_axes(engine, axes, scores):
    call = {"return_attention_scores": True} if scores else {}
    inputs = [IMAGE, IMAGE] if axes == 1 else [IMAGE, OTHER]
    check({"attention_axes": axes}, inputs, **call)


def test_a_mask_with_further_axes(engine):
    check({"attention_axes": (2,)}, [IMAGE, OTHER], attention_mask=ATTENTION, return_attention_scores=True)


@pytest.mark.parametrize(("options", "shapes", "words"), [
    ({"sliding_window": 0}, [(2, 5, 4)] * 2, "sliding_window is 0"),
    ({"output_shape": "7"}, [(2, 5, 4)] * 2, "output_shape is '7'"),
    ({"attention_axes": (3,)}, [(2, 5, 5, 4)] * 2, "attention_axes is"),
    ({}, [(2, 4)] * 2, "3 or more"),
    ({}, [(2, 5, 4), (2, 6, 4), (2, 7, 4)], "one value for each key"),
])  # fmt: skip
def test_what_does_not_fit_is_refused(options, shapes, words):
    with pytest.raises(ValueError, match=words):
        kf.layers.MultiHeadAttention(2, 3, **options)(*(np.zeros(shape, "float32") for shape in shapes))

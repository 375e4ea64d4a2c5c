"""What every layer does: policies, masks of `build`, losses of nested calls, activations set later."""

import numpy as np
import pytest

import kerasfront as kf

X = np.arange(6, dtype="float32").reshape(2, 3) - 2


@pytest.mark.parametrize(("name", "options"), [
    ("Dense", {"units": 2}),
    ("Conv1D", {"filters": 2, "kernel_size": 1}),
    ("EinsumDense", {"equation": "abc,cd->abd", "output_shape": (None, 2)}),
])  # fmt: skip
def test_none_is_no_activation_also_when_set_later(engine, name, options):
    layer = getattr(kf.layers, name)(**options, activation="relu")
    x = X[:, None, :]
    layer(x)
    layer.activation = None
    kernel = layer.get_weights()[0].reshape(3, 2)
    np.testing.assert_allclose(kf.ops.convert_to_numpy(layer(x)), x @ kernel, rtol=1e-5, atol=1e-6)


def test_a_policy_may_be_set_by_name():
    layer = kf.layers.Dense(2)
    layer.dtype_policy = "mixed_bfloat16"
    assert (layer.dtype_policy.name, layer.compute_dtype) == ("mixed_bfloat16", "bfloat16")


def test_policies_are_data_like_those_of_keras():
    import keras

    for name in ("float32", "mixed_float16"):
        data = kf.dtype_policies.serialize(kf.DTypePolicy(name))
        assert data == keras.dtype_policies.serialize(keras.DTypePolicy(name))
        assert kf.dtype_policies.deserialize(data).name == name


def test_build_hears_of_a_mask_it_asks_for(engine):
    class Masked(kf.Layer):
        def build(self, inputs_shape, attention_mask_shape=None):
            self.shapes = inputs_shape, attention_mask_shape

        def call(self, inputs, attention_mask=None):
            return inputs

    layer = Masked()
    layer(X, attention_mask=np.ones((2, 1), bool))
    assert layer.shapes == ((2, 3), (2, 1))


def test_shapes_stated_in_a_tuple_give_a_tuple_of_tensors():
    class Twice(kf.Layer):
        def call(self, x):
            return x, x

        def compute_output_shape(self, input_shape):
            return input_shape, input_shape

    outputs = Twice().compute_output_spec(kf.KerasTensor((2, 3)))
    assert isinstance(outputs, tuple)
    assert [one.shape for one in outputs] == [(2, 3), (2, 3)]


def test_losses_of_a_model_built_by_its_first_call_are_those_of_that_call(engine):
    class Loss(kf.Layer):
        def call(self, x):
            self.add_loss(kf.ops.sum(x))
            return x

    inner = kf.Sequential([Loss()])
    for model in (inner, kf.Sequential([inner])):
        model(X)
        assert [float(loss) for loss in model.losses] == [float(X.sum())]


def test_embedding_computes_its_mask_from_integers_alone(engine):
    layer = kf.layers.Embedding(3, 2, mask_zero=True)
    mask = kf.ops.convert_to_numpy(layer.compute_mask(np.array([2, 1, 0])))
    np.testing.assert_array_equal(mask, [True, True, False])
    assert kf.layers.Embedding(3, 2).compute_mask(np.array([2, 1, 0])) is None


def test_a_sequential_model_without_input_takes_other_sizes_if_its_layers_do(engine):
    model = kf.Sequential([kf.layers.Conv2D(2, 3), kf.layers.GlobalAveragePooling2D(), kf.layers.Dense(4)])
    assert model(np.ones((1, 8, 8, 3), "float32")).shape == (1, 4)
    assert model(np.ones((2, 6, 9, 3), "float32")).shape == (2, 4)
    with pytest.raises(ValueError, match="size 3 on axis -1"):
        model(np.ones((2, 6, 9, 4), "float32"))
    stated = kf.Sequential([kf.Input((8, 8, 3)), kf.layers.Conv2D(2, 3)])
    with pytest.raises(ValueError, match=r"wrong shape of input.*\(2, 6, 9, 3\)"):
        stated(np.ones((2, 6, 9, 3), "float32"))


def test_softmax_gives_masked_places_nothing(engine):
    mask = np.array([[True, True, False], [False, False, False]])
    result = kf.ops.convert_to_numpy(kf.layers.Softmax()(np.zeros((2, 3), "float32"), mask=mask))
    np.testing.assert_allclose(result, [[0.5, 0.5, 0], [0, 0, 0]])


def test_an_input_layer_knows_what_it_stands_for():
    layer = kf.layers.InputLayer(input_tensor=kf.KerasTensor((2, 3), "int32"))
    assert (layer.batch_shape, layer.dtype, layer.sparse, layer.ragged) == ((2, 3), "int32", False, False)


def test_shapes_of_several_inputs_are_computed():
    attention = kf.layers.MultiHeadAttention(2, 3, output_shape=7)
    assert attention.compute_output_shape((2, 5, 4), (2, 6, 3)) == (2, 5, 7)
    shapes = {"query_shape": (2, 5, 4), "value_shape": (2, 6, 3), "key_shape": (2, 6, 3)}
    assert attention.compute_output_shape(**shapes) == (2, 5, 7)
    assert kf.layers.Add().compute_output_shape([(2, 3), (2, 1)]) == (2, 3)
    assert kf.layers.Dense(4).compute_output_shape(input_shape=(2, 3)) == (2, 4)


def test_a_stated_shape_may_depend_on_several_inputs():
    class Outer(kf.Layer):
        def call(self, first, second):
            raise NotImplementedError

        def compute_output_shape(self, first_shape, second_shape):
            return (*first_shape, second_shape[-1])

    assert Outer()(kf.KerasTensor((2, 3)), second=kf.KerasTensor((2, 4))).shape == (2, 3, 4)


def test_masks_go_from_one_call_to_the_next_outside_of_models(engine):
    ids = np.array([[1, 2, 0], [3, 0, 0]])
    embedding, recurrent = kf.layers.Embedding(4, 2, mask_zero=True), kf.layers.GRU(3)
    model = kf.Sequential([embedding, recurrent])
    expected = kf.ops.convert_to_numpy(model(ids))
    masked = embedding(ids)
    for _ in range(3):
        np.testing.assert_allclose(kf.ops.convert_to_numpy(recurrent(masked)), expected, rtol=1e-5, atol=1e-6)
    bare = kf.ops.add(masked, 0.0)
    assert not np.allclose(kf.ops.convert_to_numpy(recurrent(bare)), expected)


def test_masks_of_tensors_are_forgotten_with_them(engine):
    import gc

    from kerasfront.backend import masks

    embedding = kf.layers.Embedding(4, 2, mask_zero=True)
    gc.collect()
    before = len(masks._masks.kept)
    outputs = [embedding(np.array([[1, 0]])) for _ in range(3)]
    assert len(masks._masks.kept) == before + len(outputs)
    outputs.clear()
    gc.collect()
    assert len(masks._masks.kept) == before

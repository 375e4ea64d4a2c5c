"""Sequential, functional and subclassed models: structure, state, errors."""

import copy
import pickle

import numpy as np
import pytest

import kerasfront as kf

layers, ops = kf.layers, kf.ops
X = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")


def host(x):
    return kf.ops.convert_to_numpy(x)


def test_functional_model_with_shared_layer_and_ops_computes_what_its_layers_do(engine):
    a, b = kf.Input((4,), name="a"), kf.Input((4,), name="b")
    shared = layers.Dense(3, name="shared")
    total = ops.add(shared(a), shared(b)) * 2
    model = kf.Model([a, b], [total, ops.sum(total, axis=-1)])
    first, second = model([X, 2 * X])
    expected = 2 * (host(shared(X)) + host(shared(2 * X)))
    np.testing.assert_allclose(host(first), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(host(second), expected.sum(-1), rtol=1e-5, atol=1e-5)
    assert len(model.weights) == 2
    assert [layer.name for layer in model.layers] == ["a", "b", "shared"]


def test_dict_inputs_go_by_name_whatever_their_order(engine):
    a, b = kf.Input((4,), name="a"), kf.Input((2,), name="b")
    model = kf.Model({"a": a, "b": b}, {"out": layers.Concatenate()([a, b])})
    result = model({"b": X[:, :2], "a": X})["out"]
    np.testing.assert_array_equal(host(result), np.concatenate([X, X[:, :2]], 1))


def test_nested_models_share_variables(engine):
    inner = kf.Sequential([kf.Input((4,)), layers.Dense(4), layers.Dropout(0.5)])
    inputs = kf.Input((4,))
    outer = kf.Model(inputs, layers.Dense(2)(inner(inputs)))
    assert [id(weight) for weight in outer.weights[:2]] == [id(weight) for weight in inner.weights]
    calm, again = host(outer(X)), host(outer(X))
    np.testing.assert_array_equal(calm, again)
    assert not np.allclose(host(outer(X, training=True)), calm)


def test_part_of_a_model_is_a_model(engine):
    model = kf.Sequential([kf.Input((4,)), layers.Dense(5, name="hidden"), layers.Dense(2)])
    part = kf.Model(model.inputs, model.get_layer("hidden").output)
    np.testing.assert_array_equal(host(part(X)), host(model.layers[0](X)))


def test_sequential_builds_at_once_with_input_shape_and_later_without(engine):
    early = kf.Sequential([layers.Dense(3, input_shape=(4,))])
    older = kf.Sequential([layers.Dense(3, input_dim=4)])
    late = kf.Sequential([layers.Dense(3)])
    assert early.count_params() == older.count_params() == 15
    assert not late.built
    with pytest.raises(ValueError, match="not built"):
        late.count_params()
    late(X)
    assert late.count_params() == 15


def test_subclassed_model_finds_layers_in_lists_and_dicts(engine):
    class Stack(kf.Model):
        def __init__(self):
            super().__init__()
            self.blocks = [layers.Dense(4) for _ in range(2)]
            self.heads = {"a": layers.Dense(2)}

        def call(self, x):
            for block in self.blocks:
                x = block(x)
            return self.heads["a"](x)

    model = Stack()
    model(X)
    assert len(model.trainable_weights) == 6


def test_frozen_layers_are_left_out_of_training(engine):
    model = kf.Sequential([kf.Input((4,)), layers.Dense(3, name="frozen"), layers.Dense(1)])
    model.layers[0].trainable = False
    before = model.get_weights()
    model.compile("sgd", "mse")
    model.fit(X, np.zeros((6, 1)), verbose=0)
    after = model.get_weights()
    np.testing.assert_array_equal(before[0], after[0])
    assert not np.array_equal(before[2], after[2])


def test_masks_go_through_to_the_layer_that_wants_them(engine):
    ids = np.array([[1, 2, 0], [3, 0, 0]])
    embedding = layers.Embedding(5, 3, mask_zero=True)
    pool = layers.GlobalAveragePooling1D()
    result = host(kf.Sequential([embedding, layers.Dropout(0.1), pool])(ids))
    table = embedding.get_weights()[0]
    np.testing.assert_allclose(result, [(table[1] + table[2]) / 2, table[3]], rtol=1e-5)


def test_add_loss_and_regularizers_are_counted(engine):
    class Noisy(kf.Layer):
        def call(self, x):
            self.add_loss(ops.sum(x) * 0.0 + 3.0)
            return x

    model = kf.Sequential(
        [
            kf.Input((4,)),
            Noisy(),
            layers.Dense(1, kernel_regularizer=kf.regularizers.L2(0.5), kernel_initializer="ones"),
        ]
    )
    model(X)
    np.testing.assert_allclose(sorted(float(loss) for loss in model.losses), [2.0, 3.0])


@pytest.mark.parametrize(
    "clone", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))], ids=["deepcopy", "pickle"]
)
def test_copies_predict_the_same_and_train_apart(engine, clone):
    model = kf.Sequential([kf.Input((4,)), layers.Dense(3, activation="relu"), layers.Dropout(0.2), layers.Dense(1)])
    model.compile("adam", "mse")
    model.fit(X, np.ones((6, 1)), verbose=0)
    other = clone(model)
    expected = host(model(X))
    np.testing.assert_array_equal(host(other(X)), expected)
    other.fit(X, np.ones((6, 1)), verbose=0)
    np.testing.assert_array_equal(host(model(X)), expected)
    assert not np.array_equal(host(other(X)), expected)
    assert int(other.optimizer.iterations) == 2


def test_sequential_config_makes_an_equal_model(engine):
    model = kf.Sequential(
        [kf.Input((8, 8, 1)), layers.Conv2D(2, 3, activation="relu"), layers.Flatten(), layers.Dense(3)]
    )
    other = kf.Sequential.from_config(model.get_config())
    other.set_weights(model.get_weights())
    x = np.ones((2, 8, 8, 1), "float32")
    np.testing.assert_array_equal(host(other(x)), host(model(x)))


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_policy_computes_in_half_and_keeps_float32_variables(engine, policy):
    kf.config.set_dtype_policy(policy)
    try:
        model = kf.Sequential([kf.Input((4,)), layers.Dense(3), layers.BatchNormalization(), layers.Dense(1)])
    finally:
        kf.config.set_dtype_policy(None)
    assert kf.ops.dtype(model(X)) == policy.removeprefix("mixed_")
    assert {weight.dtype for weight in model.weights} == {"float32"}
    model.compile("adam", "mse")
    history = model.fit(X, np.ones((6, 1)), epochs=3, verbose=0).history["loss"]
    assert history[-1] < history[0]


def test_models_move_between_engines_with_their_optimizer(engine):
    model = kf.Sequential([kf.Input((4,)), layers.Dense(3), layers.Dropout(0.5), layers.Dense(1)])
    model.compile("adam", "mse")
    model.fit(X, np.ones((6, 1)), verbose=0)
    weights, slots = model.get_weights(), [variable.numpy() for variable in model.optimizer.variables]
    for name in kf.backend.available():
        model.to_backend(name)
        for before, after in zip(weights, model.get_weights(), strict=True):
            np.testing.assert_array_equal(before, after)
        for before, variable in zip(slots, model.optimizer.variables, strict=True):
            np.testing.assert_array_equal(before, variable.numpy())
        assert model(X) is not None
        assert kf.backend.get(name).is_tensor(model(X))


@pytest.mark.parametrize(("use", "words"), [
    (lambda: kf.Model(kf.Input((2,)), kf.Input((2,))), "disconnected"),
    (lambda: kf.Model(np.zeros(2), np.zeros(2)), "symbolic"),
    (lambda: kf.Sequential([3]), "expected a layer"),
    (lambda: kf.Sequential([layers.Dense(1, name="x"), layers.Dense(1, name="x")]), "'x'"),
    (lambda: kf.Sequential([layers.Dense(1), kf.Input((2,))]), "comes first"),
    (lambda: kf.Sequential()(X), "no layers"),
    (lambda: kf.Sequential([layers.Dense(1, name="dense_here")]).get_layer("dense_her"), "dense_here"),
])  # fmt: skip
def test_mistakes_are_named(engine, use, words):
    with pytest.raises(ValueError, match=words):
        use()


def test_wrong_inputs_of_a_functional_model(engine):
    a, b = kf.Input((4,), name="a"), kf.Input((2,), name="b")
    model = kf.Model({"a": a, "b": b}, layers.Concatenate()([a, b]))
    with pytest.raises(ValueError, match="'b' is missing"):
        model({"a": X})
    with pytest.raises(ValueError, match="wrong shape of input 'b'"):
        model({"a": X, "b": X})


def test_model_without_call_says_so(engine):
    class Empty(kf.Model):
        pass

    with pytest.raises(NotImplementedError, match="no call"):
        Empty()(X)


def test_summary_shows_layers_shapes_and_parameters(capsys):
    kf.Sequential([kf.Input((4,)), layers.Dense(3, name="one"), layers.Dense(2, name="two")], name="net").summary()
    text = capsys.readouterr().out
    for words in ('Model: "net"', "one (Dense)", "(None, 3)", "15", "Total params: 23"):
        assert words in text


def test_assignments_in_call_count_steps_and_not_the_making_of_the_model(engine):
    class Counting(layers.Layer):
        def __init__(self):
            super().__init__()
            self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False, name="calls")

        def call(self, x):
            self.calls.assign_add(1.0)
            return x

    counting = Counting()
    inputs = kf.Input((1,))
    model = kf.Model(inputs, layers.Dense(1)(counting(inputs)))
    assert float(counting.calls) == 0.0
    model.compile("sgd", "mse")
    model.fit(np.ones((8, 1), "float32"), np.ones((8, 1), "float32"), batch_size=2, verbose=0)
    assert float(counting.calls) == 4.0

"""Models as plain data and back, and copies with weights of their own."""

import json

import numpy as np
import pytest

import kerasfront as kf

layers, ops = kf.layers, kf.ops
X = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")


def host(x):
    return kf.tree.map_structure(kf.ops.convert_to_numpy, x)


def through_json(model, custom_objects=None):
    """Return the model that the JSON of `model` describes, with the weights of `model`."""
    again = kf.models.model_from_json(model.to_json(), custom_objects)
    again.set_weights(model.get_weights())
    return again


@pytest.fixture
def oracle():
    import keras

    return keras


def two_towers():
    a, b = kf.Input((4,), name="a"), kf.Input((4,), name="b")
    shared = layers.Dense(3, activation="tanh", name="shared")
    total = ops.add(shared(a), shared(b)) * 2 - shared(a)[:, 1:2]
    inner = kf.Sequential([kf.Input((3,)), layers.Dense(2)], name="inner")
    both = layers.Concatenate()([inner(total), ops.split(total, [1], axis=-1)[1]])
    return kf.Model({"a": a, "b": b}, {"sum": total, "rest": [both, ops.mean(both, axis=-1)]}, name="towers")


def test_functional_model_with_shared_layers_ops_and_nested_models_survives_json(engine):
    model = two_towers()
    again = through_json(model)
    inputs = {"a": X, "b": 2 * X}
    expected, found = host(model(inputs)), host(again(inputs))
    assert [path for path, _ in kf.tree.flatten_with_path(found)][:2] == [("rest", 0), ("rest", 1)]
    for want, got in zip(kf.tree.flatten(expected), kf.tree.flatten(found), strict=True):
        np.testing.assert_array_equal(got, want)
    assert again.name == "towers"
    assert [layer.name for layer in again.layers] == [layer.name for layer in model.layers]
    assert len(again.weights) == 4
    assert json.loads(again.to_json()) == json.loads(model.to_json())


def test_config_is_in_the_format_of_keras():
    inputs = kf.Input((2,), name="x")
    config = kf.Model(inputs, layers.Dense(1, name="d")(inputs), name="m").get_config()
    assert config["input_layers"] == ["x", 0, 0]
    assert config["output_layers"] == ["d", 0, 0]
    (node,) = config["layers"][1]["inbound_nodes"]
    assert node["args"][0]["config"]["keras_history"] == ["x", 0, 0]
    assert node["args"][0]["class_name"] == "__keras_tensor__"


def test_a_graph_that_keras_wrote_is_read(oracle):
    inputs = oracle.Input((4,), name="x")
    hidden = oracle.layers.Dense(3, activation="relu", name="hidden")
    out = oracle.ops.mean(hidden(inputs) + hidden(inputs * 2.0), axis=-1, keepdims=True)
    theirs = oracle.Model(inputs, {"out": out, "part": hidden(inputs)[:, 0]})
    ours = kf.models.model_from_json(theirs.to_json())
    ours.set_weights([np.asarray(weight) for weight in theirs.get_weights()])
    expected, found = theirs(X), host(ours(X))
    np.testing.assert_allclose(found["out"], np.asarray(expected["out"]), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found["part"], np.asarray(expected["part"]), rtol=1e-5, atol=1e-6)


def test_keras_reads_our_layers(oracle):
    inputs = kf.Input((4,), name="x")
    shared = layers.Dense(4, name="shared")
    ours = kf.Model(inputs, layers.Add(name="add")([shared(inputs), shared(shared(inputs))]))
    theirs = oracle.models.model_from_json(ours.to_json())
    theirs.set_weights(ours.get_weights())
    np.testing.assert_allclose(np.asarray(theirs(X)), host(ours(X)), rtol=1e-5, atol=1e-6)


def test_a_graph_that_begins_in_the_middle_gets_an_input_of_its_own(engine):
    inputs = kf.Input((4,))
    middle = layers.Dense(3)(inputs)
    model = kf.Model(middle, layers.Dense(2)(middle))
    again = through_json(model)
    np.testing.assert_array_equal(host(again(X[:, :3])), host(model(X[:, :3])))
    assert isinstance(again.layers[0], layers.InputLayer)


def test_subclass_of_a_functional_model_with_arguments_of_its_own_is_made_by_them(engine):
    class Classifier(kf.Model):
        def __init__(self, width, **kwargs):
            inputs = kf.Input((4,))
            super().__init__(inputs, layers.Dense(width)(inputs), **kwargs)

    config = Classifier(3).get_config()
    assert config["width"] == 3
    assert Classifier.from_config(config).output_shape == (None, 3)


def test_custom_layer_in_a_graph_is_found_by_custom_objects(engine):
    class Shift(kf.Layer):
        def __init__(self, by=1.0, **kwargs):
            super().__init__(**kwargs)
            self.by = by

        def call(self, x):
            return x + self.by

        def get_config(self):
            return {**super().get_config(), "by": self.by}

    inputs = kf.Input((4,))
    model = kf.Model(inputs, Shift(2.0)(inputs))
    np.testing.assert_array_equal(host(through_json(model, {"Shift": Shift})(X)), X + 2)
    with pytest.raises(ValueError, match="unknown class 'Shift'"):
        kf.models.model_from_json(model.to_json())


def test_frozen_layers_stay_frozen(engine):
    inputs = kf.Input((4,))
    frozen = layers.Dense(3, trainable=False)
    model = kf.Model(inputs, layers.Dense(2)(frozen(inputs)))
    assert len(through_json(model).trainable_weights) == 2
    assert len(kf.models.clone_model(model).trainable_weights) == 2


def test_compiled_model_is_compiled_after_json(engine):
    inputs = kf.Input((4,))
    model = kf.Model(inputs, layers.Dense(1)(inputs))
    model.compile("sgd", "mse", metrics=["mae"])
    again = through_json(model)
    assert again.compiled
    assert again.evaluate(X, X[:, :1], verbose=0) == model.evaluate(X, X[:, :1], verbose=0)


def test_two_layers_of_one_name_cannot_be_saved():
    inputs = kf.Input((4,))
    model = kf.Model(inputs, layers.Dense(1, name="d")(layers.Dense(2, name="d")(inputs)))
    with pytest.raises(ValueError, match="'d' is the name of several layers"):
        model.get_config()


def test_a_lambda_in_an_op_cannot_be_saved():
    inputs = kf.Input((4,))
    model = kf.Model(inputs, ops.vectorized_map(lambda row: row * 2, inputs))
    with pytest.raises(ValueError, match="a lambda cannot be saved"):
        model.get_config()


def test_a_config_whose_calls_wait_for_each_other_is_refused():
    inputs = kf.Input((4,), name="x")
    config = json.loads(json.dumps(kf.Model(inputs, layers.Dense(4, name="d")(inputs)).get_config()))
    config["layers"][1]["inbound_nodes"][0]["args"][0]["config"]["keras_history"] = ["d", 0, 0]
    with pytest.raises(ValueError, match="'d' needs what no layer makes"):
        kf.Model.from_config(config)


def test_a_file_cannot_name_what_is_no_op():
    inputs = kf.Input((4,), name="x")
    config = json.loads(json.dumps(kf.Model(inputs, ops.abs(inputs)).get_config()))
    config["layers"][1]["config"] = "__import__"
    with pytest.raises(ValueError, match="names no op"):
        kf.Model.from_config(config)


# -- clones


@pytest.mark.parametrize("make", [two_towers, lambda: kf.Sequential([layers.Dense(3), layers.Dense(2)])])
def test_clone_has_equal_layers_and_weights_of_its_own(engine, make):
    model = make()
    inputs = {"a": X, "b": 2 * X} if model.built else X
    clone = kf.models.clone_model(model)
    before = host(model(inputs))
    clone(inputs)
    assert not {id(weight) for weight in clone.weights} & {id(weight) for weight in model.weights}
    clone.set_weights(model.get_weights())
    for want, got in zip(kf.tree.flatten(before), kf.tree.flatten(host(clone(inputs))), strict=True):
        np.testing.assert_array_equal(got, want)


def test_clone_of_a_compiled_model_trains_apart_from_it(engine):
    model = kf.Sequential([kf.Input((4,)), layers.Dense(1)])
    model.compile(
        kf.optimizers.Adam(0.1),
        loss=lambda y, p: ops.mean((y - p) ** 2, axis=-1),
        metrics=[kf.metrics.MeanSquaredError()],
    )
    clone = kf.models.clone_model(model)
    weights = model.get_weights()
    clone.fit(X, X[:, :1], epochs=2, verbose=0)
    np.testing.assert_array_equal(model.get_weights()[0], weights[0])
    assert float(clone.optimizer.learning_rate) == pytest.approx(0.1)
    assert int(model.optimizer.iterations) == 0


def test_clone_function_makes_each_layer_once_and_inputs_never(engine):
    seen = []

    def rename(layer):
        seen.append(layer.name)
        return type(layer).from_config({**layer.get_config(), "name": f"new_{layer.name}"})

    inputs = kf.Input((4,), name="x")
    shared = layers.Dense(4, name="shared")
    clone = kf.models.clone_model(kf.Model(inputs, shared(shared(inputs))), clone_function=rename)
    assert seen == ["shared"]
    assert [layer.name for layer in clone.layers] == ["x", "new_shared"]


def test_call_function_can_put_layers_in_between_also_in_nested_models(engine):
    def call(layer, *args, **kwargs):
        out = layer(*args, **kwargs)
        return layers.Dropout(0.5)(out) if isinstance(layer, layers.Dense) else out

    inputs, middle = kf.Input((4,)), kf.Input((3,))
    inner = kf.Model(middle, layers.Dense(3)(middle))
    model = kf.Model(inputs, inner(layers.Dense(3)(inputs)))
    clone = kf.models.clone_model(model, clone_function=lambda layer: layer, call_function=call, recursive=True)
    kinds = [type(layer).__name__ for layer in clone.layers]
    assert kinds == ["InputLayer", "Dense", "Dropout", "Functional"]
    assert isinstance(clone.layers[-1].layers[-1], layers.Dropout)
    np.testing.assert_array_equal(host(clone(X)), host(model(X)))


def test_clone_builds_on_inputs_of_yours(engine):
    model = two_towers()
    a, b = kf.Input((4,), batch_size=6, name="one"), kf.Input((4,), batch_size=6, name="two")
    clone = kf.models.clone_model(model, input_tensors={"a": a, "b": b})
    assert clone.output_shape["sum"] == (6, 3)
    with pytest.raises(ValueError, match="same structure as model.input"):
        kf.models.clone_model(model, input_tensors=[a, b])
    sequential = kf.models.clone_model(kf.Sequential([layers.Dense(2)]), input_tensors=a)
    assert sequential.input_names == ["one"]


def test_what_a_kind_of_model_does_not_take_is_said(engine):
    class Own(kf.Model):
        def call(self, x):
            return x

    with pytest.raises(ValueError, match="subclass without a graph"):
        kf.models.clone_model(Own(), clone_function=lambda layer: layer)
    with pytest.raises(ValueError, match="is Sequential. Expected call_function"):
        kf.models.clone_model(kf.Sequential([layers.Dense(1)]), call_function=lambda layer, x: layer(x))
    with pytest.raises(ValueError, match="expected a model; got Dense"):
        kf.models.clone_model(layers.Dense(1))


# -- inputs


def test_a_required_input_cannot_be_none(engine):
    class Sum(kf.Layer):
        def call(self, x, y=None):
            return x if y is None else x + y

        def compute_output_shape(self, shape):
            return shape

    a, b = kf.Input((4,), name="a"), kf.Input((4,), name="b", optional=True)
    model = kf.Model([a, b], Sum()(a, b))
    np.testing.assert_array_equal(host(model([X, None])), X)
    with pytest.raises(ValueError, match="input 'a' is None, but not optional"):
        model([None, X])


def test_inputs_get_the_dtype_of_the_input(engine):
    a, b = kf.Input((4,), dtype="float16"), kf.Input((4,), dtype="int32")
    model = kf.Model([a, b], [a + 2, b + 2])
    first, second = model([X, X.astype("float32")])
    assert kf.backend.active().dtype_name(first) == "float16"
    assert kf.backend.active().dtype_name(second) == "int32"

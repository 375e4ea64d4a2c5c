"""Models as pure functions of their state, and their state as a tree."""

import numpy as np
import pytest

import kerasfront as kf

X = np.random.default_rng(0).normal(size=(8, 4)).astype("float32")
Y = X.sum(1, keepdims=True)


def host(value):
    return kf.ops.convert_to_numpy(value)


def small_model():
    kf.utils.set_random_seed(3)
    model = kf.Sequential(
        [
            kf.Input((4,)),
            kf.layers.Dense(5, activation="tanh", kernel_regularizer="l2"),
            kf.layers.BatchNormalization(),
            kf.layers.Dropout(0.5, seed=1),
            kf.layers.Dense(1),
        ]
    )
    model.compile("adam", "mse", metrics=["mae"])
    return model


def values_of(variables):
    return [host(variable.value) for variable in variables]


def assert_equal_values(found, expected):
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(host(one), other, rtol=1e-6, atol=1e-7)


def test_a_stateless_call_returns_the_new_state_and_changes_nothing(engine):
    model, twin = small_model(), small_model()
    before = values_of(model.variables)
    outputs, others = model.stateless_call(model.trainable_variables, model.non_trainable_variables, X, training=True)
    assert_equal_values(values_of(model.variables), before)
    np.testing.assert_allclose(host(outputs), host(twin(X, training=True)), rtol=1e-6)
    assert_equal_values(others, values_of(twin.non_trainable_variables))
    assert any(
        not np.array_equal(host(one), host(two.value))
        for one, two in zip(others, model.non_trainable_variables, strict=True)
    )


def test_losses_come_with_the_values_passed(engine):
    model = small_model()
    doubled = [2 * value for value in values_of(model.trainable_variables)]
    _, _, losses = model.stateless_call(doubled, model.non_trainable_variables, X, return_losses=True)
    (kernel,) = [value for value in doubled if value.shape == (4, 5)]
    assert [float(host(loss)) for loss in losses] == pytest.approx([0.01 * float((kernel**2).sum())], rel=1e-5)


def test_a_training_step_of_pure_functions_is_that_of_train_on_batch(engine):
    model, twin = small_model(), small_model()
    twin.train_on_batch(X, Y)
    model.optimizer.build(model.trainable_variables)
    others = values_of(model.non_trainable_variables)
    metrics = values_of(model.metrics_variables)

    def loss():
        predictions, _, _ = model.stateless_call(
            [variable.value for variable in model.trainable_variables], others, X, training=True, return_losses=True
        )
        total, _ = model.stateless_compute_loss(
            [variable.value for variable in model.trainable_variables], others, metrics, X, Y, predictions
        )
        return total

    _, gradients = kf.value_and_grad(loss, model.trainable_variables)
    new, _ = model.optimizer.stateless_apply(model.optimizer.variables, gradients, values_of(model.trainable_variables))
    for one, variable in zip(new, twin.trainable_variables, strict=True):
        np.testing.assert_allclose(host(one), variable.numpy(), rtol=1e-4, atol=1e-6)


def test_stateless_calls_run_under_the_engines_own_compiler():
    jax = pytest.importorskip("jax")
    with kf.backend.scope("jax"):
        model = small_model()
        run = jax.jit(lambda trainable, others, x: model.stateless_call(trainable, others, x, training=True))
        trainable = [variable.value for variable in model.trainable_variables]
        others = [variable.value for variable in model.non_trainable_variables]
        outputs, after = run(trainable, others, X)
        np.testing.assert_allclose(outputs, model(X, training=True), rtol=1e-5, atol=1e-6)
        assert_equal_values(after, values_of(model.non_trainable_variables))


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda trainable, others: (trainable[:-1], others), "values for trainable_variables. Expected 6"),
        (lambda trainable, others: (trainable, []), "values for non_trainable_variables. Expected 3"),
        (lambda trainable, others: (trainable[::-1], others), "has shape"),
    ],
)
def test_values_that_do_not_fit_are_refused(engine, change, match):
    model = small_model()
    with pytest.raises(ValueError, match=match):
        model.stateless_call(*change(model.trainable_variables, model.non_trainable_variables), X)


def test_a_layer_without_variables_yet_is_refused(engine):
    with pytest.raises(ValueError, match="not built"):
        kf.layers.Dense(2).stateless_call([], [], X)


def test_metric_states_are_no_variables_of_the_model(engine):
    model = small_model()
    model.train_on_batch(X, Y)
    metrics = {id(variable) for variable in model.metrics_variables}
    assert metrics
    assert not metrics & {id(variable) for variable in model.variables}


@pytest.mark.parametrize("value_format", ["backend_tensor", "numpy_array"])
def test_a_state_tree_brings_a_model_to_the_state_of_another(engine, value_format):
    model, twin = small_model(), small_model()
    model.fit(X, Y, epochs=2, verbose=0)
    twin.fit(X, Y, epochs=1, verbose=0)
    tree = model.get_state_tree(value_format)
    assert set(tree) == {"trainable_variables", "non_trainable_variables", "optimizer_variables", "metrics_variables"}
    twin.set_state_tree(_renamed(tree, model, twin))
    for group in ("variables", "metrics_variables"):
        assert_equal_values(values_of(getattr(twin, group)), values_of(getattr(model, group)))
    assert_equal_values(values_of(twin.optimizer.variables), values_of(model.optimizer.variables))


def _renamed(tree, model, twin):
    """The tree with the twin's paths, whose layers were named after those of the model."""
    groups = zip(model._state_groups().items(), twin._state_groups().values(), strict=True)
    found = {}
    for (group, ours), theirs in groups:
        found[group] = {}
        for variable, other in zip(ours, theirs, strict=True):
            inner = tree[group]
            for part in variable.path.split("/"):
                inner = inner[part]
            found[group][other.path] = inner
    return found


def test_a_tree_that_does_not_fit_changes_nothing(engine):
    model = small_model()
    before = values_of(model.variables)
    tree = model.get_state_tree("numpy_array")
    first = model.trainable_variables[0].path
    for broken, match in (
        ({"trainable": {}}, "trainable_variables"),
        ({"trainable_variables": {first: np.ones((4, 5)), "nothing": {"kernel": 1.0}}}, "unknown name"),
        ({"trainable_variables": {first: np.ones((3, 5))}}, r"Expected \(4, 5\)"),
    ):
        with pytest.raises(ValueError, match=match):
            model.set_state_tree({**tree, **broken} if "trainable" not in broken else broken)
    assert_equal_values(values_of(model.variables), before)
    with pytest.raises(ValueError, match="value_format: unknown name 'torch'"):
        model.get_state_tree("torch")

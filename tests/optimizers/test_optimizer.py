"""What the base of all optimizers does: state, errors, missing gradients, constraints, saving, scaling."""

import copy
import pickle
import warnings

import numpy as np
import pytest

import kerasfront as keras
from kerasfront import ops

BUILT_IN = [
    "SGD",
    "RMSprop",
    "Adam",
    "AdamW",
    "Adagrad",
    "Adadelta",
    "Adamax",
    "Nadam",
    "Ftrl",
    "Lion",
    "Lamb",
    "Adafactor",
]


def variable(*values, name="w"):
    return keras.Variable(np.asarray(values, "float32"), name=name)


def gradient(*values):
    return ops.convert_to_tensor(np.asarray(values, "float32"))


# -- learning rate ---------------------------------------------------------------------------------


def test_learning_rate_can_be_assigned(engine):
    w, optimizer = variable(1.0), keras.optimizers.SGD(0.5)
    optimizer.learning_rate = 0.25
    optimizer.apply([gradient(1.0)], [w])
    assert w.numpy() == pytest.approx([0.75])
    assert float(optimizer.learning_rate) == 0.25


def test_learning_rate_assigned_between_compiled_steps_is_taken_up(engine):
    w, optimizer = variable(1.0), keras.optimizers.SGD(0.5)
    optimizer.build([w])
    step = keras.function(lambda g: optimizer.apply([g], [w]), variables=[w, *optimizer.variables])
    step(gradient(1.0))
    optimizer.learning_rate = 0.1
    step(gradient(1.0))
    assert w.numpy() == pytest.approx([0.4])
    assert int(optimizer.iterations) == 2


def test_learning_rate_may_be_a_function_or_a_schedule(engine):
    w, rates = variable(1.0), iter([0.5, 0.25])
    optimizer = keras.optimizers.SGD(lambda: next(rates))
    for _ in range(2):
        optimizer.apply([gradient(1.0)], [w])
    assert w.numpy() == pytest.approx([0.25])
    assert [v.name for v in optimizer.variables] == ["iteration"]


def test_a_rate_from_a_schedule_cannot_be_set_to_a_number():
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)
    optimizer = keras.optimizers.SGD(schedule)
    with pytest.raises(TypeError, match="SGD.learning_rate: .*cannot be set to a number"):
        optimizer.learning_rate = 0.1
    optimizer.learning_rate = keras.optimizers.schedules.InverseTimeDecay(0.3, 1, 1.0)
    assert float(optimizer.learning_rate) == pytest.approx(0.3)


# -- errors ----------------------------------------------------------------------------------------

REFUSED = [
    ({"learning_rate": -0.1}, "learning_rate is out of range. Expected a finite number of 0 or more"),
    ({"learning_rate": float("nan")}, "learning_rate is out of range"),
    ({"learning_rate": "0.1"}, "learning_rate is out of range"),
    ({"clipnorm": 1.0, "clipvalue": 1.0}, "more than one way to clip"),
    ({"clipnorm": -1.0}, "clipnorm is out of range"),
    ({"clipvalue": 0}, "clipvalue is out of range"),
    ({"global_clipnorm": float("inf")}, "global_clipnorm is out of range"),
    ({"weight_decay": -1.0}, "weight_decay is out of range"),
    ({"use_ema": True, "ema_momentum": 2.0}, "ema_momentum is out of range"),
    ({"use_ema": True, "ema_overwrite_frequency": 0}, "ema_overwrite_frequency is out of range"),
    ({"gradient_accumulation_steps": 1}, "gradient_accumulation_steps is out of range"),
    ({"gradient_accumulation_steps": 2.5}, "gradient_accumulation_steps is out of range"),
    ({"loss_scale_factor": 0.0}, "loss_scale_factor is out of range"),
    ({"momentum": 1.5}, "momentum is out of range"),
    ({"momentums": 0.9}, "unknown argument 'momentums'"),
    ({"clip_norm": 1.0}, "Did you mean 'clipnorm'"),
]


@pytest.mark.parametrize(("arguments", "message"), REFUSED)
def test_nonsense_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match="^SGD: ") as caught:
        keras.optimizers.SGD(**arguments)
    assert message in str(caught.value)


def test_lion_wants_a_weight_of_the_momentum():
    with pytest.raises(ValueError, match="Lion: beta_1 is out of range"):
        keras.optimizers.Lion(beta_1=0.0)


def test_no_optimizer_for_none():
    assert keras.optimizers.get(None) is None


def test_a_negative_rate_cannot_be_assigned():
    optimizer = keras.optimizers.Adam()
    with pytest.raises(ValueError, match="Adam: learning_rate is out of range"):
        optimizer.learning_rate = -1


@pytest.mark.parametrize(("name", "near"), [("adm", "adam"), ("rmspropp", "rmsprop"), ("SDG", "sgd")])
def test_unknown_name_suggests_the_nearest(name, near):
    with pytest.raises(ValueError, match="optimizer: unknown name") as caught:
        keras.optimizers.get(name)
    assert f"Did you mean '{near}'" in str(caught.value)


@pytest.mark.parametrize("identifier", [3, keras.losses.MeanSquaredError(), [1]], ids=str)
def test_what_is_no_optimizer_is_refused(identifier):
    with pytest.raises(ValueError, match="Expected a name, an Optimizer or the data of one"):
        keras.optimizers.get(identifier)


APPLIED = [
    (lambda o, w: o.apply([gradient(1.0)], [variable(1.0, name="other")]), "unknown variable 'other'"),
    (lambda o, w: o.apply([gradient(1.0), gradient(1.0)]), "2 gradients and 1 variables"),
    (lambda o, w: o.apply([gradient(1.0, 2.0)]), r"Expected shape \(1,\); got \(2,\)"),
    (lambda o, w: o.apply([None]), "no gradient at all"),
    (lambda o, w: o.apply_gradients([(None, w)]), "no gradient at all"),
    (lambda o, w: keras.optimizers.SGD().apply([gradient(1.0)]), "knows no variables"),
    (lambda o, w: o.exclude_from_weight_decay(var_names=["bias"]), "the optimizer is built"),
    (lambda o, w: o.stateless_apply([], [], []), "wrong number of values"),
    (lambda o, w: o.set_weights([]), "the saved state does not fit"),
]


@pytest.mark.parametrize(("call", "message"), APPLIED, ids=[message for _, message in APPLIED])
def test_wrong_calls_are_refused(engine, call, message):
    w, optimizer = variable(1.0), keras.optimizers.SGD()
    optimizer.build([w])
    with pytest.raises(ValueError, match=message):
        call(optimizer, w)
    assert w.numpy() == pytest.approx([1.0]) and int(optimizer.iterations) == 0


# -- gradients, constraints ------------------------------------------------------------------------


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_variable_without_gradient_stays_and_is_named_once(engine, name):
    first, second, third = variable(1.0, 2.0, name="a"), variable(3.0, name="b"), variable(4.0, 5.0, name="c")
    optimizer = getattr(keras.optimizers, name)(0.1)
    optimizer.build([first, second, third])
    with pytest.warns(UserWarning, match="no gradient for 1 variables: b"):
        optimizer.apply([gradient(1.0, 1.0), None, gradient(1.0, 1.0)], [first, second, third])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        optimizer.apply([gradient(1.0, 1.0), None, gradient(1.0, 1.0)], [first, second, third])
    assert second.numpy() == pytest.approx([3.0])
    assert (first.numpy() < [1.0, 2.0]).all() and (third.numpy() < [4.0, 5.0]).all()
    assert int(optimizer.iterations) == 2


def test_some_of_the_variables_in_another_order_meet_their_own_slots(engine):
    def train(order):
        variables = {name: variable(1.0, name=name) for name in "abc"}
        optimizer = keras.optimizers.SGD(0.1, momentum=0.9)
        optimizer.build(list(variables.values()))
        for _ in range(3):
            optimizer.apply([gradient("abc".index(name) + 1.0) for name in order], [variables[name] for name in order])
        return {name: float(one.numpy()[0]) for name, one in variables.items()}

    forward, backward = train("abc"), train("cba")
    assert forward == pytest.approx(backward)
    assert train("ca")["a"] == pytest.approx(forward["a"]) and train("ca")["b"] == 1.0


def test_constraint_holds_after_each_step(engine):
    w = variable(0.05, 1.0)
    w.constraint = keras.constraints.NonNeg()
    keras.optimizers.SGD(0.1).apply([gradient(1.0, 1.0)], [w])
    assert w.numpy() == pytest.approx([0.0, 0.9])


def test_excluded_variables_do_not_decay(engine):
    kernel, bias, scale = variable(1.0, name="kernel"), variable(1.0, name="bias"), variable(1.0, name="scale")
    optimizer = keras.optimizers.SGD(0.1, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_list=[scale], var_names=["bi.s"])
    optimizer.apply([gradient(0.0)] * 3, [kernel, bias, scale])
    assert [float(one.numpy()[0]) for one in (kernel, bias, scale)] == pytest.approx([0.95, 1.0, 1.0])


def test_averages_take_the_place_of_the_weights_at_the_end(engine):
    w = variable(1.0)
    optimizer = keras.optimizers.SGD(1.0, use_ema=True, ema_momentum=0.5)
    for _ in range(3):
        optimizer.apply([gradient(0.1)], [w])
    assert w.numpy() == pytest.approx([0.7])
    optimizer.finalize_variable_values([w])
    # 0.9; (0.9 + 0.8) / 2; (0.85 + 0.7) / 2
    assert w.numpy() == pytest.approx([0.775])


def test_averages_leave_a_variable_without_gradient_as_it_is(engine):
    first, second = variable(1.0), variable(5.0, name="v")
    optimizer = keras.optimizers.SGD(1.0, use_ema=True, ema_momentum=0.5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(2):
            optimizer.apply([gradient(0.1), None], [first, second])
    optimizer.finalize_variable_values([first, second])
    # 0.9; (0.9 + 0.8) / 2
    assert first.numpy() == pytest.approx([0.85])
    assert second.numpy() == pytest.approx([5.0])


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize(
    "options", [{}, {"gradient_accumulation_steps": 2}, {"loss_scale_factor": 4.0, "clipvalue": 0.01}]
)
def test_a_variable_can_take_its_gradients_as_values_like_keras(engine, options, compiled):
    import keras as oracle

    results = []
    for library in (oracle, keras):
        taker, other = (library.Variable(np.array([1.0, 2.0], "float32")) for _ in range(2))
        taker.overwrite_with_gradient = True
        optimizer = library.optimizers.SGD(0.5, **options)
        optimizer.build([taker, other])

        def step(g, optimizer=optimizer, taker=taker, other=other):
            optimizer.apply([g, g], [taker, other])

        if compiled and library is keras:
            step = keras.function(step, variables=[taker, other, *optimizer.variables])
        values = []
        for number in ([3.0, -1.0], [2.0, 4.0], [0.5, 0.25]):
            step(library.ops.convert_to_tensor(np.array(number, "float32")))
            values.append([np.asarray(library.ops.convert_to_numpy(one.value)) for one in (taker, other)])
        results.append(values)
        assert int(optimizer._iterations.numpy()) == 3
    np.testing.assert_allclose(results[1], results[0], rtol=1e-6)


def test_float64_and_half_variables_keep_their_dtype(engine):
    names = ["float16", "float32"] + (["float64"] if engine != "jax" else [])
    variables = [keras.Variable(np.ones(2), dtype=dtype, name=dtype) for dtype in names]
    for name in BUILT_IN:
        optimizer = getattr(keras.optimizers, name)(0.01)
        optimizer.apply([ops.ones((2,), dtype=dtype) for dtype in names], variables)
        assert [one.dtype for one in variables] == names
    for one in variables:
        assert (one.numpy().astype("float64") < 1).all()


# -- subclasses ------------------------------------------------------------------------------------


class Plain(keras.optimizers.Optimizer):
    def update_step(self, gradient, variable, learning_rate):
        self.assign_sub(variable, learning_rate * gradient)


class Halved(keras.optimizers.Adam):
    def update_step(self, gradient, variable, learning_rate):
        super().update_step(gradient * 0.5, variable, learning_rate)


def test_a_subclass_may_write_the_update_of_one_variable(engine):
    w = variable(1.0)
    Plain(learning_rate=0.5).apply([gradient(1.0)], [w])
    assert w.numpy() == pytest.approx([0.5])


def test_a_subclass_of_a_built_in_one_may_too(engine):
    w, expected = variable(1.0), variable(1.0)
    Halved(0.1, epsilon=1.0).apply([gradient(2.0)], [w])
    keras.optimizers.Adam(0.1, epsilon=1.0).apply([gradient(1.0)], [expected])
    assert w.numpy() == pytest.approx(expected.numpy())


def test_a_subclass_without_update_says_what_is_missing(engine):
    class Nothing(keras.optimizers.Optimizer):
        pass

    with pytest.raises(NotImplementedError, match="Nothing: has no update. Expected a method update_step"):
        Nothing(learning_rate=0.1).apply([gradient(1.0)], [variable(1.0)])


# -- stateless, saving, copies ---------------------------------------------------------------------


@pytest.mark.parametrize("name", BUILT_IN)
def test_stateless_apply_gives_the_state_of_apply_and_changes_nothing(engine, name):
    kind = getattr(keras.optimizers, name)
    w, twin = variable(1.0, 2.0), variable(1.0, 2.0)
    optimizer, other = kind(0.1), kind(0.1)
    optimizer.build([w])
    before = [v.numpy() for v in optimizer.variables]
    state, weights = [v.value for v in optimizer.variables], [w.value]
    for _ in range(3):
        weights, state = optimizer.stateless_apply(state, [gradient(0.5, -1.0)], weights)
        other.apply([gradient(0.5, -1.0)], [twin])
    np.testing.assert_allclose(ops.convert_to_numpy(weights[0]), twin.numpy(), rtol=1e-6)
    for value, slot in zip(state, other.variables, strict=True):
        np.testing.assert_allclose(ops.convert_to_numpy(value), slot.numpy(), rtol=1e-6)
    np.testing.assert_array_equal(w.numpy(), [1.0, 2.0])
    for value, slot in zip(before, optimizer.variables, strict=True):
        np.testing.assert_array_equal(value, slot.numpy())


@pytest.mark.parametrize("name", [*BUILT_IN, "LossScaleOptimizer"])
def test_config_round_trip(name):
    arguments = (
        {} if name == "LossScaleOptimizer" else {"clipnorm": 0.5, "use_ema": True, "gradient_accumulation_steps": 3}
    )
    kind = getattr(keras.optimizers, name)
    made = kind(keras.optimizers.Adam(0.25)) if name == "LossScaleOptimizer" else kind(0.25, **arguments)
    data = keras.optimizers.serialize(made)
    assert data["module"] == "keras.optimizers" and data["class_name"] == name and data["registered_name"] is None
    again = keras.optimizers.deserialize(data)
    assert type(again) is kind and again.get_config() == made.get_config()
    assert keras.optimizers.get(data).get_config() == made.get_config()


def test_config_with_a_schedule_round_trip():
    made = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.1, 10, warmup_target=0.2, warmup_steps=3))
    again = keras.optimizers.deserialize(keras.optimizers.serialize(made))
    assert again.get_config() == made.get_config()
    assert float(again.learning_rate) == pytest.approx(0.1)


@pytest.mark.parametrize("copied", [lambda x: pickle.loads(pickle.dumps(x)), copy.deepcopy], ids=["pickle", "deepcopy"])
def test_a_copy_goes_on_where_the_original_stopped(engine, copied):
    w, bias = variable(1.0, 2.0), variable(0.5, name="bias")
    optimizer = keras.optimizers.AdamW(0.1, weight_decay=0.5)
    optimizer.exclude_from_weight_decay([bias])
    optimizer.apply([gradient(0.5, 0.1), gradient(0.0)], [w, bias])
    again, (w2, bias2) = copied((optimizer, (w, bias)))
    for one, weights in ((optimizer, [w, bias]), (again, [w2, bias2])):
        one.apply([gradient(0.3, -0.1), gradient(0.0)], weights)
    np.testing.assert_array_equal(w.numpy(), w2.numpy())
    np.testing.assert_array_equal(bias.numpy(), bias2.numpy())
    assert bias2.numpy() == pytest.approx([0.5]) and int(again.iterations) == 2


def test_own_variables_are_saved_by_position(engine):
    w, store = variable(1.0, 2.0), {}
    optimizer = keras.optimizers.Adam(0.1)
    optimizer.apply([gradient(0.5, 0.1)], [w])
    optimizer.save_own_variables(store)
    assert sorted(store, key=int) == ["0", "1", "2", "3"]
    other = keras.optimizers.Adam(0.7)
    other.build([w])
    other.load_own_variables(store)
    for mine, its in zip(optimizer.variables, other.variables, strict=True):
        np.testing.assert_array_equal(mine.numpy(), its.numpy())


# -- loss scale ------------------------------------------------------------------------------------


def scaled_steps(compiled):
    w = variable(1.0, 2.0)
    optimizer = keras.optimizers.LossScaleOptimizer(
        keras.optimizers.SGD(0.1, momentum=0.5), 8.0, dynamic_growth_steps=2
    )
    optimizer.build([w])

    def step(g):
        optimizer.apply([g], [w])
        return g

    step = keras.function(step, variables=[w, *optimizer.variables]) if compiled else step
    seen = []
    for i in range(6):
        step(gradient(np.inf, 0.0) if i == 3 else gradient(0.8, -1.6))
        seen.append([float(optimizer.dynamic_scale), int(optimizer.step_counter), int(optimizer.iterations)])
    return w, optimizer, seen


@pytest.mark.parametrize("compiled", [False, True])
def test_loss_scale_adapts_and_leaves_out_steps_that_are_not_finite(engine, compiled):
    w, optimizer, seen = scaled_steps(compiled)
    assert seen == [[8, 1, 1], [16, 0, 2], [16, 1, 3], [8, 0, 3], [8, 1, 4], [16, 0, 5]]
    plain, expected = keras.optimizers.SGD(0.1, momentum=0.5), variable(1.0, 2.0)
    for scale in (8, 8, 16, 8, 8):
        plain.apply([gradient(0.8 / scale, -1.6 / scale)], [expected])
    np.testing.assert_allclose(w.numpy(), expected.numpy(), rtol=1e-6)
    assert float(optimizer.scale_loss(ops.convert_to_tensor(2.0))) == 32.0
    assert [v.name for v in optimizer.variables] == [
        "iteration", "learning_rate", "step_counter", "dynamic_scale", "iteration", "learning_rate", "w_momentum",
    ]  # fmt: skip


def test_loss_scale_optimizer_hands_the_learning_rate_inwards(engine):
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1))
    optimizer.learning_rate = 0.5
    assert float(optimizer.inner_optimizer.learning_rate) == 0.5 == float(optimizer.learning_rate)


@pytest.mark.parametrize(
    "inner",
    [None, "adam", keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD())],
    ids=["none", "name", "scaling"],
)
def test_loss_scale_optimizer_wants_an_optimizer_that_does_not_scale(inner):
    with pytest.raises(ValueError, match="^LossScaleOptimizer: "):
        keras.optimizers.LossScaleOptimizer(inner)


def test_loss_scale_optimizer_refuses_what_belongs_to_the_inner_one():
    with pytest.raises(ValueError, match=r"\['clipnorm'\] have no effect here"):
        keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(), clipnorm=1.0)


def test_scaled_loss_and_gradients_cancel_out(engine):
    w = variable(1.0)
    optimizer = keras.optimizers.SGD(0.5, loss_scale_factor=64.0)
    _, gradients = keras.value_and_grad(lambda: optimizer.scale_loss(ops.sum(w * 2.0)), [w])
    optimizer.apply(gradients, [w])
    assert w.numpy() == pytest.approx([0.0])


# -- names -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["adam", "Adam", "ADAM", "rmsprop", "RMSprop", "adamw", "AdamW", "sgd", "nadam", "ftrl"]
)
def test_names_are_found_in_any_case(name):
    assert type(keras.optimizers.get(name)).__name__.lower() == name.lower()


def test_a_class_and_an_object_are_optimizers_too():
    made = keras.optimizers.Adam()
    assert keras.optimizers.get(made) is made
    assert isinstance(keras.optimizers.get(keras.optimizers.SGD), keras.optimizers.SGD)


def test_the_optimizer_follows_its_variables_to_their_engine(engine):
    optimizer = keras.optimizers.Adam(0.1, epsilon=0.0)
    with keras.backend.scope("numpy"):
        w = variable(1.0)
    optimizer.apply([np.ones(1, "float32")], [w])
    assert {v.backend.name for v in [w, *optimizer.variables]} == {"numpy"}
    assert w.numpy() == pytest.approx([0.9])

"""Steps that PyTorch records: the same bits as eager steps, and eager steps wherever Python decides something."""

import signal
import sys

import numpy as np
import pytest

import kerasfront as keras
from kerasfront import backend, ops
from kerasfront.backend import dispatch
from kerasfront.state import repeated

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.skipif(not dispatch.OVERRIDES_ON, reason="nothing is recorded with all overrides off")

BATCH, STEPS = 8, 16
rng = np.random.default_rng(0)
VECTORS = rng.normal(size=(BATCH * STEPS, 6)).astype("float32")
IMAGES = rng.normal(size=(BATCH * STEPS, 8, 8, 2)).astype("float32")
SEQUENCES = rng.normal(size=(BATCH * STEPS, 5, 8)).astype("float32")
WORDS = rng.integers(0, 20, (BATCH * STEPS, 5))
LABELS = rng.integers(0, 3, BATCH * STEPS)
TARGETS = rng.normal(size=(BATCH * STEPS, 1)).astype("float32")


@pytest.fixture(autouse=True)
def on_torch():
    with backend.scope("torch"):
        yield


@pytest.fixture
def runs(monkeypatch):
    """The runs of recorded steps, and why functions could not be recorded."""
    from kerasfront_torch import program, repeating

    found = {"steps": 0, "problems": set()}
    original, looped = program.run, repeating.Repeat.__call__

    def run(made, state, batches):
        def counted():
            for batch in batches:
                found["steps"] += 1
                yield batch

        return original(made, state, counted())

    def call(self, *args):
        result = looped(self, *args)
        found["problems"].add(self.problem)
        return result

    monkeypatch.setattr(program, "run", run)
    monkeypatch.setattr(repeating.Repeat, "__call__", call)
    return found


def perceptron():
    layers = [keras.layers.Dense(16, activation="relu"), keras.layers.Dropout(0.3)]
    return keras.Sequential([keras.Input((6,)), *layers, keras.layers.Dense(3, activation="softmax")])


def convolutional():
    inputs = keras.Input((8, 8, 2))
    x = keras.layers.BatchNormalization()(keras.layers.Conv2D(4, 3, activation="relu")(inputs))
    x = keras.layers.Dropout(0.25)(keras.layers.MaxPooling2D(2)(x))
    return keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(keras.layers.Flatten()(x)))


def recurrent():
    inputs = keras.Input((5,), dtype="int32")
    x = keras.layers.LSTM(7)(keras.layers.Embedding(20, 6)(inputs))
    return keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(x))


def transformer():
    inputs = keras.Input((5, 8))
    x = keras.layers.MultiHeadAttention(2, 4, dropout=0.1)(inputs, inputs)
    x = keras.layers.LayerNormalization()(keras.layers.Add()([inputs, x]))
    x = keras.layers.GlobalAveragePooling1D()(x)
    return keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(x))


def trained(make, x, singly, epochs=3, y=LABELS, loss="sparse_categorical_crossentropy", callbacks=(), **options):
    """Weights, optimizer state and history of a training, in loops or step by step."""
    keras.utils.set_random_seed(5)
    model = make()
    options.setdefault("optimizer", keras.optimizers.Adam(0.01))
    optimizer = options.pop("optimizer")
    model.compile(optimizer() if isinstance(optimizer, type(trained)) else optimizer, loss, **options)
    # Who reads the logs of each batch keeps the steps single.
    watching = [keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: logs["loss"])] if singly else []
    chosen = [*callbacks, *watching]
    history = model.fit(x, y, batch_size=BATCH, epochs=epochs, verbose=0, callbacks=chosen)
    return [variable.numpy() for variable in [*model.variables, *model.optimizer.variables]], history.history


def assert_alike(make, x, **options):
    looped, single = trained(make, x, False, **options), trained(make, x, True, **options)
    for ours, theirs in zip(looped[0], single[0], strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert looped[1] == single[1]


@pytest.mark.parametrize(
    ("make", "x"),
    [(perceptron, VECTORS), (convolutional, IMAGES), (recurrent, WORDS), (transformer, SEQUENCES)],
    ids=["perceptron", "convolutional", "recurrent", "transformer"],
)
def test_recorded_steps_have_the_bits_of_eager_ones(make, x, runs):
    assert_alike(make, x, metrics=["accuracy"])
    assert runs["problems"] == {None}
    # All batches but those that make the state, and those that are recorded until its memory layout stays.
    assert runs["steps"] >= 3 * STEPS - 6


OPTIMIZERS = {
    "sgd": lambda: keras.optimizers.SGD(0.1),
    "nesterov": lambda: keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
    "rmsprop": lambda: keras.optimizers.RMSprop(0.01),
    "adagrad": lambda: keras.optimizers.Adagrad(0.1, clipnorm=0.1),
    "adamw": lambda: keras.optimizers.AdamW(0.01, global_clipnorm=0.5, amsgrad=True),
    "averaging": lambda: keras.optimizers.Adam(0.01, use_ema=True, ema_momentum=0.9),
    "schedule": lambda: keras.optimizers.Nadam(keras.optimizers.schedules.CosineDecay(0.05, 20)),
    "lamb": lambda: keras.optimizers.Lamb(0.01),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers_are_recorded(name, runs):
    assert_alike(perceptron, VECTORS, optimizer=OPTIMIZERS[name])
    assert runs["problems"] == {None}
    assert runs["steps"]


@pytest.mark.parametrize("name", ["gradient_accumulation", "loss_scale"])
def test_a_step_that_python_decides_on_stays_eager(name, runs):
    make = {
        "gradient_accumulation": lambda: keras.optimizers.Adam(0.01, gradient_accumulation_steps=3),
        "loss_scale": lambda: keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(0.01)),
    }[name]
    assert_alike(perceptron, VECTORS, optimizer=make)
    assert runs["steps"] == 0
    assert all("number" in problem for problem in runs["problems"])


class Deciding(keras.Model):
    """Its course depends on the numbers of the batch."""

    def __init__(self):
        super().__init__()
        self.first, self.second = keras.layers.Dense(1), keras.layers.Dense(1)

    def call(self, x):
        first, second = self.first(x), self.second(x)
        return first - second if not isinstance(x, keras.KerasTensor) and float(ops.mean(x)) > 0 else first + second


class Printing(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(1)

    def call(self, x):
        print("called")
        return self.dense(x)


class Counting(keras.Model):
    """Python counts its calls, and the count goes into the result."""

    def __init__(self):
        super().__init__()
        self.dense, self.calls = keras.layers.Dense(1), 0

    def call(self, x):
        self.calls += 1
        return self.dense(x) * float(self.calls)


class Clean(keras.Model):
    """Layers of its own, which do nothing that recording would lose."""

    def __init__(self):
        super().__init__()
        self.blocks = [keras.layers.Dense(4, activation="relu") for _ in range(2)]
        self.scale = 0.5

    def call(self, x):
        for block in self.blocks:
            x = block(x)
        return ops.mean(x, axis=-1, keepdims=True) * self.scale


@pytest.mark.parametrize("make", [Deciding, Printing, Counting, Clean])
def test_models_of_users_mean_what_they_say(make, runs, capsys):
    options = {"y": TARGETS, "loss": "mean_squared_error"}
    ours, history = trained(make, VECTORS, False, **options)
    calls = capsys.readouterr().out.count("called")
    expected, singly = trained(make, VECTORS, True, **options)
    assert all(np.array_equal(one, other) for one, other in zip(ours, expected, strict=True))
    assert history == singly
    assert (runs["steps"] > 0) == (make is Clean)
    if make is Printing:
        assert calls >= 3 * STEPS


def test_what_callbacks_change_between_epochs_is_seen(runs):
    class Change(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.model.optimizer.learning_rate = 0.02 / (epoch + 1)
            self.model.layers[1].rate = 0.1 * epoch
            self.model.layers[0].trainable = epoch != 2

    assert_alike(perceptron, VECTORS, epochs=4, callbacks=[Change()])
    assert runs["steps"] > 2 * STEPS


def test_weights_set_between_epochs_are_seen(runs):
    class Reset(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            kernel = self.model.layers[0].kernel
            kernel.assign(ops.transpose(ops.transpose(kernel.value) * 0.5))
            self.model.layers[-1].bias.assign(self.model.layers[-1].bias.value * 0)

    assert_alike(perceptron, VECTORS, epochs=4, callbacks=[Reset()])
    assert runs["steps"]


def test_freezing_between_fits_is_seen(runs):
    model = perceptron()
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(VECTORS, LABELS, batch_size=BATCH, epochs=2, verbose=0)
    model.layers[0].trainable = False
    before = [layer.get_weights() for layer in model.layers]
    model.fit(VECTORS, LABELS, batch_size=BATCH, epochs=2, verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(model.layers[0].get_weights(), before[0], strict=True))
    assert not np.array_equal(model.layers[-1].get_weights()[0], before[-1][0])


def test_a_tensor_that_the_user_holds_does_not_change(runs):
    model = perceptron()
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(VECTORS, LABELS, batch_size=BATCH, epochs=2, verbose=0)
    held = model.layers[0].kernel.value
    view = model.layers[-1].kernel.value.T
    copies = held.clone(), view.clone()
    model.fit(VECTORS, LABELS, batch_size=BATCH, epochs=2, verbose=0)
    assert runs["steps"] > 2 * STEPS
    assert torch.equal(held, copies[0])
    assert torch.equal(view, copies[1])
    assert not np.array_equal(model.layers[0].kernel.numpy(), held.numpy())


def test_an_index_out_of_range_is_refused_in_a_recorded_step(runs):
    # Nobody knows before the indices that a model computes.
    inputs = keras.Input((5,), dtype="int32")
    model = keras.Model(inputs, recurrent()(inputs + 0))
    model.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
    wrong = WORDS.copy()
    wrong[11 * BATCH] = 20
    with pytest.raises(ValueError, match="index 20 is out of range"):
        model.fit(wrong, LABELS, batch_size=BATCH, epochs=4, shuffle=False, verbose=0)
    assert runs["steps"]
    # The steps before it count, whole.
    assert int(model.optimizer.iterations) == 11


@pytest.mark.parametrize("width", [2, 3])
@pytest.mark.parametrize(("first", "count"), [(0, 1), (3, 40), (1, 7000)])
def test_small_batches_gathered_at_once_are_those_of_the_order(width, first, count):
    from kerasfront_torch.repeating import Repeat

    size = 8
    order = torch.randperm(size * (first + count), dtype=torch.int32)
    data = [torch.arange(len(order) * width, dtype=torch.float32).reshape(-1, width), torch.arange(len(order))]
    found = list(Repeat(None, size)._batches(data, order, first, count))
    assert len(found) == count
    for number, batch in enumerate(found, first):
        rows = order[number * size : (number + 1) * size].long()
        assert all(torch.equal(one, whole[rows]) for one, whole in zip(batch, data, strict=True))
        # As a tensor of its own would.
        assert all(one.data_ptr() % 64 == 0 and one.is_contiguous() for one in batch)


def test_what_a_step_computes_twice_is_computed_once(runs, monkeypatch):
    from kerasfront_torch import program

    made = []
    compiled = program.Program._compiled
    monkeypatch.setattr(program.Program, "_compiled", lambda self, finals: made.append(self) or compiled(self, finals))

    class Twice(keras.layers.Layer):
        def call(self, inputs):
            return ops.sin(inputs) * ops.sin(inputs) + ops.sin(inputs + 1.0)

    keras.utils.set_random_seed(2)
    model = keras.Sequential([keras.Input((6,)), Twice(), keras.layers.Dense(1)])
    model.compile("sgd", "mean_squared_error")
    model.fit(VECTORS, TARGETS, batch_size=BATCH, epochs=4, verbose=0)
    assert runs["problems"] == {None} and runs["steps"] > STEPS
    computed = [sum(call.function is torch.ops.aten.sin.default for call in step._calls) for step in made]
    assert set(computed) == {2}


def test_an_interrupt_leaves_whole_steps(runs, monkeypatch):
    from kerasfront_torch import program

    counted = program.run

    def interrupted(made, state, batches):
        def until():
            for batch in batches:
                if runs["steps"] == STEPS:
                    signal.raise_signal(signal.SIGINT)
                yield batch

        return counted(made, state, until())

    def train(epochs):
        keras.utils.set_random_seed(5)
        model = perceptron()
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(VECTORS, LABELS, batch_size=BATCH, epochs=epochs, shuffle=False, verbose=0)
        return model

    models = []
    original = keras.Model.fit

    def noted(self, *args, **kwargs):
        models.append(self)
        return original(self, *args, **kwargs)

    monkeypatch.setattr(keras.Model, "fit", noted)
    monkeypatch.setattr(program, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train(9)
    done = int(models[0].optimizer.iterations)
    assert STEPS < done < 9 * STEPS
    monkeypatch.setattr(program, "run", counted)
    keras.utils.set_random_seed(5)
    expected = perceptron()
    expected.compile("adam", "sparse_categorical_crossentropy")
    for number in range(done):
        rows = slice(number % STEPS * BATCH, (number % STEPS + 1) * BATCH)
        expected.train_on_batch(VECTORS[rows], LABELS[rows])
    for ours, theirs in zip(models[0].get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_draws_without_a_seed_go_on_in_recorded_steps(runs):
    def make():
        noise = keras.layers.Lambda(lambda x: x + 0.1 * keras.random.normal((BATCH, 6)))
        inputs = keras.Input((6,), batch_size=BATCH)
        return keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(noise(inputs)))

    assert_alike(make, VECTORS)
    assert runs["problems"] == {None}
    assert runs["steps"] > STEPS


def test_an_error_in_the_eager_step_that_a_recorded_one_is_compared_with_is_the_users(runs, monkeypatch):
    from kerasfront_torch import repeating

    def eager(handles, batch):
        raise KeyError(f"mine, of {len(batch)} tensors")

    def failing(self, *args):
        self._eager = eager
        return run(self, *args)

    run = repeating.Repeat._run
    monkeypatch.setattr(repeating.Repeat, "_run", failing)
    model = perceptron()
    model.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.raises(KeyError, match="mine, of 2"):
        model.fit(VECTORS, LABELS, batch_size=BATCH, epochs=4, verbose=0)


def test_a_kernel_that_fails_in_a_recorded_step_leaves_whole_steps(runs, monkeypatch):
    from kerasfront_torch import program

    class Failing(keras.layers.Layer):
        def call(self, inputs):
            return ops.sin(inputs)

    original = program.Program._compiled

    def broken(self, finals):
        steps = original(self, finals)
        (name,) = [name for name, one in self._names.items() if one is torch.ops.aten.sin.default._op]
        kernel, count = self._names[name], iter(range(10**6))

        def failing(x):
            if next(count) == 9:
                raise RuntimeError("no memory")
            return kernel(x)

        self._names[name] = failing
        return steps

    def trained(watched):
        keras.utils.set_random_seed(5)
        model = keras.Sequential([keras.Input((6,)), Failing(), keras.layers.Dense(1)])
        model.compile("adam", "mean_squared_error")
        watch = [keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: logs["loss"])] * watched
        model.fit(VECTORS, TARGETS, batch_size=BATCH, epochs=4, shuffle=False, verbose=0, callbacks=watch)
        return model.get_weights()

    monkeypatch.setattr(program.Program, "_compiled", broken)
    weights = trained(watched=False)
    assert runs["problems"] == {None, "the recorded step failed: no memory"}
    for ours, singly in zip(weights, trained(watched=True), strict=True):
        np.testing.assert_array_equal(ours, singly)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "float64"])
def test_other_dtypes_are_recorded(policy, runs):
    previous = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        assert_alike(convolutional, IMAGES)
    finally:
        keras.config.set_dtype_policy(previous)
    assert runs["problems"] == {None}
    assert runs["steps"] > STEPS


def test_evaluation_is_recorded_too(runs):
    keras.utils.set_random_seed(5)
    model = convolutional()
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    options = {"batch_size": 3, "verbose": 0}
    found = [model.evaluate(IMAGES, LABELS, **options) for _ in range(2)]
    assert runs["problems"] == {None}
    assert runs["steps"] > 42
    watching = keras.callbacks.LambdaCallback(on_test_batch_end=lambda batch, logs: logs["loss"])
    steps = runs["steps"]
    expected = model.evaluate(IMAGES, LABELS, callbacks=[watching], **options)
    assert runs["steps"] == steps
    assert found == [expected, expected]


def test_two_variables_with_one_value_stay_two(runs):
    def make():
        model = perceptron()
        model.add(keras.layers.Dense(3))
        first, second = keras.layers.Dense(4), keras.layers.Dense(4)
        inputs = keras.Input((6,))
        outputs = keras.layers.Dense(3, activation="softmax")(first(inputs) - second(inputs) * 0.5)
        model = keras.Model(inputs, outputs)
        second.kernel.assign(first.kernel)
        return model

    assert_alike(make, VECTORS)
    assert runs["problems"] == {None}


def test_recording_can_be_switched_off(monkeypatch, runs):
    monkeypatch.setattr(sys.modules["kerasfront_torch.backend"], "OVERRIDES_ON", False)
    monkeypatch.setattr(repeated.Repeated, "wait", lambda self: pytest.fail("a loop ran"))
    trained(perceptron, VECTORS, False)
    assert runs["steps"] == 0

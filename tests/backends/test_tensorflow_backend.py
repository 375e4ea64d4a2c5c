"""What only the TensorFlow backend can get wrong: graphs, tf.Variables, data sets, and its weak kernels."""

import os
import subprocess
import sys

import numpy as np
import pytest

import kerasfront as keras
from kerasfront import ops
from kerasfront.backend import dispatch, registry

tf = pytest.importorskip("tensorflow", reason="needs the engine")
samples = pytest.importorskip("kerasfront_tensorflow.samples", reason="needs the engine")


@pytest.fixture(autouse=True)
def backend():
    with registry.scope("tensorflow") as active:
        yield active


def test_a_value_read_does_not_change_with_the_variable(backend):
    variable = keras.Variable(np.zeros(3, "float32"))
    before = variable.value
    variable.assign_add([1.0, 2.0, 3.0])
    variable.assign_add([1.0, 2.0, 3.0])
    assert before.numpy().tolist() == [0, 0, 0]
    assert variable.numpy().tolist() == [2, 4, 6]


@pytest.mark.parametrize("jit_compile", [None, True])
def test_a_graph_follows_variables_to_another_engine_and_back(jit_compile):
    variable = keras.Variable(np.ones(2, "float32"))
    step = keras.function(lambda x: variable.assign_add(x), jit_compile=jit_compile)
    step(np.ones(2, "float32"))
    variable.move_to(registry.get("numpy"))
    variable.assign([10.0, 10.0])
    variable.move_to(registry.get("tensorflow"))
    step(np.ones(2, "float32"))
    assert variable.numpy().tolist() == [11, 11]


def test_each_signature_of_inputs_has_its_graph():
    traced = []
    step = keras.function(lambda x: traced.append(x.shape) or ops.sum(x))
    for size in (2, 3, 2, 3):
        assert float(step(np.ones(size, "float32"))) == size
    assert len(traced) == 2


@pytest.mark.parametrize("jit_compile", [None, True])
def test_errors_in_a_graph_are_those_of_the_function(jit_compile):
    def broken(x):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        keras.function(broken, jit_compile=jit_compile)(np.ones(2, "float32"))


def test_positions_out_of_range_in_a_graph_give_nan():
    rows = keras.function(lambda x, at: ops.take(x, at, axis=0))
    found = rows(np.arange(6, dtype="float32").reshape(3, 2), np.array([3, -1, 0, -4], "int32")).numpy()
    assert np.isnan(found[[0, 3]]).all()
    assert found[1:3].tolist() == [[4, 5], [0, 1]]


@pytest.mark.parametrize("groups, dilation, strides", [(3, 1, 1), (1, 2, 1), (3, 2, 1), (1, 1, 2), (3, 1, 2)])
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_convolutions_that_the_engine_does_not_differentiate(rank, groups, dilation, strides):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, *(7,) * rank, 3))
    kernel = keras.Variable(rng.normal(size=(*(2,) * rank, 3 // groups, 6)))

    def loss():
        return ops.sum(ops.square(ops.conv(x, kernel, strides, "same", "channels_last", dilation)))

    value, (gradient,) = keras.value_and_grad(loss, [kernel])
    with registry.scope("numpy"):
        other = keras.Variable(kernel.numpy())
        expected, (slope,) = keras.value_and_grad(
            lambda: ops.sum(ops.square(ops.conv(x, other, strides, "same", "channels_last", dilation))), [other]
        )
    np.testing.assert_allclose(float(value), float(expected), rtol=1e-12)
    np.testing.assert_allclose(gradient.numpy(), slope, rtol=1e-10)


@pytest.mark.parametrize("reverse", [False, True])
def test_a_scan_in_a_graph_with_its_gradient_is_that_of_plain_python(reverse):
    rng = np.random.default_rng(0)
    xs, weight = rng.normal(size=(6, 2)), keras.Variable(rng.normal(size=(2, 2)))

    def step(xs):
        def loss():
            def body(h, x):
                h = ops.tanh(ops.matmul(h, weight.value) + x)
                return h, (h * 2, None)

            last, (outputs, _) = ops.scan(body, ops.zeros((1, 2), "float64"), xs, reverse=reverse)
            return ops.sum(last) + ops.sum(ops.square(outputs))

        return keras.value_and_grad(loss, [weight])

    (value, (gradient,)), (expected, (slope,)) = keras.function(step)(xs), step(tf.constant(xs))
    np.testing.assert_allclose(float(value), float(expected), rtol=1e-12)
    np.testing.assert_allclose(gradient.numpy(), slope.numpy(), rtol=1e-10)


def test_a_scan_in_a_graph_is_one_loop_however_long():
    function = tf.function(lambda xs: ops.scan(lambda h, x: (h + x, h), ops.zeros(()), xs), autograph=False)
    sizes = {len(function.get_concrete_function(tf.TensorSpec([n])).graph.get_operations()) for n in (10, 100)}
    assert len(sizes) == 1


@pytest.mark.parametrize("shape", [(3, 3), (4, 2), (2, 4), (2, 3, 3)])
def test_factors_and_exchanges_give_the_matrix_back(shape):
    x = np.random.default_rng(0).normal(size=shape)
    packed, pivots = (part.numpy() for part in ops.lu_factor(x))
    rows, columns = shape[-2:]
    lower = np.tril(packed, -1)[..., : min(rows, columns)] + np.eye(rows, min(rows, columns))
    product = lower @ np.triu(packed)[..., : min(rows, columns), :]
    for index in np.ndindex(shape[:-2]):
        for step in reversed(range(pivots.shape[-1])):
            pair = [step, pivots[(*index, step)]]
            product[index][pair] = product[index][pair[::-1]]
    np.testing.assert_allclose(product, x, atol=1e-12)


def test_a_singular_matrix_has_factors():
    packed, pivots = ops.lu_factor(np.array([[0.0, 2.0], [0.0, 1.0]]))
    assert packed.numpy().tolist() == [[0, 2], [0, 1]]
    assert pivots.numpy().tolist() == [0, 1]


def test_order_of_extremes_is_stable_with_nan_last():
    x = np.array([np.nan, np.inf, 0.0, -0.0, -np.inf, 1e-300, -1.0])
    assert ops.argsort(x).numpy().tolist() == [4, 6, 2, 3, 5, 1, 0]
    assert ops.top_k(x, 3)[1].numpy().tolist() == [0, 1, 5]


def test_data_sets_come_as_host_batches_with_their_number_where_known(backend):
    known = backend.as_iterable(tf.data.Dataset.range(5).batch(2))
    assert len(known) == 3
    for _ in range(2):
        assert [batch.tolist() for batch in known] == [[0, 1], [2, 3], [4]]
    unknown = backend.as_iterable(tf.data.Dataset.range(5).filter(lambda x: x > 2))
    assert not hasattr(unknown, "__len__")
    assert list(unknown) == [3, 4]
    assert backend.as_iterable([1, 2]) is None


def test_shapes_of_a_function_of_the_engine(backend):
    found = backend.abstract_eval(lambda x: {"y": tf.matmul(x, tf.ones((4, 5)))}, keras.KerasTensor((None, 4)))
    shape, dtype = found["y"]
    assert shape[1:] == (5,)
    assert dtype == "float32"


@pytest.mark.parametrize("dtype", ["float32", "float16", "float64", "int32", "int64", "uint8", "bool", "bfloat16"])
@pytest.mark.parametrize("form", ["plain", "transposed", "read-only", "sliced"])
def test_large_data_becomes_a_tensor_of_the_same_numbers(dtype, form, backend):
    array = np.random.default_rng(0).integers(0, 100, (1100, 1000)).astype(tf.as_dtype(dtype).as_numpy_dtype)
    array = {"transposed": array.T, "sliced": array[1:, ::2]}.get(form, array)
    array.flags.writeable = form != "read-only"
    resident = backend.resident(array)
    tensor = samples.batch_of(resident, 0, len(array), None)
    assert backend.is_tensor(tensor) and tensor.dtype.name == array.dtype.name
    np.testing.assert_array_equal(tensor.numpy(), array)
    two = samples.batch_of(resident, 0, 2, [5, 6])
    expected = tf.reduce_sum(tf.cast(array[5:7], "float64"))
    np.testing.assert_array_equal(tf.reduce_sum(tf.cast(two, "float64")), expected)
    del array  # what is resident keeps what it needs
    assert float(tf.reduce_sum(tf.cast(samples.batch_of(resident, 5, 2, None), "float64"))) == float(expected)


@pytest.mark.parametrize("jit_compile", [None, True])
def test_tensors_from_outside_are_seen_in_compiled_functions(backend, jit_compile):
    outside = tf.constant([1.0, 2.0])
    step = keras.function(lambda x: keras.ops.sum(x * outside), jit_compile=jit_compile)
    for _ in range(2):
        assert float(step(np.ones(2, "float32"))) == 3.0


def trained_for(epochs, monkeypatch, before_xla, layer):
    adapter = sys.modules["kerasfront_tensorflow.backend"]
    monkeypatch.setattr(adapter, "_STEPS_BEFORE_XLA", before_xla)
    keras.utils.set_random_seed(3)
    x = np.random.default_rng(0).normal(size=(160, 6, 4)).astype("float32")
    y = np.random.default_rng(1).integers(0, 3, 160)
    layers = [layer(), keras.layers.Flatten(), keras.layers.Dropout(0.2), keras.layers.Dense(3, activation="softmax")]
    model = keras.Sequential([keras.Input((6, 4)), *layers])
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(x, y, batch_size=8, epochs=epochs, verbose=0)
    steps = [entry for step in model._compiled_steps._functions.values() for entry in step._runs.values()]
    loops = [loop for entry in steps for loop in entry.loops.values()]
    (found,) = [entry for loop in loops for entry in loop.run._loops.values()]
    return model.get_weights(), found.suits_xla


@pytest.mark.parametrize("kind", ["Dense", "Conv1D"])
def test_long_trainings_go_on_with_xla_where_it_is_faster(kind, monkeypatch):
    layer = {"Dense": lambda: keras.layers.Dense(5), "Conv1D": lambda: keras.layers.Conv1D(5, 3)}[kind]
    ours, used = trained_for(4, monkeypatch, 20, layer)
    expected, _ = trained_for(4, monkeypatch, 10**6, layer)
    assert used == (kind == "Dense")
    for one, other in zip(ours, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_nan_passes_relu_with_the_kernels_that_users_have():
    # They make one of a product, a bias and TensorFlow's own relu, which turns NaN into 0. Other tests run without.
    code = """
import numpy as np, kerasfront as keras
from kerasfront.layers import Conv2D, Dense, Flatten
layers = [Conv2D(4, 3, activation="relu"), Flatten(), Dense(3, activation="relu")]
model = keras.Sequential([keras.Input((5, 5, 2)), *layers])
print(np.isnan(model.predict(np.full((2, 5, 5, 2), np.nan, "float32"), verbose=0)).all())
"""
    env = {**os.environ, "KERASFRONT_BACKEND": "tensorflow", "TF_ENABLE_ONEDNN_OPTS": "1"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"


def pooled_relu(x):
    return ops.max_pool(ops.relu(x), 2, 2, "same")


@pytest.fixture(scope="module")
def images():
    # Windows with ties below and at 0, the largest value of both signs, infinities, and one at the border.
    values = np.random.default_rng(0).integers(-2, 3, (2, 5, 5, 3)).astype("float32")
    values[0, 0, 0], values[0, 2, 3], values[1, :2, :2] = np.inf, -np.inf, -1
    return values


def gradient_of(x, wrap):
    variable = keras.Variable(x)
    slopes = np.random.default_rng(1).normal(size=(2, 3, 3, 3)).astype("float32")
    step = wrap(lambda: keras.value_and_grad(lambda: ops.sum(ops.tanh(pooled_relu(variable)) * slopes), [variable]))
    loss, (gradient,) = step()
    return ops.convert_to_numpy(loss), ops.convert_to_numpy(gradient)


def test_pooling_before_relu_gives_the_values_and_gradients_of_pooling_after_it(images):
    for one, other in zip(gradient_of(images, keras.function), gradient_of(images, lambda step: step), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)
    images = np.where(np.arange(images.size).reshape(images.shape) == 40, np.float32("nan"), images)
    expected = np.isnan(ops.convert_to_numpy(pooled_relu(images)))
    variable = keras.Variable(images)

    @keras.function
    def step():
        return keras.value_and_grad(lambda: (ops.sum(variable), pooled_relu(variable)), [variable], has_aux=True)

    (_, result), _ = step()
    assert expected.sum() == 1 and (np.isnan(result.numpy()) == expected).all()


@pytest.mark.skipif(not dispatch.OVERRIDES_ON, reason="the relu that is looked for is an override")
def test_relu_after_pooling_is_computed_of_the_pooled(images):
    x, w, sizes = tf.constant(images), keras.Variable(2.0), {}

    def step():
        found = keras.value_and_grad(lambda: ops.sum(pooled_relu(x * w)), [w])
        operations = tf.compat.v1.get_default_graph().get_operations()
        for kernel in ("MaxPoolGrad", "ReluGrad"):
            sizes[kernel] = [one.inputs[0].shape.num_elements() for one in operations if one.type == kernel]
        return found

    keras.function(step)()
    assert set(sizes["MaxPoolGrad"]) == {2 * 6 * 6 * 3} and sizes["ReluGrad"] == [2 * 3 * 3 * 3]


def test_gradients_by_a_relu_that_is_pooled(images):
    x, slopes = tf.constant(images), tf.ones((2, 3, 3, 3))

    def by_a_tape(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            features = ops.relu(x)
            loss = ops.sum(ops.max_pool(features, 2, 2, "same") * slopes)
        return tape.gradient(loss, features)

    def by_a_variable(x):
        variable = keras.Variable(np.zeros(images.shape, "float32"))

        def step():
            variable.assign(ops.relu(x))
            return keras.value_and_grad(lambda: ops.sum(ops.max_pool(variable, 2, 2, "same") * slopes), [variable])[1]

        return keras.function(step)()[0]

    expected = by_a_tape(x).numpy()
    assert expected.sum() == 2 * 3 * 3 * 3
    np.testing.assert_array_equal(tf.function(by_a_tape)(x).numpy(), expected)
    np.testing.assert_array_equal(by_a_variable(x).numpy(), expected)


@pytest.mark.skipif(not dispatch.OVERRIDES_ON, reason="the kernel is an override")
def test_adam_changes_variables_by_one_kernel_and_keeps_what_was_read_before():
    start, slope = np.array([1.0, -2.0, 3.0], "float32"), np.array([0.5, -0.1, 2.0], "float32")
    eager, compiled = keras.Variable(start), keras.Variable(start)
    one, other = keras.optimizers.Adam(0.1), keras.optimizers.Adam(0.1)
    other.build([compiled])

    @keras.function
    def step(gradient):
        before = compiled.value
        other.apply([gradient], [compiled])
        return before, compiled.value, before * 1.0

    for _ in range(3):
        expected = eager.numpy()
        one.apply([slope], [eager])
        before, after, product = (tensor.numpy() for tensor in step(slope))
        np.testing.assert_allclose(before, expected, rtol=1e-6)
        np.testing.assert_allclose(product, expected, rtol=1e-6)
        np.testing.assert_allclose(after, eager.numpy(), rtol=1e-6)
        np.testing.assert_allclose(compiled.numpy(), eager.numpy(), rtol=1e-6)
    # The kernel rounds 1 - beta to float32's distance between numbers near 1.
    for mine, theirs in zip(other.variables, one.variables, strict=True):
        np.testing.assert_allclose(mine.numpy(), theirs.numpy(), rtol=6e-8 / 1e-3)
    (entry,) = step._runs.values()
    (graph,) = entry.run._graphs.values()
    assert "ResourceApplyAdam" in {operation.type for operation in graph._function.graph.get_operations()}


def test_adam_with_betas_that_float32_rounds_badly_is_computed_by_ops():
    results = []
    for eager in (True, False):
        weight = keras.Variable(np.array([1.0, -2.0], "float32"))
        optimizer = keras.optimizers.Adam(0.1, beta_2=0.99999999)
        optimizer.build([weight])
        step = keras.function(lambda g, o=optimizer, w=weight: o.apply([g], [w]), eager=eager)
        for gradient in (0.5, 2.0, -1.0):
            step(np.full(2, gradient, "float32"))
        results.append(weight.numpy())
    assert (np.abs(results[0] - [1.0, -2.0]) > 0.05).all()
    np.testing.assert_allclose(*results, rtol=1e-5)

"""Image, Fourier and linear algebra ops stand in a functional model whose sizes are not known, and in training."""

import numpy as np

import kerasfront as keras
from kerasfront import ops

TURN = [0.9, -0.2, 0.5, 0.2, 0.9, -0.3, 0.0, 0.0]
pictures = np.random.default_rng(0).uniform(size=(3, 6, 7, 3)).astype("float32")


def chain(x):
    x = ops.resize(x, (8, 9), "bicubic", antialias=True)
    x = ops.affine_transform(x, TURN, fill_mode="reflect")
    x = ops.gaussian_blur(x, (3, 5), (0.7, 1.0))
    x = ops.rgb_to_grayscale(ops.pad_images(x, 1, 0, 0, 1))
    patches = ops.extract_patches(x, 3)
    edges = ops.sobel_edges(x)
    return patches, ops.norm(edges, axis=-1)


def test_model_of_unknown_sizes_gives_what_the_ops_give(engine):
    inputs = keras.Input((None, None, 3))
    model = keras.Model(inputs, chain(inputs))
    assert [output.shape for output in model.outputs] == [(None, 3, 3, 9), (None, 9, 10, 1)]
    for found, expected in zip(model.predict(pictures, verbose=0), chain(ops.convert_to_tensor(pictures)), strict=True):
        np.testing.assert_allclose(found, ops.convert_to_numpy(expected), rtol=1e-5, atol=1e-6)


def test_spectra_and_solutions_stand_in_a_model(engine):
    signal = keras.Input((None,))
    spectrum = ops.stft(signal, 4, 2, 4)
    back = ops.istft(spectrum, 4, 2, 4)
    matrix = keras.Input((3, 3))
    solved = ops.matmul(ops.pinv(matrix), ops.expand_dims(ops.slogdet(matrix)[1], (-1, -2)) * matrix)
    model = keras.Model([signal, matrix], [back, solved])
    waves = np.sin(np.arange(20, dtype="float32")).reshape(2, 10)
    matrices = np.stack([2 * np.eye(3), 3 * np.eye(3)]).astype("float32")
    again, scaled = model.predict([waves, matrices], verbose=0)
    np.testing.assert_allclose(again, waves, atol=1e-5)
    np.testing.assert_allclose(scaled, np.log([8, 27])[:, None, None] * np.eye(3), rtol=1e-5, atol=1e-6)


def test_model_with_image_ops_trains(engine):
    inputs = keras.Input((6, 7, 3))
    x = keras.layers.Dense(4)(ops.resize(inputs, (3, 3)))
    outputs = keras.layers.Dense(1)(ops.reshape(ops.extract_patches(x, 3), (-1, 36)))
    model = keras.Model(inputs, outputs)
    model.compile("sgd", "mse")
    targets = pictures.mean((1, 2, 3))[:, None]
    losses = model.fit(pictures, targets, epochs=4, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


def test_elastic_transform_repeats_with_its_seed_and_moves_each_image_alike_on_every_engine(engine):
    first, again = (ops.convert_to_numpy(ops.elastic_transform(pictures, 3.0, 1.0, seed=5)) for _ in range(2))
    with keras.backend.scope("numpy"):
        expected = ops.convert_to_numpy(ops.elastic_transform(pictures, 3.0, 1.0, seed=5))
    np.testing.assert_array_equal(first, again)
    np.testing.assert_allclose(first, expected, rtol=1e-4, atol=1e-5)
    assert np.abs(first - pictures).max() > 0.1


def test_elastic_transform_draws_anew_from_a_generator(engine):
    seeds = keras.random.SeedGenerator(5)
    first, second = (ops.convert_to_numpy(ops.elastic_transform(pictures, 3.0, 1.0, seed=seeds)) for _ in range(2))
    assert np.abs(first - second).max() > 0.1


def test_elastic_displacements_have_the_spread_that_is_said():
    with keras.backend.scope("numpy"):
        slope = np.broadcast_to(np.arange(80.0)[None, :, None], (80, 80, 1))
        moved = ops.convert_to_numpy(ops.elastic_transform(slope, alpha=2.0, sigma=2.0, seed=1))
    inner = (moved - slope)[15:-15, 15:-15]
    assert abs(inner.std() / (0.28 * 2.0) - 1) < 0.1
    assert abs(inner.mean()) < 0.1


def test_setting_of_the_data_format_is_used(engine):
    keras.config.set_image_data_format("channels_first")
    try:
        found = ops.resize(np.moveaxis(pictures, -1, 1), (2, 2))
    finally:
        keras.config.set_image_data_format("channels_last")
    expected = ops.convert_to_numpy(ops.resize(pictures, (2, 2)))
    np.testing.assert_allclose(np.moveaxis(ops.convert_to_numpy(found), 1, -1), expected, rtol=1e-6)

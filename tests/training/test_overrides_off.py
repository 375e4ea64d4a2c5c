"""KERASFRONT_OVERRIDES=0: neither native versions of ops nor recorded steps, and the same numbers."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
# No biases in the attention: the slope by that of the keys is 0, and Adam makes full steps of its rounding errors.
SCRIPT = """
import sys
import numpy as np
import kerasfront as keras
from kerasfront.backend import dispatch

assert dispatch.OVERRIDES_ON is (sys.argv[2] == "1")
layers = keras.layers
rng = np.random.default_rng(0)
x, y = rng.normal(size=(136, 6, 6, 2)).astype("float32"), rng.integers(0, 3, 136)
keras.utils.set_random_seed(3)
inputs = keras.Input((6, 6, 2))
a = layers.BatchNormalization()(layers.Conv2D(4, 3, activation="gelu")(inputs))
a = layers.Flatten()(layers.MaxPooling2D(2)(a))
b = layers.LayerNormalization()(layers.Reshape((6, 12))(inputs))
b = layers.Dropout(0.2)(layers.LSTM(5)(layers.MultiHeadAttention(2, 3, use_bias=False)(b, b)))
outputs = layers.Dense(3, activation="softmax")(layers.Concatenate()([a, b]))
model = keras.Model(inputs, outputs)
model.compile(keras.optimizers.AdamW(0.01, clipnorm=1.0), "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x, y, batch_size=8, epochs=2, verbose=0)
numbers = [*model.get_weights(), history.history["loss"], model.predict(x, verbose=0)]
np.savez(sys.argv[1], *numbers)
"""


def trained(engine, switch, folder):
    path = folder / f"{switch}.npz"
    environment = {**os.environ, "KERASFRONT_BACKEND": engine, "KERASFRONT_OVERRIDES": switch}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(ROOT / "backends"), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(path), switch], env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    with np.load(path) as found:
        return [found[name] for name in found.files]


def test_a_training_without_overrides_gives_the_same_numbers(engine, tmp_path):
    ours, plain = trained(engine, "1", tmp_path), trained(engine, "0", tmp_path)
    assert len(ours) == len(plain)
    for one, other in zip(ours, plain, strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-3, atol=2e-4)

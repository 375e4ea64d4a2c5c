"""Steps on batches that come one by one: recorded, where the engine runs plain Python, they give what others give."""

import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest

import kerasfront as kf
from kerasfront.backend import dispatch
from kerasfront.training import windows
from kerasfront.training.data import arrays

BATCH, STEPS = 8, 40
rng = np.random.default_rng(0)
X, Y = rng.normal(size=(BATCH * STEPS + 3, 6)).astype("float32"), rng.integers(0, 3, BATCH * STEPS + 3)
WATCH = kf.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: logs["loss"])


def recorded(engine, steps):
    """So many where steps are recorded, none elsewhere."""
    return steps if engine == "torch" and dispatch.OVERRIDES_ON else 0


def made(train_step=None):
    kf.utils.set_random_seed(3)
    layers = [kf.layers.Dense(16, activation="relu", name="hidden"), kf.layers.Dropout(0.3)]
    kind = type("Model", (kf.Sequential,), {"train_step": train_step} if train_step else {})
    model = kind([kf.Input((6,)), *layers, kf.layers.Dense(3, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def batches(x=X, y=Y):
    for start in range(0, len(x), BATCH):
        yield x[start : start + BATCH], y[start : start + BATCH]


def reused():
    """Batches in one buffer, which is filled again for each."""
    x, y = np.empty((BATCH, 6), "float32"), np.empty(BATCH, "int64")
    for start in range(0, STEPS * BATCH, BATCH):
        x[:], y[:] = X[start : start + BATCH], Y[start : start + BATCH]
        yield x, y


class Numbered(kf.utils.PyDataset):
    def __len__(self):
        return STEPS

    def __getitem__(self, index):
        return X[index * BATCH :][:BATCH], Y[index * BATCH :][:BATCH]


def in_file(tmp_path):
    # Of a type that no engine takes as it lies.
    mapped = np.memmap(tmp_path / "x", "float64", "w+", shape=X.shape)
    mapped[:] = X
    return mapped


# A generator of unknown length has to show for 30 steps that it is worth it. One more step makes sure that it does the
# same each time, two where it makes the optimizer's state; and a partial batch runs by itself.
@pytest.mark.parametrize(("data", "repeats"), [(batches, 9), (reused, 9), (Numbered, 38)], ids=["41", "40", "numbered"])
def test_streams_agree_with_single_steps(engine, repeated_steps, data, repeats):
    ours, theirs = made(), made()
    history = ours.fit(data(), shuffle=False, verbose=0)
    found = sum(repeated_steps)
    singly = theirs.fit(data(), shuffle=False, verbose=0, callbacks=[WATCH])
    assert sum(repeated_steps) == found
    assert found == recorded(engine, repeats)
    for one, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-7)
    for name, values in singly.history.items():
        assert history.history[name] == pytest.approx(values, rel=1e-5)
    evaluated = [ours.evaluate(data(), verbose=0), ours.evaluate(data(), verbose=0, callbacks=[WATCH])]
    np.testing.assert_allclose(*evaluated, rtol=1e-5)


def test_files_of_large_samples_and_whole_data_in_one_batch_are_replayed(engine, repeated_steps, tmp_path, monkeypatch):
    monkeypatch.setattr(arrays, "_SMALL_FILE", 0)
    monkeypatch.setattr(windows, "_LARGEST_WINDOW", 0)
    made().fit(in_file(tmp_path), Y, batch_size=BATCH, epochs=2, verbose=0)
    assert recorded(engine, 2 * STEPS - 3) <= sum(repeated_steps) <= recorded(engine, 2 * STEPS)
    repeated_steps.clear()
    made().fit(X[:20], Y[:20], batch_size=20, epochs=35, verbose=0)
    assert recorded(engine, 32) <= sum(repeated_steps) <= recorded(engine, 35)


def test_other_shapes_among_the_batches_run_by_themselves(engine, repeated_steps):
    def growing():
        for step in range(60):
            length = 3 if step % 5 else 4
            yield np.full((4, length, 2), step / 60, "float32"), np.full((4, 1), step / 60, "float32")

    def regression():
        kf.utils.set_random_seed(3)
        model = kf.Sequential([kf.Input((None, 2)), kf.layers.GlobalAveragePooling1D(), kf.layers.Dense(1)])
        model.compile("adam", "mean_squared_error")
        return model

    ours, theirs = regression(), regression()
    ours.fit(growing(), verbose=0)
    assert recorded(engine, 5) <= sum(repeated_steps) <= recorded(engine, 30)
    theirs.fit(growing(), verbose=0, callbacks=[WATCH])
    for one, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-7)


def test_what_a_callback_changes_between_epochs_is_seen(engine):
    class Freeze(kf.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 1:
                self.model.get_layer("hidden").trainable = False
                self.model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
                self.kept = self.model.get_layer("hidden").get_weights()

    model, freeze = made(), Freeze()
    model.fit(Numbered(), epochs=4, verbose=0, callbacks=[freeze])
    hidden = model.get_layer("hidden").get_weights()
    assert all(np.array_equal(one, other) for one, other in zip(hidden, freeze.kept, strict=True))


def test_a_step_that_does_more_is_run_each_time(engine, repeated_steps):
    if kf.backend.active().compiles:
        pytest.skip("traced once, by design")
    seen = []

    def train_step(self, data):
        seen.append(len(data[0]))
        return kf.Sequential.train_step(self, data)

    made(train_step).fit(Numbered(), verbose=0)
    assert len(seen) == STEPS and sum(repeated_steps) == 0


def test_an_error_in_a_generator_keeps_the_steps_before(engine):
    def broken():
        yield from list(batches())[: STEPS - 2]
        raise OSError("disk gone")

    model = made()
    with pytest.raises(OSError, match="disk gone"):
        model.fit(broken(), verbose=0)
    assert int(model.optimizer.iterations) == STEPS - 2


def test_recording_does_not_import_the_compiler():
    pytest.importorskip("torch")
    program = """
    import sys
    import numpy as np
    import kerasfront as kf
    model = kf.Sequential([kf.Input((4,)), kf.layers.Dense(1)])
    model.compile("adam", "mean_squared_error")
    model.fit(np.ones((200, 4), "float32"), np.ones((200, 1), "float32"), batch_size=2, verbose=0)
    sys.exit("torch._dynamo" in sys.modules)
    """
    environment = {**os.environ, "KERASFRONT_BACKEND": "torch"}
    ran = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], env=environment, capture_output=True)
    assert ran.returncode == 0, ran.stderr.decode()[-1000:]

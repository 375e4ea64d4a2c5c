"""The list of callbacks calls whom it must, and fetches logs only for those who read them."""

import copy
import json
import pickle

import numpy as np
import pytest

from kerasfront import callbacks
from kerasfront.callbacks import Callback, CallbackList, LazyLogs

HOOKS = {
    "on_train_begin": (),
    "on_train_end": (),
    "on_epoch_begin": (0,),
    "on_epoch_end": (0,),
    "on_train_batch_begin": (0,),
    "on_train_batch_end": (0,),
    "on_test_begin": (),
    "on_test_end": (),
    "on_test_batch_begin": (0,),
    "on_test_batch_end": (0,),
    "on_predict_begin": (),
    "on_predict_end": (),
    "on_predict_batch_begin": (0,),
    "on_predict_batch_end": (0,),
}


def overriding(hook, base=Callback):
    def method(self, *args):
        self.calls = [*getattr(self, "calls", []), args]

    return type("Overriding", (base,), {hook: method})()


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_is_called_with_its_arguments(hook):
    callback = overriding(hook)
    getattr(CallbackList([callback]), hook)(*HOOKS[hook], {"loss": 1.0})
    assert callback.calls == [(*HOOKS[hook], {"loss": 1.0})]


@pytest.mark.parametrize("hook", HOOKS)
def test_missing_logs_are_an_empty_dict(hook):
    callback = overriding(hook)
    getattr(CallbackList([callback]), hook)(*HOOKS[hook])
    assert callback.calls == [(*HOOKS[hook], {})]


@pytest.mark.parametrize("moment", ["begin", "end"])
def test_the_older_names_of_batch_hooks_work(moment):
    callback = overriding(f"on_batch_{moment}")
    listed = CallbackList([callback])
    getattr(listed, f"on_train_batch_{moment}")(4)
    assert callback.calls == [(4, {})]
    assert listed.watches_batches("train")


def test_hooks_of_an_instance_count():
    seen = []
    listed = CallbackList([callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(batch))])
    assert listed.watches_batches("train") and not listed.watches_batches("test")
    listed.on_train_batch_end(2, {})
    assert seen == [2]


def test_a_subclass_need_not_call_our_init():
    class Plain(Callback):
        def __init__(self):
            pass

    callback = Plain()
    CallbackList([callback], model="model", epochs=3)
    assert (callback.model, callback.params) == ("model", {"epochs": 3})


@pytest.mark.parametrize("phase", ["train", "test", "predict"])
@pytest.mark.parametrize("moment", ["begin", "end"])
def test_who_watches_batches(phase, moment):
    listed = CallbackList([Callback(), overriding(f"on_{phase}_batch_{moment}")], add_history=True)
    for other in ("train", "test", "predict"):
        assert listed.watches_batches(other) is (other == phase)
        assert listed.needs_batch_logs(other) is (other == phase and moment == "end")


def test_the_progress_bar_takes_logs_but_allows_grouped_batches():
    listed = CallbackList(add_progbar=True, verbose=1)
    for phase in ("train", "test", "predict"):
        assert listed.needs_batch_logs(phase) and not listed.watches_batches(phase)


def test_a_list_in_a_list_is_heard():
    inner = overriding("on_train_batch_end")
    listed = CallbackList([CallbackList([inner])])
    assert listed.watches_batches("train")
    listed.on_train_batch_end(1, {"loss": 0.5})
    assert inner.calls == [(1, {"loss": 0.5})]


def test_defaults_are_added_after_users_and_only_once():
    history, mine = callbacks.History(), Callback()
    listed = CallbackList([[mine], history], add_history=True, add_progbar=True)
    assert [type(callback) for callback in listed.callbacks] == [Callback, callbacks.History, callbacks.ProgbarLogger]
    assert listed.history is history


def test_callbacks_see_what_others_put_into_the_logs():
    class Adds(Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["rate"] = 0.5

    listed = CallbackList([Adds()], add_history=True)
    listed.on_epoch_end(0, lambda: {"loss": np.float32(2.0)})
    assert listed.history.history == {"loss": [2.0], "rate": [0.5]}


@pytest.mark.parametrize(
    ("wrong", "message"), [(Callback, r"Write Callback\(\)"), (3, "Expected instances of Callback; got int")]
)
def test_what_is_no_callback_is_refused(wrong, message):
    with pytest.raises(TypeError, match=message):
        CallbackList([wrong])


# -- logs --------------------------------------------------------------------------------------------


class Scalar:
    """A number on a device; counts how often it is fetched."""

    dtype, shape, fetched = np.dtype("float32"), (), 0


@pytest.fixture
def device(monkeypatch):
    from kerasfront import ops

    def fetch(value):
        value.fetched += 1
        return np.asarray(np.float32(0.5))

    monkeypatch.setattr(ops, "convert_to_numpy", fetch)
    return Scalar()


def test_nothing_is_fetched_for_hooks_that_do_not_read(device):
    callback = overriding("on_train_batch_end")
    CallbackList([callback], add_history=True).on_train_batch_end(0, {"loss": device})
    assert device.fetched == 0
    assert callback.calls[0][1]["loss"] == 0.5
    assert callback.calls[0][1].get("loss") == 0.5
    assert device.fetched == 1


def test_values_are_python_floats(device):
    logs = LazyLogs({"loss": device, "mae": np.float32(0.25), "seen": 3, "wide": np.ones(2, "float32")})
    assert [type(value) for value in logs.values()] == [float, float, int, np.ndarray]


def test_asking_whether_there_are_logs_fetches_nothing(device):
    logs = LazyLogs({"loss": device})
    assert (logs or {}) is logs
    assert bool(LazyLogs(dict)) and not LazyLogs({})
    assert device.fetched == 0


READS = {
    "dict": dict,
    "unpacking": lambda logs: {**logs},
    "items": lambda logs: dict(logs.items()),
    "iteration": lambda logs: {name: logs[name] for name in logs},
    "update": lambda logs: (into := {}, into.update(logs))[0],
    "copy": lambda logs: logs.copy(),
    "copy.copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda logs: pickle.loads(pickle.dumps(logs)),
    "json": lambda logs: json.loads(json.dumps(logs)),
    "union": lambda logs: logs | {},
    "reversed union": lambda logs: {} | logs,
    "repr": lambda logs: eval(repr(logs)),
    "pop": lambda logs: {"loss": logs.pop("loss")},
    "keywords": lambda logs: (lambda **kwargs: kwargs)(**logs),
}


@pytest.mark.parametrize("way", READS)
def test_every_way_to_read_shows_the_values(way):
    assert READS[way](LazyLogs(lambda: {"loss": 0.5})) == {"loss": 0.5}


@pytest.mark.parametrize(
    "change",
    [
        lambda logs: logs.update(rate=1.0),
        lambda logs: logs.__setitem__("rate", 1.0),
        lambda logs: logs.__ior__({"rate": 1.0}),
    ],
)
def test_what_is_written_stays(change):
    logs = LazyLogs(lambda: {"loss": 0.5})
    change(logs)
    assert logs == {"loss": 0.5, "rate": 1.0} and len(logs) == 2 and "rate" in logs


def test_logs_that_failed_to_come_can_be_asked_again():
    answers = iter([RuntimeError("device lost"), {"loss": 1.0}])

    def read():
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    logs = LazyLogs(read)
    with pytest.raises(RuntimeError, match="device lost"):
        logs["loss"]
    assert logs["loss"] == 1.0

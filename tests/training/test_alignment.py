"""What users say about outputs, in lists and dicts, is brought into the order of the outputs."""

import pytest

from kerasfront.training import alignment

MISSING = alignment.MISSING


def is_leaf(item):
    return item is None or isinstance(item, (str, float))


NAMES = [
    ("t", None, ["output"]),
    ("t", ["dense"], ["dense"]),
    (["t", "u"], None, ["output_0", "output_1"]),
    (["t", "u"], ["a", "b"], ["a", "b"]),
    (["t", "u"], ["a", "a"], ["a", "a_1"]),
    ({"p": "t", "q": "u"}, ["a", "b"], ["p", "q"]),
    ({"u": ["t", "t"], "v": "t"}, ["a", "b", "c"], ["u/a", "u/b", "v"]),
]


@pytest.mark.parametrize("outputs, layers, expected", NAMES)
def test_outputs_are_named_by_keys_and_layers(outputs, layers, expected):
    assert alignment.output_names(outputs, layers) == expected


PAIR, KEYED, DEEP = ["t", "u"], {"p": "t", "q": "u"}, [["t"], "u"]
ALIGNED = [
    ("mse", "t", ["a"], {}, ["mse"]),
    (["mse"], "t", ["a"], {}, ["mse"]),
    ({"a": "mse"}, "t", ["a"], {}, ["mse"]),
    ("mse", PAIR, ["a", "b"], {"spread": True}, ["mse", "mse"]),
    (["mse", None], PAIR, ["a", "b"], {}, ["mse", None]),
    ({"b": "x", "a": "y"}, PAIR, ["a", "b"], {}, ["y", "x"]),
    ({"b": "x"}, PAIR, ["a", "b"], {"partial": True}, [MISSING, "x"]),
    (["x", "y"], KEYED, ["p", "q"], {}, ["x", "y"]),
    ({"q": "x", "p": "y"}, KEYED, ["p", "q"], {}, ["y", "x"]),
    ([["x"], "y"], DEEP, ["a", "b"], {}, ["x", "y"]),
    (["x", "y"], DEEP, ["a", "b"], {}, ["x", "y"]),
    ({"u": ["x", "y"], "v": "z"}, {"u": ["t", "t"], "v": "t"}, ["u/a", "u/b", "v"], {}, ["x", "y", "z"]),
    ({"v": "z"}, {"u": ["t", "t"], "v": "t"}, ["u/a", "u/b", "v"], {"partial": True}, [MISSING, MISSING, "z"]),
]


@pytest.mark.parametrize("value, outputs, names, options, expected", ALIGNED)
def test_items_land_at_their_outputs(value, outputs, names, options, expected):
    assert alignment.align("loss", value, outputs, names, is_leaf, **options) == expected


REFUSED = [
    ("mse", PAIR, ["a", "b"], {}, "one item came for 2 outputs"),
    (["mse"], PAIR, ["a", "b"], {"spread": True}, "1 item came for 2 outputs"),
    (["x", "y", "z"], PAIR, ["a", "b"], {}, "3 items came for 2 outputs"),
    ({"a": "x"}, PAIR, ["a", "b"], {}, "nothing is said about output 'b'"),
    ({"alpha": "x", "bta": "y"}, PAIR, ["alpha", "beta"], {}, "Did you mean 'beta'"),
    (["x", "y"], "t", ["a"], {}, "2 items came for 1 output"),
]


@pytest.mark.parametrize("value, outputs, names, options, message", REFUSED)
def test_what_does_not_fit_is_named(value, outputs, names, options, message):
    with pytest.raises(ValueError, match=message) as caught:
        alignment.align("m.compile: `loss`", value, outputs, names, is_leaf, **options)
    assert str(caught.value).startswith("m.compile: `loss`: ")
    assert "Expected" in str(caught.value)

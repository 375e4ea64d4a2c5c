"""Taking batches apart and putting them together, as Keras does."""

import pytest

from kerasfront import utils

BATCHES = [1, (1,), (1, 2), (1, 2, 3), [1, 2], {"a": 1}]


@pytest.mark.parametrize("batch", BATCHES, ids=str)
def test_batches_are_taken_apart_as_by_the_oracle(batch):
    import keras

    assert utils.unpack_x_y_sample_weight(batch) == keras.utils.unpack_x_y_sample_weight(batch)


@pytest.mark.parametrize("parts", [(1,), (1, 2), (1, None, 3), (1, 2, 3), ((1, 2),), ([1, 2],), ({"a": 1},)], ids=str)
def test_batches_are_put_together_so_that_they_come_apart_again(parts):
    packed = utils.pack_x_y_sample_weight(*parts)
    assert utils.unpack_x_y_sample_weight(packed) == (*parts, None, None)[:3]


@pytest.mark.parametrize("batch", [(1, 2, 3, 4), ()], ids=str)
def test_other_lengths_are_refused(batch):
    with pytest.raises(ValueError, match=f"a batch has {len(batch)} parts"):
        utils.unpack_x_y_sample_weight(batch)

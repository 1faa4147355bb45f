"""Columns of text and numbers."""

import numpy as np
import pytest

from simulation.columns import Labels, floats, labels, places, stack


def test_labels_of_two_columns_are_merged_by_name():
    left = Labels(np.array([0, 1], dtype=np.int16), ("a", "b"))
    right = Labels(np.array([0, 1], dtype=np.int16), ("b", "c"))
    merged = left.where(np.array([True, False]), right)
    assert [merged.levels[code] for code in merged.codes] == ["a", "c"]


def test_a_missing_label_stays_missing_when_merged():
    missing = Labels.constant("a", 1).missing_where(np.array([True]))
    assert Labels.constant("b", 1).where(np.array([False]), missing).codes.tolist() == [-1]


def test_places_count_from_zero_within_each_group():
    group, place = places(np.array([2, 0, 3]))
    assert group.tolist() == [0, 0, 2, 2, 2]
    assert place.tolist() == [0, 1, 0, 1, 2]


def test_columns_of_different_levels_are_not_stacked():
    with pytest.raises(ValueError, match="expected the same"):
        stack({"x": Labels.constant("a", 1)}, {"x": Labels.constant("b", 1)})


def test_text_is_no_number_and_numbers_are_no_text():
    with pytest.raises(TypeError, match="expected numbers"):
        floats(Labels.constant("a", 1))
    with pytest.raises(TypeError, match="expected text"):
        labels(np.zeros(1))

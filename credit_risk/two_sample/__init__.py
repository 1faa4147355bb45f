"""Tests that tell two samples apart, for all features of a window at once: values in, p-values and sizes out."""

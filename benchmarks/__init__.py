"""Benchmarks: our side and a peer or a limit, in the same run, as a ratio.

Add one when speed is promised; figures and how to read them are in README.md. Keep out: assertions
on time, which a shared machine breaks.
"""

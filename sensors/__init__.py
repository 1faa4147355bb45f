"""Sensors: read state, ask a policy of the core, request a run. Never compute.

Here: one noun a file, all on by default. The cursor is a storage id, the run key names the
cause, a skip reason has numbers in it. Keep out: policies (`credit_risk`), queries (`resources`).
"""

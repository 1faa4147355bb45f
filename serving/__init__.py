"""The scoring service: an application comes in over HTTP, a decision on record goes out.

Here: the HTTP contract, the live model, and how a decision becomes durable before it is
answered. Keep out: what a model is and how it decides (`credit_risk`), clients of stores
(`resources`), and Dagster, so that the service stays small and starts fast.
"""

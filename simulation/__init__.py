"""The outside world, made up: applicants in the Kaggle format, their histories, traffic and drift.

Add what imitates something that happens outside the lender. Keep out: features, decisions and
anything that the service imports.
"""

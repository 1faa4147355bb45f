"""Tags of runs that people, the demo and the audit read; the command line names the same ones."""

# Why a run exists, in one sentence.
CAUSE_TAG = "credit/cause"
# The causes that a retraining answers, by their keys: how often one failed is counted with it.
CAUSE_KEYS_TAG = "credit/cause_keys"
# The person who asked for a run.
AUTHOR_TAG = "credit/author"

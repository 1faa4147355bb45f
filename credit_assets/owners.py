"""Who answers for an asset. One constant a team; an asset names one or more."""

DATA = "team:credit-data"
MODELS = "team:credit-models"
RISK = "team:credit-risk"

"""The days of production, as partitions."""

import dagster as dg

# A day is a UTC day and exists from its first second (`end_offset`), so that today can be
# watched. 2020: older decisions than a lender would import.
DAILY = dg.DailyPartitionsDefinition(start_date="2020-01-01", timezone="UTC", end_offset=1)

"""The loan system's report of outcomes, made up: orders of `POST /outcomes`.

Here: cutting outcomes into orders, sending them, adding up the answers. Keep out: which outcomes
(`outcomes`).
"""

from dataclasses import dataclass, field

import httpx
import pandas as pd

from simulation.posting import posted

# The most that the service takes in one order.
MOST_AT_ONCE = 10_000
TIMEOUT_S = 60.0


@dataclass
class Delivered:
    """What the service did with the outcomes; every one is in exactly one of the counts."""

    recorded: int = 0
    repeated: int = 0
    corrected: int = 0
    unknown: list[str] = field(default_factory=list)


def deliver(url: str, outcomes: pd.DataFrame, *, key: str | None = None, at_once: int = MOST_AT_ONCE) -> Delivered:
    """Send outcomes in orders; sending them again changes nothing.

    Args:
        url: of the scoring service.
        outcomes: prediction_id, target and observed_at (with a time zone).
        key: with the role admin; None where the service asks for none.
        at_once: outcomes an order.

    Raises:
        UnavailableError: nothing answers there, or the service refuses an order; says why.
    """
    done = Delivered()
    headers = {} if key is None else {"X-API-Key": key}
    with httpx.Client(base_url=url, timeout=TIMEOUT_S, headers=headers) as client:
        for start in range(0, len(outcomes), at_once):
            order = outcomes.iloc[start : start + at_once]
            answer = posted(client, "/outcomes", json={"outcomes": _items(order)})
            done.recorded += answer["recorded"]
            done.repeated += answer["repeated"]
            done.corrected += answer["corrected"]
            done.unknown += answer["unknown"]
    return done


def _items(order: pd.DataFrame) -> list[dict[str, object]]:
    return [
        {"prediction_id": str(each), "target": int(target), "observed_at": moment.isoformat()}
        for each, target, moment in zip(order["prediction_id"], order["target"], order["observed_at"], strict=True)
    ]

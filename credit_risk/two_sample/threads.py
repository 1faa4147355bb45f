"""Columns by several threads: NumPy sorts and searches without holding the interpreter.

Here: the division of columns among threads. Keep out: when it is worth it (the callers know
their sizes).
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_threads(work: Callable[[Item], Result], items: Sequence[Item], threads: int) -> list[Result]:
    """What the work gives for each item, in their order; the first error of any is raised.

    Args:
        work: called once an item; must not depend on the other items.
        items: columns, say.
        threads: how many share them; with 1 none is started.
    """
    if threads <= 1 or len(items) <= 1:
        return [work(item) for item in items]
    # Every n-th item each: neighbouring columns are alike in cost, and a task a thread is cheaper
    # than one a column.
    shares = [items[first::threads] for first in range(threads)]
    with ThreadPoolExecutor(threads) as pool:
        done = list(pool.map(lambda share: [work(item) for item in share], shares))
    results: list[Result] = [done[place % threads][place // threads] for place in range(len(items))]
    return results

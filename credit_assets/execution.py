"""How the steps of a run are executed: one after another in the run's process, or several side by side.

Here: the executor of all jobs. Keep out: how many (settings), and what a step does.
"""

from typing import Any

import dagster as dg

from resources.settings import load_settings

# What a step's process imports before it is forked: with these there, it starts in a second, not five.
PRELOADED = ["definitions", "ibis", "duckdb", "pandas"]


@dg.executor(name="machine", requirements=[])
def machine_executor(context: dg.InitExecutorContext) -> dg.Executor:
    """In the process of the run, or as many processes as CREDIT_PARALLEL_STEPS says."""
    steps = load_settings().parallel_steps
    if steps == 1:
        return _create(dg.in_process_executor, context, {})
    forkserver = {"forkserver": {"preload_modules": PRELOADED}}
    return _create(dg.multiprocess_executor, context, {"max_concurrent": steps, "start_method": forkserver})


def _create(kind: dg.ExecutorDefinition, context: dg.InitExecutorContext, config: dict[str, Any]) -> dg.Executor:
    create = kind.executor_creation_fn
    if create is None:
        raise TypeError(f"the executor {kind.name} of Dagster creates nothing")
    return create(context._replace(executor_config={"retries": {"enabled": {}}, **config}))

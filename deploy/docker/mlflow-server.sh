#!/bin/sh
# MLflow's server. Its database address comes from a file, because a command line and an environment of the
# container's definition are anybody's to read who may inspect it.
set -eu
if [ -n "${MLFLOW_BACKEND_STORE_URI_FILE:-}" ]; then
    MLFLOW_BACKEND_STORE_URI="$(cat "$MLFLOW_BACKEND_STORE_URI_FILE")"
    export MLFLOW_BACKEND_STORE_URI
fi
exec mlflow server --host 0.0.0.0 --port 5000 --workers "${MLFLOW_WORKERS:-1}" "$@"

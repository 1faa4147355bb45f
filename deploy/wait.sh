#!/usr/bin/env bash
# Waits until every container of deploy/compose.yaml is healthy, or for too long: wait.sh [SECONDS].
set -euo pipefail
cd "$(dirname "$0")"
end=$((SECONDS + ${1:-300}))
while :; do
    # One line a container that has a health check and is not healthy, or that ended with an error.
    waiting="$(docker compose ps --all --format '{{.Service}} {{.State}} {{.Health}} {{.ExitCode}}' |
        awk '$2 == "exited" ? $NF != 0 : ($3 != "healthy" && NF > 3)')"
    [ -n "$waiting" ] || break
    if [ "$SECONDS" -ge "$end" ]; then
        printf 'found, after %s s:\n%s\nexpected: healthy\n' "$SECONDS" "$waiting" >&2
        exit 1
    fi
    sleep 5
done
echo "every container is healthy"

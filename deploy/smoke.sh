#!/usr/bin/env bash
# Asks a service how it is until it answers well, or for too long: smoke.sh URL [SECONDS].
# 503 without a model is well on a machine that has never trained; any other refusal is not.
set -euo pipefail
url="${1:?URL of the service}"
end=$((SECONDS + ${2:-120}))
answer="$(mktemp)"
trap 'rm -f "$answer"' EXIT
while :; do
    status="$(curl --silent --max-time 10 --output "$answer" --write-out '%{http_code}' "$url/health" || true)"
    if [ "$status" = 200 ] || { [ "$status" = 503 ] && grep -q '"database":"up"' "$answer" && grep -q '"model_loaded":false' "$answer"; }; then
        echo "$url/health: $status $(cat "$answer")"
        exit 0
    fi
    if [ "$SECONDS" -ge "$end" ]; then
        echo "$url/health: $status after $SECONDS s; expected 200, or 503 for want of a model: $(head -c 1000 "$answer")" >&2
        exit 1
    fi
    sleep 5
done

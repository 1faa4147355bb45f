#!/usr/bin/env bash
# Brings a published version to where it runs: upgrade.sh helm|render. Called by .github/workflows/deploy.yml, whose
# header names the variables; OWNER is who owns the images at ghcr.io, TAG their version.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${TAG:?}" "${OWNER:?}"
registry="ghcr.io/${OWNER,,}"
work="$(mktemp -d)"
chmod 700 "$work"
trap 'rm -rf "$work"' EXIT

with_helm() {
    export KUBECONFIG="$work/kubeconfig"
    printf '%s' "${KUBE_CONFIG:?}" >"$KUBECONFIG"
    printf '%s' "${MY_VALUES:-}" >"$work/my-values.yaml"
    # PyYAML, in the version of the lock and with its hashes.
    awk '/^[a-z]/ {found = /^pyyaml==/} found' requirements.lock >"$work/pyyaml.lock"
    python3 -m venv "$work/venv"
    "$work/venv/bin/pip" install --quiet --require-hashes --requirement "$work/pyyaml.lock"
    "$work/venv/bin/python" deploy/helm/images.py "$registry" "$TAG" >"$work/images.yaml"
    helm dependency build deploy/helm/credit
    # Not --install: the first time somebody makes the secrets and trains a model (docs/operations/cluster.md).
    # --atomic: back to the version before when the new one does not become ready.
    helm upgrade credit deploy/helm/credit --namespace credit --atomic --timeout 20m \
        --values "deploy/helm/credit/${VALUES:?}" --values "$work/my-values.yaml" --values "$work/images.yaml"
}

with_render() {
    # Without an address the image would prepare a database of its own, and say that all is well.
    : "${DATABASE_URL:?}" "${RENDER_DEPLOY_HOOK:?}"
    # MLflow writes down once, with its tables, where its files go: a folder of this container would stand there for ever.
    case "${CREDIT_LAKE:?}" in
    *://*) ;;
    *) echo "error: found CREDIT_LAKE=$CREDIT_LAKE; expected s3:// or gs://, as the service has it; set the variable" >&2 && exit 1 ;;
    esac
    # The tables first: an older service works with newer ones, a newer service not with older.
    docker run --rm --env DATABASE_URL --env CREDIT_LAKE --env CREDIT_HOME=/tmp/home \
        "$registry/credit-dagster:$TAG" credit db prepare
    curl --fail --silent --show-error --output /dev/null --request POST \
        "$RENDER_DEPLOY_HOOK&imgURL=$registry/credit-service%3A$TAG"
}

"with_${1:?helm or render}"

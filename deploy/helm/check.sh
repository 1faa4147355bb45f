#!/usr/bin/env bash
# Lints and renders the chart with every file of values, and holds what comes out against the schemas of
# Kubernetes. Installs its tools into .tools/. `--with-sub-charts`: fails where they cannot be fetched.
set -euo pipefail
cd "$(dirname "$0")/../.."

HELM_VERSION=v3.19.0
KUBECONFORM_VERSION=v0.7.0
# The version whose schemas are made.
KUBERNETES_VERSION="$(sed -n 's/^KUBERNETES = ".*@v\(.*\)"$/\1/p' deploy/helm/schemas.py)"

tools="$PWD/.tools"
schemas="$tools/kubernetes-schemas"
python="${PYTHON:-.venv/bin/python}"
go="$(command -v go || echo /usr/local/go/bin/go)"

install() {  # command, Go package, version: a folder a version, so that a new one is installed
  local folder="$tools/$1-$3"
  PATH="$folder:$PATH"
  [ -x "$folder/$1" ] && return
  echo "installing $1 $3 into .tools/ (minutes, the first time)"
  GOBIN="$folder" "$go" install "$2@$3"
}
install helm helm.sh/helm/v3/cmd/helm "$HELM_VERSION"
install kubeconform github.com/yannh/kubeconform/cmd/kubeconform "$KUBECONFORM_VERSION"
# Made anew whenever their maker changes: its versions and its rules stand in it.
made="$schemas/.made-$(sha256sum deploy/helm/schemas.py | cut -c 1-16)"
if [ ! -f "$made" ]; then
  rm -rf "$schemas"
  "$python" deploy/helm/schemas.py "$schemas" "$go"
  touch "$made"
fi

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cp -r deploy/helm/credit "$work/credit"
if timeout 120 helm dependency build "$work/credit" >"$work/dependencies.log" 2>&1; then
  echo "sub-charts: fetched, rendered too"
  unknown=(-ignore-missing-schemas)
else
  grep -h -A1 "Unable to get" "$work/dependencies.log" | grep -v "^--" || cat "$work/dependencies.log"
  [ "${1:-}" != --with-sub-charts ] || { echo "error: the sub-charts could not be fetched"; exit 1; }
  echo "NOT CHECKED: the sub-charts (Dagster, monitoring, Fluentd) could not be fetched; the chart is rendered without them"
  rm -rf "$work/credit/charts" "$work/credit/Chart.lock"
  "$python" -c 'import sys, yaml, pathlib
file = pathlib.Path(sys.argv[1]); chart = yaml.safe_load(file.read_text()); del chart["dependencies"]
file.write_text(yaml.safe_dump(chart))' "$work/credit/Chart.yaml"
  unknown=()
fi

failed=0
"$python" deploy/helm/sync.py --check || failed=1

check() {  # name, arguments of helm
  local name="$1"; shift
  printf '%-32s ' "$name"
  helm lint --strict --quiet --kube-version "$KUBERNETES_VERSION" "$work/credit" "$@" &&
    helm template credit "$work/credit" --namespace credit --kube-version "$KUBERNETES_VERSION" "$@" >"$work/$name.yaml" &&
    kubeconform -strict -summary "${unknown[@]}" -kubernetes-version "$KUBERNETES_VERSION" \
      -schema-location "$schemas/{{.ResourceKind}}{{.KindSuffix}}.json" "$work/$name.yaml" || failed=1
}

values=deploy/helm/credit/values
"$python" deploy/helm/images.py registry.example.com/risk 0.1.0 >"$work/images.yaml"
own=(-f deploy/helm/check-values.yaml -f "$work/images.yaml")
check default "${own[@]}"
for size in small staging production; do
  check "$size" -f "$values-$size.yaml" "${own[@]}"
  check "$size-external" -f "$values-$size.yaml" -f "$values-external-database.yaml" \
    -f "$values-external-monitoring.yaml" "${own[@]}"
done
check external-database -f "$values-external-database.yaml" "${own[@]}"
check external-monitoring -f "$values-external-monitoring.yaml" "${own[@]}"

# What the manifests say to each other: rights, secrets, networks, probes, and what the chart refuses.
CREDIT_CHART="$work/credit" CREDIT_IMAGES="$work/images.yaml" CREDIT_HELM="$(command -v helm)" \
  CREDIT_KUBERNETES="$KUBERNETES_VERSION" "$python" -m pytest -q -p no:cacheprovider deploy/helm/tests || failed=1
if command -v promtool >/dev/null; then
  promtool test rules deploy/helm/tests/cluster_rules.yml || failed=1
else
  echo "error: no promtool; expected Debian's package prometheus; install it" >&2
  failed=1
fi
exit "$failed"

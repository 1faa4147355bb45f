"""JSON schemas of Kubernetes objects for kubeconform, made from published API descriptions.

Here: fetching the descriptions as Go modules (Kubernetes' own OpenAPI file, the custom resources of the
Prometheus operator) and writing one strict schema a kind. Keep out: what is checked with them (`check.sh`).

    python deploy/helm/schemas.py .tools/kubernetes-schemas
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]  # PyYAML publishes no types

# The newest release whose description the Kubernetes module carries and the chart is meant for.
KUBERNETES = "k8s.io/kubernetes@v1.34.1"
# The operator of the monitoring sub-chart; what we write has been in its API for years.
OPERATOR = "github.com/prometheus-operator/prometheus-operator@v0.85.0"
OPERATOR_KINDS = ("servicemonitors", "prometheusrules")

Schema = dict[str, Any]


def fetch(module: str, go: str) -> Path:
    """The folder of a Go module, downloaded if need be."""
    found = subprocess.run(  # noqa: S603  # go, with one of the two names above
        [go, "mod", "download", "-json", module], capture_output=True, text=True, check=False
    )
    if found.returncode:
        sys.exit(f"error: {module} could not be fetched ({found.stdout.strip()} {found.stderr.strip()})")
    return Path(json.loads(found.stdout)["Dir"])


def strict(schema: Any) -> Any:  # noqa: ANN401  # any part of a schema
    """The same schema, refusing members that it does not name."""
    if isinstance(schema, list):
        return [strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("x-kubernetes-int-or-string") or schema.get("format") == "int-or-string":
        return {"oneOf": [{"type": "string"}, {"type": "integer"}]}
    kept = {
        name: {member: strict(part) for member, part in value.items()} if name == "properties" else strict(value)
        for name, value in schema.items()
        # Words about the format of numbers and defaults are no constraints; patterns of Go may be none of ours.
        if name not in {"format", "default", "description", "example"} and not name.startswith("x-kubernetes")
    }
    if "properties" in kept and not schema.get("x-kubernetes-preserve-unknown-fields"):
        kept.setdefault("additionalProperties", False)
    return kept


def reachable(definitions: Schema, root: str) -> Schema:
    """The definitions that one of them needs."""
    needed: Schema = {}
    waiting = [root]
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed[name] = definitions[name]
            text = json.dumps(definitions[name])
            waiting += [part.split('"', 1)[0] for part in text.split('"#/definitions/')[1:]]
    return needed


def kubernetes_schemas(folder: Path) -> dict[str, Schema]:
    """By kubeconform's name of a file: the built-in kinds."""
    description = json.loads((folder / "api/openapi-spec/swagger.json").read_text())
    definitions = {name: strict(schema) for name, schema in description["definitions"].items()}
    # A quantity may be written as a number.
    definitions["io.k8s.apimachinery.pkg.api.resource.Quantity"] = {"type": ["string", "number"]}
    found = {}
    for name, schema in description["definitions"].items():
        for kind in schema.get("x-kubernetes-group-version-kind", []):
            if len(schema["x-kubernetes-group-version-kind"]) == 1 and "metadata" in schema.get("properties", {}):
                needed = reachable(definitions, name)
                found[_file(kind)] = {"$ref": f"#/definitions/{name}", "definitions": needed}
    return found


def operator_schemas(folder: Path) -> dict[str, Schema]:
    """The same for the custom resources that the chart makes."""
    found = {}
    for plural in OPERATOR_KINDS:
        file = folder / f"example/prometheus-operator-crd/monitoring.coreos.com_{plural}.yaml"
        resource = yaml.load(file.read_text(), Loader=yaml.CSafeLoader)["spec"]
        for version in resource["versions"]:
            schema = strict(version["schema"]["openAPIV3Schema"])
            schema["properties"]["metadata"] = {"type": "object"}
            kind = {"group": resource["group"], "version": version["name"], "kind": resource["names"]["kind"]}
            found[_file(kind)] = schema
    return found


def _file(kind: dict[str, str]) -> str:
    group = kind["group"].split(".")[0]
    return "-".join(part for part in (kind["kind"].lower(), group, kind["version"]) if part) + ".json"


def main(out: Path, go: str) -> None:
    """Write all schemas into a folder."""
    schemas = kubernetes_schemas(fetch(KUBERNETES, go)) | operator_schemas(fetch(OPERATOR, go))
    out.mkdir(parents=True, exist_ok=True)
    for name, schema in schemas.items():
        (out / name).write_text(json.dumps(schema))
    print(f"{len(schemas)} schemas in {out}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "go")  # noqa: PLR2004  # folder, and which go

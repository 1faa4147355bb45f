"""What the chart says to Dagster's run launcher, and what that makes of it. Slow to import: not in `make test`."""

from pathlib import Path

import yaml

HELM = Path(__file__).resolve().parent.parent


def test_the_launchers_section_is_what_dagster_takes():
    # Written as Dagster's chart writes it; its own template is not here to be run.
    from dagster_k8s.container_context import K8sContainerContext

    values = yaml.safe_load((HELM / "credit" / "values.yaml").read_text())
    launcher = values["dagster"]["runLauncher"]["config"]["k8sRunLauncher"]
    context = K8sContainerContext.create_from_config(
        {
            "k8s": {
                "env_config_maps": [one["name"] for one in launcher["envConfigMaps"]],
                "volumes": launcher["volumes"],
                "volume_mounts": launcher["volumeMounts"],
                "resources": launcher["resources"],
                "security_context": launcher["securityContext"],
                "run_k8s_config": {
                    "container_config": launcher["runK8sConfig"]["containerConfig"],
                    "pod_spec_config": launcher["runK8sConfig"]["podSpecConfig"],
                    "job_spec_config": launcher["runK8sConfig"]["jobSpecConfig"],
                },
            }
        }
    )
    container = context.run_k8s_config.container_config
    assert container["security_context"]["read_only_root_filesystem"]
    assert {one["name"] for one in container["env"]} >= {"DATABASE_URL"}
    assert context.run_k8s_config.pod_spec_config["security_context"]["run_as_non_root"]


def test_pods_of_runs_carry_the_label_that_the_policies_name():
    from dagster_k8s.job import get_common_labels

    assert get_common_labels()["app.kubernetes.io/name"] == "dagster"

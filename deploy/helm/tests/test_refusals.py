"""What the chart refuses, and that it says everything at once."""


def test_a_chart_without_any_value_of_ones_own_says_all_that_is_missing(helm):
    found = helm()
    assert found.returncode != 0
    for name in (
        "ingress.serviceHost",
        "ingress.pagesHost",
        "ingress.className",
        "signIn.issuerUrl",
        "signIn.emailDomains",
    ):
        assert f"found no {name}" in found.stderr


def test_a_grace_period_shorter_than_the_drain_is_refused(helm, own):
    found = helm(*own, "--set", "service.terminationGracePeriodSeconds=20")
    assert "found service.terminationGracePeriodSeconds=20; expected at least 35" in found.stderr


def test_an_image_that_dagster_does_not_share_is_refused(helm, own):
    found = helm(*own, "--set", "image.tag=1.2.3")
    assert "found dagster.dagsterWebserver.image registry.example.com/risk/credit-dagster:0.1.0" in found.stderr
    assert "expected registry.example.com/risk/credit-dagster:1.2.3" in found.stderr


def test_pages_without_sign_in_are_refused(helm, own):
    found = helm(*own, "--set", "signIn.enabled=false")
    assert "found signIn.enabled=false with an Ingress" in found.stderr


def test_a_database_in_an_unnamed_network_is_refused(helm, own):
    found = helm(*own, "--set", "database.bundled=false")
    assert "found no database.cidrs" in found.stderr


def test_a_lake_that_ends_with_its_pod_is_refused(helm, own):
    found = helm(*own, "--set", "lake.claim.enabled=false")
    assert "found lake.uri=/data/lake and no claim" in found.stderr


def test_a_misspelt_value_is_refused(helm, own):
    found = helm(*own, "--set", "service.replica=3")
    assert "additional properties 'replica' not allowed" in found.stderr


def test_a_code_location_of_which_only_the_image_is_left_is_refused(helm, own):
    # What `--set` with an index does to a list of the chart's own values.
    values, others = own[:2], "dagster.dagster-user-deployments.deployments[0].image.tag=1.2.3"
    assert "found a code location without name and port" in helm(*values, "--set", others).stderr

"""The pytest plugin, in test suites of its users'."""

import subprocess
import sys

import pytest


def test_each_test_gets_a_local_api_of_its_own(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NGROK_API_KEY", "the-real-one")
    monkeypatch.delenv("NGROK_API_BASE_URL", raising=False)
    pytester.makepyfile(
        """
        import os
        import pytest
        import requests

        PATH = "/backends/tunnel_group"

        def post(key):
            headers = {"Authorization": f"Bearer {key}", "Ngrok-Version": "2"}
            return requests.post(os.environ["NGROK_API_BASE_URL"] + PATH, json={}, headers=headers).status_code

        @pytest.mark.parametrize("again", [1, 2])
        def test_with(ngrok_emulator, again):
            assert os.environ["NGROK_API_BASE_URL"] == ngrok_emulator.url
            assert os.environ["NGROK_API_KEY"] == ngrok_emulator.api_key
            ngrok_emulator.fault(method="POST", status=503)
            assert [post(os.environ["NGROK_API_KEY"]), post(os.environ["NGROK_API_KEY"])] == [503, 201]
            assert len(ngrok_emulator.account(ngrok_emulator.api_key).backends) == 1
            assert post("the-real-one") == 401

        def test_that_changes_the_key(monkeypatch, ngrok_emulator):
            monkeypatch.setenv("NGROK_API_KEY", "another")
            monkeypatch.delenv("NGROK_API_BASE_URL")

        @pytest.fixture
        def project(monkeypatch):
            monkeypatch.setenv("NGROK_API_BASE_URL", "https://staging.example")
            monkeypatch.setenv("STATE", "of the test")
            yield
            assert os.environ["STATE"] == "of the test"

        def test_with_what_another_fixture_has_set(project, ngrok_emulator, monkeypatch):
            assert os.environ["NGROK_API_BASE_URL"] == ngrok_emulator.url
            monkeypatch.setenv("NGROK_API_KEY", "another")

        def test_that_they_are_as_they_were():
            assert os.environ["NGROK_API_KEY"] == "the-real-one"
            assert not {"NGROK_API_BASE_URL", "STATE"} & os.environ.keys()

        class TestWithSettings:
            @pytest.fixture
            def ngrok_emulator_settings(self):
                return {"max_labels": 0}

            def test_them(self, ngrok_emulator):
                assert ngrok_emulator.settings.max_labels == 0

        @pytest.fixture(scope="module")
        def shared(ngrok_emulator_factory):
            assert ngrok_emulator_factory().api_key == "test-key"
            return ngrok_emulator_factory(api_keys=("shared-key",))

        def test_a_module_may_share_one(shared):
            assert shared.api_key == "shared-key"
            assert requests.get(shared.url + PATH).status_code == 401
            assert os.environ["NGROK_API_KEY"] == "the-real-one"

        def test_that_it_is_down(ngrok_emulator):
            ngrok_emulator.stop()

        def test_that_it_is_up_again(ngrok_emulator):
            assert requests.get(ngrok_emulator.url + PATH).status_code == 401

        def test_without():
            assert os.environ["NGROK_API_KEY"] == "the-real-one"
            assert "NGROK_API_BASE_URL" not in os.environ
        """
    )
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=10)


@pytest.mark.parametrize("missing", ["msgspec"])
def test_a_missing_extra_is_named(pytester: pytest.Pytester, missing: str) -> None:
    pytester.makeconftest(f"import sys; sys.modules[{missing!r}] = None")
    pytester.makepyfile("def test_it(ngrok_emulator): pass")
    ran = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    ran.assert_outcomes(errors=1)
    ran.stdout.fnmatch_lines(["*ngrok_emulator needs an extra of its package. Run: pip install*[[]emulator]'"])
    ran.stdout.no_fnmatch_line("*Traceback*")


def test_an_unused_fixture_loads_nothing(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_what_is_loaded(request):
            assert request.config.pluginmanager.hasplugin("pulumi-ngrok-tg")
            assert not {"pulumi", "requests", "msgspec"} & set(sys.modules)
        """
    )
    plugins = ("no:cacheprovider", "no:schemathesis", "no:hypothesispytest", "no:pytester")
    options = [option for plugin in plugins for option in ("-p", plugin)]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *options], cwd=pytester.path, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout

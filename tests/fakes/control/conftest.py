"""What the control API's tests share: calls in a world of their own, without a socket."""

import httpx
import pytest


@pytest.fixture
def control(in_process):
    """Call a resource of the control API: `control("POST", "faults", {...})`."""

    def call(method: str, resource: str, body=None, **kwargs) -> httpx.Response:
        return in_process.request(method, f"/_sandbox/{resource}", json=body, **kwargs)

    return call


@pytest.fixture
def refusal(control):
    """Call a resource and return the error that it must answer with."""

    def call(status: int, method: str, resource: str, body=None, **kwargs) -> dict[str, str]:
        answer = control(method, resource, body, **kwargs)
        assert answer.status_code == status, answer.text
        error = answer.json()["error"]
        assert set(error) == {"code", "message", "remedy"}
        assert all(error.values())
        return error

    return call


@pytest.fixture
def control_of():
    """Call the control API of a world that the test holds in its hands, over a socket."""

    def of(world):
        def call(method: str, resource: str, body=None, **kwargs) -> httpx.Response:
            url = f"{world.base_url}/_sandbox/{resource}"
            return httpx.request(method, url, json=body, timeout=60, **kwargs)

        return call

    return of

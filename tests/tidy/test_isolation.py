"""The tests' own walls: nothing outside this machine is reached, and no setting leaks in."""

import os
import socket

import httpx
import pytest


@pytest.mark.parametrize("address", ["192.0.2.1", "10.0.0.1", "2001:db8::1"])
def test_other_machines_are_refused(address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as client, pytest.raises(OSError, match="tests stay on"):
        client.connect((address, 80))


def test_names_of_other_machines_are_not_looked_up():
    with pytest.raises(OSError, match="tests stay on"):
        socket.getaddrinfo("www.example.com", 443)
    with pytest.raises(httpx.ConnectError, match="tests stay on"):
        httpx.get("https://www.example.com/")


def test_loopback_is_reached():
    with socket.socket() as server, socket.socket() as client:
        server.bind(("127.0.0.1", 0))
        server.listen()
        client.connect(server.getsockname())
    assert socket.getaddrinfo("localhost", 80)


def test_environment_brings_no_setting_in():
    foreign = [n for n in os.environ if n.upper().startswith(("ADAPTER_", "SANDBOX_"))]
    proxies = [n for n in os.environ if n.upper().endswith("_PROXY")]
    assert foreign + proxies == []

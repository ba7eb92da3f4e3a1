"""The signal that ends a process: heard whichever thread it is handed to."""

import signal
import subprocess
import sys

import pytest

# A signal may be handed to any thread; the one that waits is not woken by it.
HEARD_ELSEWHERE = """
import signal, threading
from adapter.doors.stop_signals import StopSignals
stopping = StopSignals()
def signal_here():
    signal.pthread_kill(threading.get_ident(), {number})
threading.Thread(target=signal_here).start()
stopping.wait()
print("asked to stop", flush=True)
threading.Thread(target=signal_here).start()
threading.Event().wait()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_first_is_heard_in_whatever_thread_and_the_second_ends_the_process(number):
    done = subprocess.run(
        [sys.executable, "-c", HEARD_ELSEWHERE.format(number=number.value)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stdout == "asked to stop\n"
    assert done.returncode == -number

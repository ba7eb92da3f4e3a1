"""The data pump: repeats every notice until it has been accepted, as Invoice Cloud does."""

import queue
import threading
from collections import Counter
from random import Random

import httpx

from tests.delivery.rig.partner import Notice

THREADS = 4
ACCEPTED = 202
# Invoice Cloud waits for minutes; the rig has no time for that.
PAUSE_SECONDS = 0.05
ANSWER_SECONDS_MAX = 5.0
# So many notices of a hundred are told again although they were accepted.
TOLD_AGAIN_PERCENT = 10


class Pump:
    """Sends notices to the doors, several at once, each until one has answered 202."""

    def __init__(self, urls: list[str], biller: str, auth: tuple[str, str], *, seed: int) -> None:
        self._urls = urls
        self._path = f"/billers/{biller}"
        self._auth = auth
        self._chance = Random(f"{seed}:pump")  # noqa: S311  # a drawn campaign, no secret
        # No SimpleQueue: in Python 3.11.2 its get may outlast its timeout for ever.
        self._waiting: queue.Queue[tuple[Notice, bool]] = queue.Queue()
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._told = 0
        self.taken: set[tuple[str, str]] = set()
        self.refused: dict[tuple[str, str], str] = {}
        # By status, or 0 where none came.
        self.answers: Counter[int] = Counter()
        self._threads = [
            threading.Thread(target=self._run, args=(n,), daemon=True) for n in range(THREADS)
        ]
        for thread in self._threads:
            thread.start()

    def tell(self, notice: Notice) -> None:
        with self._changed:
            self._told += 1
        again = self._chance.randrange(100) < TOLD_AGAIN_PERCENT
        self._waiting.put((notice, again))

    def prefer(self, url: str) -> None:
        """Tell everything from now on at one door."""
        self._urls = [url]

    def wait_until_taken(self, seconds_max: float) -> bool:
        """Return whether everything that was told so far has been answered for good in time."""
        with self._changed:
            return self._changed.wait_for(lambda: self.open == 0, timeout=seconds_max)

    @property
    def failures(self) -> int:
        """How often a notice had to be told again for want of a 202."""
        return sum(n for status, n in self.answers.items() if status != ACCEPTED)

    @property
    def open(self) -> int:
        return self._told - len(self.taken) - len(self.refused)

    def stop(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _run(self, number: int) -> None:
        door = number
        with httpx.Client(auth=self._auth, timeout=ANSWER_SECONDS_MAX, trust_env=False) as client:
            while not self._stopping.is_set():
                try:
                    notice, again = self._waiting.get(timeout=PAUSE_SECONDS)
                except queue.Empty:
                    continue
                urls = self._urls
                if self._try(
                    client, f"{urls[door % len(urls)]}{self._path}/{notice.door}", notice
                ):
                    if again:
                        self._waiting.put((notice, False))
                    continue
                door += 1
                self._waiting.put((notice, again))
                self._stopping.wait(PAUSE_SECONDS)

    def _try(self, client: httpx.Client, url: str, notice: Notice) -> bool:
        """Tell once; return whether it need not be told again."""
        try:
            answer = client.post(url, json=notice.body)
        except httpx.HTTPError:
            with self._changed:
                self.answers[0] += 1
            return False
        with self._changed:
            self.answers[answer.status_code] += 1
            if answer.status_code == ACCEPTED:
                self.taken.add(notice.key)
            elif 400 <= answer.status_code < 500:
                self.refused[notice.key] = answer.text
            else:
                return False
            self._changed.notify_all()
        return True

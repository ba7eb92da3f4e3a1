"""The queue in the ledger's database: its tables are made once, its password is shown never."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import make_url

from adapter.engines.queue import conninfo_of, open_queue
from adapter.errors import LedgerError


def test_it_is_opened_again_and_by_many_at_once(postgres):
    url = make_url(postgres.new_database())
    with ThreadPoolExecutor(4) as pool:
        queues = list(pool.map(open_queue, [url] * 4))
    assert all(queue.check_connection() for queue in queues)
    for queue in queues:
        queue.close()


def test_a_database_that_is_not_there_is_an_error_without_the_password(tmp_path):
    url = make_url(f"postgresql+psycopg://adapter:s3cret-word@/ledger?host={tmp_path}")
    with pytest.raises(LedgerError, match=r"the queue in .* cannot be opened") as caught:
        open_queue(url)
    assert "s3cret-word" not in str(caught.value)


def test_what_the_database_is_told_names_the_driver_it_knows():
    url = make_url("postgresql+psycopg://adapter:s3cret@db.example/ledger?sslmode=require")
    assert conninfo_of(url) == "postgresql://adapter:s3cret@db.example/ledger?sslmode=require"

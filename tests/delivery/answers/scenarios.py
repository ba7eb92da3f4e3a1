"""Named scenarios: one payment each, and the stories that a first answer alone does not tell.

Each says how it has to end. `applied` is applied once, and the ledger says so; `person` is an open
review item.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from tests.delivery.answers.bench import Bench, Outcome
from tests.delivery.answers.book import BILLED
from tests.delivery.answers.cases import PAGE
from tests.delivery.answers.spectrum import Reply, SpectrumServer, balance_reply, json_reply

SCENARIOS = {}
APPLIED = frozenset({"applied"})
PERSON = frozenset({"person"})
EITHER = APPLIED | PERSON
AMOUNT = Decimal("25.00")
POSTS_FOR_EVER = 1000
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SECONDS_UNTIL_DRIPPING_IS_TOO_LONG = 1.0


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A story: `tell` plays it on a bench, and returns what is wrong with it, if anything is."""

    name: str
    wanted: frozenset[str]
    feed: str
    tell: Callable[[Bench], str | None]
    settings: dict
    starts_refusing: bool

    def play(self, server, ledger_url):
        """Play it; one that starts refusing has a server of its own, which listens later."""
        if not self.starts_refusing:
            return self._play(server, ledger_url)
        with SpectrumServer(listens=False) as own:
            return self._play(own, ledger_url)

    def _play(self, server, ledger_url):
        with Bench(server, ledger_url, feed=self.feed, **self.settings) as bench:
            wrong = self.tell(bench)
            outcome = bench.outcome()
        if outcome.verdict in EITHER and outcome.verdict not in self.wanted:
            wrong = f"it ended as {outcome.verdict}, not as {' or '.join(sorted(self.wanted))}"
        if wrong is None or outcome.verdict not in EITHER:
            return outcome
        return Outcome(
            verdict="wrong", state=outcome.state, story=(*outcome.story, f"WRONG: {wrong}")
        )


def scenario(name, wanted, *, feed="nofeed", starts_refusing=False, **settings):
    """Keep a story by its name."""

    def keep(tell):
        SCENARIOS[name] = Scenario(
            name=name,
            wanted=wanted,
            feed=feed,
            tell=tell,
            settings=settings,
            starts_refusing=starts_refusing,
        )
        return tell

    return keep


def _applying(reply):
    """Return a plan that applies a receipt, and answers as `reply` says."""

    def meet(post):
        post.apply()
        return reply(post)

    return meet


def _severed(_post):
    return Reply(ending="severed")


def _conflict(_post):
    return json_reply({"title": "Conflict", "status": 409}, status=409)


def _empty(_post):
    return Reply()


def _with_receipt_id(receipt_id):
    return lambda post: post.echo(receiptID=receipt_id, message="Receipt created")


def _with_other_amount(post):
    return post.echo(receiptID="1001", amount=float(post.amount) + 1)


def _tell_first_answer(name, reply, *, before, after, after_by_feed=APPLIED):
    """Keep three stories of one odd answer: nothing was applied, it was, and a feed says so."""

    def of(plan):
        def tell(bench):
            bench.pay(AMOUNT, plan=plan)
            bench.rest()

        return tell

    scenario(f"{name}-not-applied", before)(of(reply))
    scenario(f"{name}-applied", after)(of(_applying(reply)))
    scenario(f"{name}-applied-feed", after_by_feed, feed="fresh")(of(_applying(reply)))


_tell_first_answer("empty-200", _empty, before=PERSON, after=APPLIED)
for _name, _id in {
    "zero": "0",
    "null": "null",
    "blank": " ",
    "empty-guid": "00000000-0000-0000-0000-000000000000",
    "negative": -1,
}.items():
    _tell_first_answer(f"receipt-id-{_name}", _with_receipt_id(_id), before=PERSON, after=APPLIED)
_tell_first_answer("echo-of-another-amount", _with_other_amount, before=APPLIED, after=APPLIED)


@scenario("refused-409-applied-then-retry-all", EITHER)
def _retry_what_was_applied(bench):
    bench.pay(AMOUNT, plan=_applying(_conflict))
    _retry_all_for_a_day(bench)


@scenario("refused-409-not-applied-then-retry-all", EITHER)
def _retry_what_was_not_applied(bench):
    bench.pay(AMOUNT, plan=_conflict)
    _retry_all_for_a_day(bench)


@scenario("refused-422-applied-then-retry-all", EITHER)
def _retry_what_was_refused_and_applied(bench):
    bench.pay(AMOUNT, plan=_applying(lambda _: json_reply({"title": "Unprocessable"}, status=422)))
    _retry_all_for_a_day(bench)


def _retry_all_for_a_day(bench):
    """Follow the runbook as soon as anything has failed, and again some times."""
    bench.rest(patience=MINUTE)
    for _ in range(4):
        bench.retry_all()
        bench.rest(patience=6 * HOUR)
        bench.clock.advance(hours=1)
    bench.rest()


def _answered_for_ever(status):
    """Apply nothing and say the same to every post; nobody may have to find out by chance."""

    def tell(bench):
        payment = bench.pay(AMOUNT)
        reply = json_reply({"title": "An error has occurred.", "status": status}, status=status)
        bench.spectrum.plans[payment.invoice_number] = [lambda _: reply] * POSTS_FOR_EVER
        bench.rest(patience=timedelta(days=5), hurries=False)

    return tell


scenario("refused-404-for-ever", PERSON)(_answered_for_ever(404))
scenario("answered-503-for-ever", PERSON)(_answered_for_ever(503))
scenario("answered-401-for-ever", PERSON)(_answered_for_ever(401))


def _two_payments(plan):
    """Leave the first of two equal payments on one invoice in doubt."""

    def tell(bench):
        first = bench.pay(AMOUNT, plan=plan)
        bench.pay(AMOUNT, invoice=first.invoice_number)
        bench.rest()

    return tell


scenario("two-on-an-invoice-first-lost", APPLIED)(_two_payments(_severed))
scenario("two-on-an-invoice-first-applied", APPLIED)(_two_payments(_applying(_severed)))
scenario("two-on-an-invoice-first-applied-feed", APPLIED, feed="fresh")(
    _two_payments(_applying(_severed))
)


def _cached(headers):
    """Tell the balance of before for six hours, as a cache does that nobody asked."""

    def tell(bench):
        payment = bench.pay(AMOUNT, plan=_applying(_severed))
        begun = bench.clock.now()

        def balance(at):
            stale = bench.spectrum.posts and at - begun < 6 * HOUR
            return balance_reply(payment.invoice_number, BILLED, **headers) if stale else None

        bench.spectrum.balances[payment.invoice_number] = balance
        bench.rest()

    return tell


scenario("balance-with-age-290", EITHER)(_cached({"Age": "290"}))
scenario("balance-with-cache-hit", EITHER)(_cached({"X-Cache": "HIT"}))
scenario("balance-with-age-290-feed", APPLIED, feed="fresh")(_cached({"Age": "290"}))


@scenario("balance-dated-before-the-post", EITHER)
def _old_date(bench):
    payment = bench.pay(AMOUNT, plan=_applying(_severed))
    date = "Mon, 05 Jan 2026 14:00:00 GMT"

    def balance(at):
        stale = bench.spectrum.posts and at < bench.spectrum.posts[0].at + 6 * HOUR
        return balance_reply(payment.invoice_number, BILLED, Date=date) if stale else None

    bench.spectrum.balances[payment.invoice_number] = balance
    bench.rest()


def _anothers_receipt(plan):
    """Lose the answer; the balance is silent until after somebody else has paid as much."""

    def tell(bench):
        payment = bench.pay(AMOUNT, plan=plan)
        begun = bench.clock.now()
        bench.run()
        bench.spectrum.book.apply(
            invoice=payment.invoice_number,
            reference="LOCKBOX-7731",
            amount=AMOUNT,
            after=5 * HOUR,
            vendor="Lockbox",
        )

        def balance(at):
            if begun + MINUTE < at < begun + 6 * HOUR:
                return Reply(status=503, body=PAGE, headers={"Content-Type": "text/html"})
            return None

        bench.spectrum.balances[payment.invoice_number] = balance
        bench.rest()

    return tell


scenario("anothers-equal-receipt-five-hours-later", PERSON)(_anothers_receipt(_severed))
scenario("anothers-equal-receipt-five-hours-later-feed", APPLIED, feed="fresh")(
    _anothers_receipt(_severed)
)
scenario("anothers-equal-receipt-after-okay", PERSON)(
    _anothers_receipt(lambda post: post.echo(message="maybe already was"))
)


@scenario("late-feed-answer-lost", APPLIED, feed="late")
def _late_feed(bench):
    bench.pay(AMOUNT, plan=_applying(_severed))
    bench.rest()


@scenario("late-feed-never-applied", APPLIED, feed="late")
def _late_feed_nothing_there(bench):
    bench.pay(AMOUNT, plan=_severed)
    bench.rest()


@scenario("applied-ten-minutes-after-giving-up", APPLIED)
def _late_application(bench):
    def meet(post):
        post.apply(after=10 * MINUTE)
        return Reply(ending="severed")

    bench.pay(AMOUNT, plan=meet)
    bench.rest()


@scenario("token-refused-not-applied", APPLIED)
def _token_refused(bench):
    bench.pay(AMOUNT, plan=_refusing_the_token)
    bench.rest()


@scenario("token-refused-applied", APPLIED)
def _token_refused_after_applying(bench):
    bench.pay(AMOUNT, plan=_applying(_refusing_the_token))
    bench.rest()


@scenario("token-refused-applied-feed", APPLIED, feed="fresh")
def _token_refused_after_applying_with_a_feed(bench):
    _token_refused_after_applying(bench)


def _refusing_the_token(post):
    post.spectrum.refuse_token()
    return Reply(status=401, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})


def _refusing_for(hours):
    """Refuse every connection, and then serve; nobody runs a command."""

    def tell(bench):
        bench.pay(AMOUNT)
        bench.rest(patience=timedelta(hours=hours), hurries=False)
        bench.server.listen()
        bench.rest(hurries=False)

    return tell


scenario("refused-connections-for-20-hours", APPLIED, starts_refusing=True)(_refusing_for(20))
scenario("refused-connections-for-60-hours", APPLIED, starts_refusing=True)(_refusing_for(60))


@scenario("dripping-partner", APPLIED, request_timeout_seconds=SECONDS_UNTIL_DRIPPING_IS_TOO_LONG)
def _dripping(bench):
    def meet(post):
        return replace(post.applied(), ending="dripped")

    bench.pay(AMOUNT, plan=meet)
    bench.run()
    hung_up = bench.spectrum.hung_up.wait(SECONDS_UNTIL_DRIPPING_IS_TOO_LONG)
    bench.rest()
    return None if hung_up else "nobody hung up on a partner that drips"


@scenario("evening-payment-in-illinois", APPLIED)
def _evening(bench):
    bench.clock.move_to(datetime(2026, 1, 6, 2, 30, tzinfo=UTC))
    payment = bench.pay(AMOUNT)
    bench.rest()
    told = datetime.fromisoformat(bench.spectrum.posts[0].document["datePaid"])
    if told != payment.paid_at:
        return f"datePaid {told} is another moment than {payment.paid_at}"
    if told.utcoffset() != timedelta(hours=-6):
        return f"datePaid {told} does not carry the carrier's offset"
    return None

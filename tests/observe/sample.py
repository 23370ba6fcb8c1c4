"""Prints the metrics of a made-up service over three days, for `promtool tsdb create-blocks-from openmetrics`.

People are invited by day more than by night; a relay refuses for half an hour, and its letters wait. The names
are those of the service, which `tests/it/operations/observe.rs` compares with what it exposes. The same random
numbers come every time.
"""

import bisect
import math
import random

START = 1_795_651_200  # 2026-11-26T00:00:00Z
STEP, HOUR, DAY = 300, 3_600, 86_400
TIMES = range(START, START + 3 * DAY + 1, STEP)
OUTAGE = (START + 2 * DAY + 10 * HOUR, START + 2 * DAY + 10 * HOUR + 1_800)
ACTIVATION = [60 * m for m in (1, 5, 15, 30, 60, 120, 240, 480, 960, 1_440, 2_880, 10_080, 43_200)]
ANSWER = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5]
LABELS = 'job="invitation-service",instance="10.0.0.11:9090"'

chance = random.Random(20261126)


class Events:
    """The times of what happened, and how many there were until then."""

    def __init__(self):
        self.times = []

    def add(self, time):
        self.times.append(time)

    def until(self, time):
        return bisect.bisect_right(self.times, time)

    def sort(self):
        self.times.sort()
        return self


def busy(time):
    """How busy that time of the day is: 0 at night, 1 at noon."""
    return max(0.03, math.sin((time % DAY / DAY - 0.25) * math.pi / 0.6) if 0.25 < time % DAY / DAY < 0.85 else 0)


def happened():
    """What became of everybody, by name of the event."""
    names = "invited sent deferred refused bounced delivered complained opened late activated expired renewed"
    facts = {name: Events() for name in names.split()}
    waits = []
    for time in range(START - 2 * DAY, TIMES[-1], 60):
        for _ in range(chance.choices((0, 1, 2, 12), (1 - 0.6 * busy(time), 0.5 * busy(time), 0.09, 0.004))[0]):
            facts["invited"].add(time)
            sent = time + chance.randint(1, 5)
            if OUTAGE[0] <= sent < OUTAGE[1]:
                for attempt in range(3):
                    facts["deferred"].add(min(sent + 60 * 2**attempt, OUTAGE[1]))
                sent = OUTAGE[1] + chance.randint(5, 500)
            if chance.random() < 0.008:
                facts["refused"].add(sent)
                continue
            facts["sent"].add(sent)
            if chance.random() < 0.018:
                facts["bounced"].add(sent + chance.randint(5, 900))
                facts["expired"].add(sent + DAY)
                continue
            facts["delivered"].add(sent + chance.randint(2, 60))
            if chance.random() < 0.0006:
                facts["complained"].add(sent + HOUR)
            opened = sent + int(chance.lognormvariate(7.6, 1.9))
            is_opened = chance.random() < 0.86
            if is_opened:
                facts["opened" if opened < sent + DAY else "late"].add(opened)
            activated = opened + int(chance.lognormvariate(5.2, 1.0))
            if is_opened and activated < sent + DAY and chance.random() < 0.94:
                facts["activated"].add(activated)
                waits.append((activated, activated - time))
                continue
            facts["expired"].add(sent + DAY)
            if chance.random() < 0.2:
                facts["renewed"].add(sent + DAY + chance.randint(600, 6 * HOUR))
    return {name: events.sort() for name, events in facts.items()}, sorted(waits)


def series(name, labels, value):
    """The samples of one series."""
    labels = f"{LABELS},{labels}" if labels else LABELS
    return [f"invitation_service_{name}{{{labels}}} {value(time)} {time}" for time in TIMES]


def families(facts, waits):
    """Each family: name, kind, and its series: the end of the name, labels, and the value at a time."""
    of = lambda *names: lambda time: sum(facts[name].until(time) for name in names)
    counter = lambda label, values: [("_total", f'{label}="{value}"', at) for value, at in values.items()]
    letters = {"sent": of("sent"), "deferred": of("deferred"), "failed": of("refused")}
    reports = {name: of(name) for name in ("delivered", "bounced", "complained")} | {"unverified": lambda time: 0}
    waiting = lambda time: time - OUTAGE[0] if OUTAGE[0] < time <= OUTAGE[1] + 300 else 0
    queued = lambda time: of("invited")(time) - of("invited")(OUTAGE[0]) if waiting(time) else 0
    expired = lambda time: of("expired")(time) - of("renewed")(time)
    pending = lambda time: of("invited")(time) - of("activated")(time) - expired(time)
    statuses = {"pending": pending, "activated": of("activated"), "expired": expired, "revoked": lambda time: 7}
    states = {
        "delivered": lambda time: of("delivered")(time) - of("complained")(time),
        "bounced": of("bounced"),
        "complained": of("complained"),
        "failed": of("refused"),
        "queued": queued,
        "sent": lambda time: of("sent")(time) - of("delivered")(time) - of("bounced")(time),
    }
    gauge = lambda label, values: [("", f'{label}="{value}"', at) for value, at in values.items()]
    done = [time for time, _ in waits]
    sums = [0]
    for _, wait in waits:
        sums.append(sums[-1] + wait)
    least = {le: Events() for le in ACTIVATION}
    for time, wait in waits:
        for le in ACTIVATION:
            if wait <= le:
                least[le].add(time)
    answered = lambda time: 9 * of("invited", "opened", "activated")(time) + (time - START) // 15
    shares = [0.3, 0.5, 0.7, 0.84, 0.93, 0.965, 0.98, 0.989, 0.995, 0.998, 0.9999]
    requests = lambda method, route, status, share: (
        "_total",
        f'method="{method}",route="{route}",status="{status}"',
        lambda time: int(share * answered(time)),
    )
    yield "invites", "counter", counter("outcome", {"invited": of("invited")})
    yield "letters", "counter", counter("outcome", letters)
    yield "mail_events", "counter", [
        ("_total", f'provider="postmark",outcome="{outcome}"', at) for outcome, at in reports.items()
    ]
    yield "first_openings", "counter", counter("link", {"valid": of("opened"), "expired": of("late")})
    yield "activations", "counter", counter("outcome", {"activated": of("activated")})
    yield "operator_faults", "counter", counter("fault", {"quota": of("deferred"), "sender": lambda time: 0})
    yield "activation_delay_seconds", "histogram", [
        *(("_bucket", f'le="{float(le)}"', least[le].until) for le in ACTIVATION),
        ("_bucket", 'le="+Inf"', lambda time: bisect.bisect_right(done, time)),
        ("_sum", "", lambda time: sums[bisect.bisect_right(done, time)]),
        ("_count", "", lambda time: bisect.bisect_right(done, time)),
    ]
    yield "http_requests", "counter", [
        requests("GET", "/v1/invitations", "200", 0.8),
        requests("POST", "/v1/activations", "201", 0.1),
        requests("POST", "/v1/activations", "422", 0.05),
        requests("POST", "/v1/auth/token", "401", 0.004),
        requests("POST", "/v1/system-users/invitations", "503", 0.0008),
    ]
    yield "http_request_duration_seconds", "histogram", [
        *(
            ("_bucket", f'le="{le}"', lambda time, share=share: int(share * answered(time)))
            for le, share in zip(ANSWER, shares)
        ),
        ("_bucket", 'le="+Inf"', answered),
        ("_sum", "", lambda time: answered(time) // 120),
        ("_count", "", answered),
    ]
    yield "outbox_queued", "gauge", [("", "", queued)]
    yield "outbox_oldest_seconds", "gauge", [("", "", waiting)]
    yield "relay_hold_seconds", "gauge", [("", "", lambda time: max(0, OUTAGE[1] - time) if waiting(time) else 0)]
    yield "invitations", "gauge", gauge("status", statuses)
    yield "deliveries", "gauge", gauge("state", states)
    yield "database_readable", "gauge", [("", "", lambda time: 1)]
    yield "database_writable", "gauge", [("", "", lambda time: 1)]
    free = lambda time: 42_000_000_000 - 9_000 * of("invited")(time)
    yield "database_disk_free_bytes", "gauge", [("", 'database="sqlite"', free)]
    yield "courier", "gauge", [("", 'condition="ok"', lambda time: 1)]
    restart = TIMES[-1] - 9 * HOUR
    yield "start_time_seconds", "gauge", [("", "", lambda time: START if time < restart else restart)]


def main():
    for name, kind, members in families(*happened()):
        print(f"# TYPE invitation_service_{name} {kind}")
        for end, labels, value in members:
            print("\n".join(series(name + end, labels, value)))
    print("# EOF")


if __name__ == "__main__":
    main()

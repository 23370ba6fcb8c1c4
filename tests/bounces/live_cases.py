"""Letters of the running service that are refused, and what the service must say of each."""

import re
from dataclasses import dataclass

from network import ABSENT

NO_MAILBOX = "no mailbox with this address"
# By the code, or where the server gives none.
NO_DOMAIN = "what is after the @|the address is wrong"
# Whether the code or the words come first is the server's.
DOMAIN_WORDS = r"(?i)domain|host|unrouteable"


@dataclass(frozen=True)
class Case:
    """A recipient, and how their invitation ends."""

    refusal: str
    # The part of the address before the @.
    local: str
    state: str
    # The group of its reason in the overview.
    group: str | None
    # Patterns of `delivery.advice` and `delivery.reason`.
    advice: str | None
    reason: str | None
    # What the recipients' server says: to RCPT, or at the end of the letter.
    reply: str | None = None
    final_reply: str | None = None
    is_suppressed: bool = False
    is_late: bool = False
    domain: str | None = None

    def address(self, database):
        return f"{self.local}@{self.domain or f'{database.lower()}.example.com'}"

    def group_at(self, server):
        """A server that does not say why it gave a letter up leaves the network."""
        return "network" if self.is_late and not server.has_last_reply else self.group

    def events(self, server):
        last = {"bounced": ["email_bounced"], "failed": ["email_failed"], "sent": []}[self.state]
        deferred = ["email_deferred"] if self.is_late and server.notes_delays else []
        return ["created", "email_queued", "email_sent", *deferred, *last]


CASES = [
    Case("unknown mailbox", "nobody", "bounced", "address", NO_MAILBOX, "no such user here",
         reply="550 5.1.1 no such user here", is_suppressed=True),
    Case("full mailbox", "full", "bounced", "mailbox", "The mailbox is full", "mailbox is full",
         reply="552 5.2.2 the mailbox is full"),
    Case("full until too late", "late", "bounced", "mailbox", "The mailbox is full|did not reach", "(?i)full|expired|giving up",
         reply="452 4.2.2 the mailbox is full", is_late=True),
    Case("content", "content", "bounced", "content", "says nothing against the address", "looks like",
         final_reply="554 5.7.1 this message looks like a circular"),
    Case("no such domain", "ada", "bounced", "address", NO_DOMAIN, DOMAIN_WORDS, domain=ABSENT),
    Case("our fault", "denied", "failed", "operator", "Nothing is wrong with the address", "(?i)relay access denied",
         reply="554 5.7.1 Relay access denied"),
    Case("too large", "large", "bounced", "content", "a letter of this size", "size exceeds",
         final_reply="552 5.3.4 message size exceeds the limit of this server"),
    Case("none", "fine", "sent", None, None, None),
]
# While it is returned, the service is down.
DOWN = Case("unknown mailbox, service down", "down", "bounced", "address", NO_MAILBOX, "no such user here",
            reply="550 5.1.1 no such user here", is_suppressed=True)


def errors(case, server, invitation, events, suppressed):
    """What is wrong with an invitation."""
    delivery, wrong = invitation["delivery"], []

    def expect(holds, words):
        if not holds:
            wrong.append(words)

    advice, reason = delivery.get("advice"), delivery.get("reason")
    expect(delivery["state"] == case.state, f"it is {delivery['state']}")
    expect(re.search(case.advice, advice) if case.advice and advice else advice == case.advice, f"advice: {advice}")
    expect(re.search(case.reason, reason) if case.reason and reason else reason == case.reason, f"reason: {reason}")
    expect("@" not in (reason or "") and "://" not in (reason or ""), f"the reason has an address or a link: {reason}")
    expect(delivery["sent_at"], "sent_at is missing")
    if case.events(server)[-1] != "email_sent":
        expect((delivery.get("reported_at") or "") >= (delivery["sent_at"] or "x"), f"reported at {delivery.get('reported_at')}")
    types = [event["type"] for event in events]
    expect(types == case.events(server), f"the timeline is {', '.join(types)}")
    times = [event["at"] for event in events]
    expect(times == sorted(times), "the timeline is out of order")
    # A report may come before the relay's answer is stored: then it says that the letter was sent, too.
    expect(all(event["actor"]["id"] == "dsn" for event in events[3:]), "it is not known from returned mail")
    expect(suppressed == case.is_suppressed, "the address is suppressed" if suppressed else "it is not suppressed")
    return wrong


def overview_errors(overview, cases, database, server):
    """What is wrong with `GET /v1/delivery`, where these letters are all."""
    wrong = []
    states, groups, domains = ({} for _ in range(3))
    for case in cases:
        states[case.state] = states.get(case.state, 0) + 1
        if group := case.group_at(server):
            groups[group] = groups.get(group, 0) + 1
        domain = case.address(database).split("@")[1]
        domains[domain] = domains.get(domain, 0) + 1
    of = lambda letters: {state: number for state, number in letters["by_state"].items() if number}
    for period in overview["periods"]:
        found = of(period["letters"]), {one["group"]: one["count"] for one in period["reasons"]}
        found += ({one["domain"]: one["letters"]["total"] for one in period["domains"]},)
        found += ([of(one["letters"]) for one in period["relays"]],)
        if found != (states, groups, domains, [states]):
            wrong.append(f"of the last {period['period']} it has {found}")
    if overview["oldest_waiting"] or overview["held"]:
        wrong.append("letters wait")
    return wrong

"""The letters that are sent: one for each refusal, in the form of ours."""

from dataclasses import dataclass

TAG = "qk3v0x8h1t5m7c2d"
TOKEN = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKywtLi8wMTIzNDU2Nzg5Ojs8PT4_QEFCQ0RF"
DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"


@dataclass
class Letter:
    """A letter to a recipient who refuses it, and how the report must be read."""

    number: int
    name: str
    recipient: str
    # Verdicts, and whose fault it may be.
    verdicts: tuple
    blames: tuple
    denies: bool = False

    @property
    def id(self):
        return f"ltr_01m86vxvh0e3pt0yekqqme4q{DIGITS[self.number]}m"

    @property
    def sender(self):
        return f"bounces+{self.id}.{TAG}@invite.voltmark.example"

    @property
    def message(self):
        link = f"https://invite.voltmark.example/activate?token={TOKEN}"
        return "\r\n".join((
            "From: Voltmark <no-reply@voltmark.example>", f"To: {self.recipient}",
            "Subject: Anna de Vries invites you to Voltmark", "Date: Tue, 24 Nov 2026 13:03:07 +0000",
            f"Message-ID: <{self.id}@voltmark.example>", "Auto-Submitted: auto-generated", "Precedence: bulk",
            "X-Auto-Response-Suppress: OOF, AutoReply", "MIME-Version: 1.0",
            'Content-Type: multipart/alternative; boundary="letter"', "", "--letter",
            "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 7bit", "",
            "Anna de Vries invites you to Voltmark. The mailbox is not full.", link, "", "--letter",
            "Content-Type: text/html; charset=utf-8", "Content-Transfer-Encoding: 7bit", "",
            f'<p>Anna de Vries invites you. <a href="{link}">Join</a></p>', "--letter--", "",
        ))


LETTERS = [
    Letter(1, "unknown user", "nobody@example.com", ("failed",), ("address",), denies=True),
    Letter(2, "full mailbox", "full@example.com", ("failed",), ("mailbox",)),
    Letter(3, "policy", "refused@example.com", ("failed",), ("us",)),
    Letter(4, "later, and too late", "later@example.com", ("failed",), ("network", "mailbox")),
    Letter(5, "no such domain", "ada@nowhere.example", ("failed",), ("address",)),
]
# What the recipients' server says to each of them.
REPLIES = {
    "nobody": "550 5.1.1 no such user here",
    "full": "552 5.2.2 the mailbox is full",
    "refused": "550 5.7.1 refused by the policy of this server",
    "later": "451 4.3.0 please come later",
}

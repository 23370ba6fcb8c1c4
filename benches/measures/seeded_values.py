"""What a seeded database has that requests ask for, drawn by chance, alike at every run."""

import random

from programs import yardstick

SEED = 15
# So many rows of each table are asked for, so many of the commonest names, and so many links.
ROWS, NAMES, LINKS = 1000, 20, 20
CONSONANTS = "bcdfghjklmnpqrstvwxz"


class SeededValues:
    """Each method draws a value."""

    def __init__(self, database):
        self.random = random.Random(SEED)
        self.invitations = spread(database, "id, email, email_key", "invitations")
        self.users = spread(database, "id, email, email_key", "users", "removed_at IS NULL")
        self.accounts = spread(database, "id", "accounts", "removed_at IS NULL")
        parents = "id IN (SELECT parent_account_id FROM accounts WHERE removed_at IS NULL)"
        self.parents = spread(database, "id", "accounts", parents)
        self.companies = spread(database, "name", "accounts", "account_type = 'business' AND status = 'active'")
        self.names = FamilyNames(database)
        self.links = links(database)
        self.turn = 0

    def one_of(self, rows, column=0):
        return self.random.choice(rows)[column]

    def invitation(self):
        return self.one_of(self.invitations)

    def user(self):
        return self.one_of(self.users)

    def account(self):
        return self.one_of(self.accounts)

    def place(self, rows):
        """A place in a list that is sorted by address, as a cursor has it."""
        row = self.random.choice(rows)
        return f"{row[0]}\n{row[2]}"

    def name(self, kind):
        """A name of one of the lists of `FamilyNames`."""
        return self.random.choice(getattr(self.names, kind))

    def absent(self):
        """A text that nothing contains, nor most of its parts."""
        return "".join(self.random.choices(CONSONANTS, k=12))

    def absent_pair(self):
        """A text that nothing contains, though many addresses contain both of its names."""
        return "@".join(self.random.sample([name.lower() for name in self.names.common if name.isascii()], 2))

    def link(self):
        """The links one after the other, so that each has been looked at before times count."""
        self.turn += 1
        return self.links[self.turn % len(self.links)]


class FamilyNames:
    """Names of people, by how many have them."""

    def __init__(self, database):
        rows = database.query("SELECT last_name, count(*) FROM users WHERE last_name IS NOT NULL GROUP BY last_name")
        by_count = sorted((int(count), name) for name, count in rows)
        people = sum(count for count, _ in by_count)
        self.common = [name for _, name in by_count[-NAMES:]]
        by_share = sorted(by_count, key=lambda row: abs(row[0] - people / 1000))
        self.middling = [name for _, name in by_share[:NAMES]]
        # The rarer half. Texts of two characters and fewer are searched in another way.
        self.rare = [name for _, name in by_count[: len(by_count) // 2] if len(name) > 2]
        self.beginnings = sorted({name[:2] for _, name in by_count if name[:2].isalpha()})


def spread(database, columns, table, condition="TRUE"):
    """Rows of a table, evenly spread over it in the order of their creation."""
    [[count]] = database.query(f"SELECT count(*) FROM {table} WHERE {condition}")
    step = max(1, int(count) // ROWS)
    numbered = f"SELECT {columns}, row_number() OVER (ORDER BY id) AS place FROM {table} WHERE {condition}"
    return database.query(f"SELECT {columns} FROM ({numbered}) AS numbered WHERE place % {step} = 0 ORDER BY place")


def links(database):
    """The newest links that have not been sent twice: those will be valid for hours."""
    newest = f"SELECT id FROM invitations WHERE state = 'pending' AND generation = 1 ORDER BY id DESC LIMIT {LINKS}"
    return yardstick("links", stdin="".join(f"{row[0]}\n" for row in database.query(newest))).split()

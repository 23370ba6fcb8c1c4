"""judge.py SCORES SURROUNDINGS: prints each symbol with a positive weight, and fails on one of a letter's own form.

SURROUNDINGS has the symbols that the test itself causes: program, symbol, reason.
"""

import sys
from collections import defaultdict
from pathlib import Path

# SpamAssassin gives 0.001 to what it only wants to show: with 0 a rule would not run.
SHOWN_ONLY = 0.001

rows = [line.split("\t") for line in Path(sys.argv[2]).read_text().splitlines()[1:]]
reasons = {(program, symbol): reason for program, symbol, reason in rows}
letters, weights, faults = defaultdict(set), {}, []
counts = defaultdict(int)
for line in Path(sys.argv[1]).read_text().splitlines():
    program, letter, symbols = line.split("\t")
    counts[program] += 1
    for pair in symbols.split():
        name, _, weight = pair.rpartition("=")
        if name and float(weight) > 0:
            letters[program, name].add(letter)
            weights[program, name] = max(float(weight), weights.get((program, name), 0))

print(f"{'program':13} {'symbol':30} {'weight':>7} {'letters':>8}  cause")
for key, where in sorted(letters.items()):
    program, name = key
    reason = reasons.get(key)
    if reason is None and weights[key] <= SHOWN_ONLY:
        reason = "shown only"
    if reason is None:
        faults.append(f"{program} {name}: {', '.join(sorted(Path(letter).name for letter in where)[:5])}")
    print(f"{program:13} {name:30} {weights[key]:7.3f} {len(where):8}  {reason or 'THE LETTER'}")
print(f"scored: {', '.join(f'{count} letters by {program}' for program, count in sorted(counts.items()))}")
if set(counts) != {"SpamAssassin", "rspamd"} or len(set(counts.values())) != 1 or min(counts.values()) < 100:
    faults.append("not every letter was scored by both programs")
unseen = [f"{program} {name}" for program, name in reasons if (program, name) not in letters]
if unseen:
    print(f"not seen any more: {', '.join(unseen)}")
if faults:
    print("\nthe letters themselves cause:\n  " + "\n  ".join(faults))
sys.exit(bool(faults))

"""rspamd.py PORT FOLDER: scores the letters below FOLDER with the rspamd at that port.

One line each: the program, the letter, and its symbols with their weights.
"""

import http.client
import json
import sys
from pathlib import Path

port, folder = int(sys.argv[1]), Path(sys.argv[2])
for letter in sorted(folder.rglob("*.eml")):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    envelope = {"From": "no-reply@voltmark.example", "Rcpt": "ada@example.com"}
    connection.request("POST", "/checkv2", letter.read_bytes(), envelope)
    answer = json.loads(connection.getresponse().read())
    symbols = answer["symbols"].values()
    weights = " ".join(f"{symbol['name']}={symbol['score']}" for symbol in symbols)
    print("rspamd", letter, weights, sep="\t")

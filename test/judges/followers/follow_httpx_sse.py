# Follows by httpx-sse, which leaves it to its user to come back; a line for each event: its position.
import json
import sys
import time

import httpx
from httpx_sse import connect_sse

url, token = sys.argv[1:]
last = ""
with httpx.Client(timeout=60) as client:
    while True:
        headers = {"Authorization": f"Bearer {token}"}
        if last:
            headers["Last-Event-ID"] = last
        try:
            with connect_sse(client, "GET", url, headers=headers) as source:
                for sent in source.iter_sse():
                    last = sent.id
                    if sent.event == "event":
                        position = json.loads(sent.data)["event"]["position"]
                        print(position if str(position) == sent.id else f"{position} as {sent.id}", flush=True)
        except httpx.TransportError:
            pass
        print("ended", file=sys.stderr, flush=True)
        time.sleep(0.2)

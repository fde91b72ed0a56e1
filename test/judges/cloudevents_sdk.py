# Writes and reads CloudEvents with the SDK for Python: takes {"write": events} or {"read": bodies} as JSON, answers a list.
import base64
import json
import sys
from datetime import datetime

from cloudevents.core.bindings.http import HTTPMessage, from_http, to_binary, to_structured
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from dateutil.parser import isoparse


def written(given):
    attributes = {name: value for name, value in given.items() if name != "data"}
    if "time" in attributes:
        attributes["time"] = isoparse(attributes["time"])
    event = CloudEvent(attributes, given.get("data"))
    messages = {"binary": to_binary(event, JSONFormat()), "structured": to_structured(event, JSONFormat())}
    return {
        mode: {"headers": message.headers, "body": base64.b64encode(message.body).decode()}
        for mode, message in messages.items()
    }


def read(body):
    message = HTTPMessage({"content-type": "application/cloudevents+json"}, base64.b64decode(body))
    event = from_http(message, JSONFormat(), CloudEvent)
    attributes = event.get_attributes()
    plain = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in attributes.items()}
    return {**plain, "data": event.get_data()}


asked = json.load(sys.stdin)
answer = [written(event) for event in asked["write"]] if "write" in asked else [read(body) for body in asked["read"]]
json.dump(answer, sys.stdout)

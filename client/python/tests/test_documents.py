"""The documents that are handed on have the fields that the server's own description gives them."""

from __future__ import annotations

import json
import unittest
from pathlib import Path
from typing import NotRequired, get_origin, get_type_hints

import lighthouse_client as lighthouse

OPENAPI = Path(__file__).parents[3] / "docs" / "openapi.json"

SCHEMAS: dict[str, type] = {
    "AllowanceAnswer": lighthouse.Allowance,
    "GraphAnswer": lighthouse.Graph,
    "GraphEvent": lighthouse.GraphEvent,
    "GraphLink": lighthouse.GraphLink,
    "GroupAnswer": lighthouse.GroupStatus,
    "GroupConsumersAnswer": lighthouse.GroupConsumers,
    "GroupProgressAnswer": lighthouse.GroupProgress,
    "KeepFoldAnswer": lighthouse.MadeSnapshot,
    "KeptFoldAnswer": lighthouse.KeptFold,
    "LimitsAnswer": lighthouse.Limits,
    "OwnStreamsAnswer": lighthouse.OwnStreams,
    "ProjectionSummary": lighthouse.ProjectionSummary,
    "QueryPlan": lighthouse.QueryPlan,
    "SnapshotAnswer": lighthouse.Snapshot,
    "SnapshotsAnswer": lighthouse.SnapshotList,
    "SnapshotStateAnswer": lighthouse.SnapshotState,
    "StreamAnswer": lighthouse.StreamInfo,
    "StreamEvent": lighthouse.StreamPlace,
    "StreamHead": lighthouse.StreamHead,
    "TicketAnswer": lighthouse.Ticket,
    "VerifiedAnswer": lighthouse.SnapshotVerdict,
    "WhoAmIAnswer": lighthouse.WhoAmI,
}


class Documents(unittest.TestCase):
    def test_every_field_is_one_of_the_servers_and_may_be_missing_where_it_may_there(self) -> None:
        schemas = json.loads(OPENAPI.read_text())["components"]["schemas"]
        for name, document in SCHEMAS.items():
            with self.subTest(name):
                hints = get_type_hints(document, include_extras=True)
                self.assertEqual(set(hints), set(schemas[name]["properties"]))
                if getattr(document, "__total__"):
                    required = {field for field, hint in hints.items() if get_origin(hint) is not NotRequired}
                    self.assertEqual(required, set(schemas[name].get("required", ())))


if __name__ == "__main__":
    unittest.main()

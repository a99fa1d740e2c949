"""The peer for a pull: dlt reads the same lists into the same database, in an environment of its own."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

import dlt
from dlt.sources.rest_api import rest_api_source


def pull(address: str, database: str, name: str) -> float:
    """Pull the three lists into a dataset of this name, merged by their ids; returns the seconds."""
    pipeline = dlt.pipeline(
        pipeline_name=name,
        pipelines_dir=os.environ["BENCH_FOLDER"],
        dataset_name=name,
        # dlt asks for a host's name; the driver then takes the socket that the address names.
        destination=dlt.destinations.postgres(database.replace("@/", "@localhost/")),
    )
    source = rest_api_source(
        {
            "client": {"base_url": f"{address}/"},
            "resource_defaults": {"write_disposition": "merge", "max_table_nesting": 0},
            "resources": [
                _resource("items", "flourish/external/api/v1/items", 50, "data", "id"),
                _resource("stock", "flourish/external/api/v1/inventory/summary", 50, "data", "item_id"),
                _resource("products", "leaflink/api/v2/products/", 100, "results", "id"),
            ],
        }
    )
    began = time.perf_counter()
    pipeline.run(source)
    return time.perf_counter() - began


def _resource(name: str, path: str, size: int, rows: str, ref: str) -> Any:
    # Flourish ends its lists with an empty address, which dlt would follow.
    by_offset = {"type": "offset", "limit": size, "total_path": "meta.total"}
    by_address = {"type": "json_link", "next_url_path": "next"}
    return {
        "name": name,
        "primary_key": ref,
        "endpoint": {
            "path": path,
            "params": {"limit": size},
            "data_selector": rows,
            "paginator": by_offset if rows == "data" else by_address,
        },
    }


if __name__ == "__main__":
    seconds = pull(os.environ["BENCH_ADDRESS"], os.environ["BENCH_DATABASE"], os.environ["BENCH_NAME"])
    sys.stdout.write(json.dumps({"seconds": seconds}))

"""The processes: web, worker, schedule, sandbox."""

from __future__ import annotations

import signal
import threading

import click

from portal import config, logs


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=int, envvar="PORT", default=8000, show_default=True)
def web(host: str, port: int) -> None:
    """Serve the pages, webhooks and live events."""
    from portal.asgi import serve

    logs.configure()
    serve(config.from_environment(), host=host, port=port)


@click.command()
def worker() -> None:
    """Work on what is due."""
    from portal.embedded.lifeline import tie_to_parent
    from portal.extensions import new_redis
    from portal.sync import jobs, queues

    logs.configure()
    settings = config.from_environment()
    jobs.prepare()
    # A worker that is killed takes its job along: an orphan would go on beside the next worker's try.
    redis = new_redis(settings.redis_url)
    queues.work(redis, job_begins=tie_to_parent(signal.SIGKILL), job_stops=jobs.stop)


@click.command()
def schedule() -> None:
    """Ring for whatever is due, every few seconds."""
    from portal.sync import cron
    from portal.sync.engine.desk import open_desk

    logs.configure()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    cron.run(open_desk(config.from_environment()), stop)


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def sandbox(arguments: tuple[str, ...]) -> None:
    """Run the simulated LeafLink, Flourish and Ordo (--data DIR, --port N)."""
    from sandbox.__main__ import main

    main(list(arguments))

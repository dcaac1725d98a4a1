"""What a server logs, and how: lines for people, or JSON for programs; on standard error."""

import logging
import logging.config

import structlog

from certgraph.settings import LogFormat, Settings


def configure_logs(settings: Settings) -> None:
    """Log warnings and errors of everything, and a line for each request where that is asked for.

    A line has the time (UTC), the level, who logs, and the request's id where it is of one.
    """
    before: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    after: list[structlog.types.Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta
    ]
    if settings.log_format is LogFormat.JSON:
        after += [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
    else:
        after.append(
            structlog.dev.ConsoleRenderer(
                colors=False,
                # another one, where it is installed, shows the values of variables: people's names
                exception_formatter=structlog.dev.plain_traceback,
            )
        )
    formatter = structlog.stdlib.ProcessorFormatter(foreign_pre_chain=before, processors=after)
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    level = logging.INFO if settings.access_log else logging.WARNING
    logging.getLogger("certgraph.access").setLevel(level)

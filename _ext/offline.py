"""What was read can be read without a network: the service worker."""

import shutil
from pathlib import Path


def service_worker(app, error):
    """Put the service worker at the book's root: it serves only what lies below itself."""
    if not error:
        shutil.copy(Path(__file__).with_name("service-worker.js"), app.outdir)


def setup(app):
    app.connect("build-finished", service_worker)
    return {"parallel_read_safe": True}

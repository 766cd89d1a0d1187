"""The scripts of the live widgets in Node: what their functions return, for the tests."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


def live(parts: list[str], function: str, *data: Any) -> Any:
    """What a JavaScript function returns for `data`; it knows the names of live.js, draw.js ... Infinities are None."""
    node = shutil.which("node") or Path(sys.executable).with_name("node")
    call = [node, ROOT / "tools/live.mjs", ",".join(parts), f"data => ({function})(...data)"]
    done = subprocess.run(call, input=json.dumps(data), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)

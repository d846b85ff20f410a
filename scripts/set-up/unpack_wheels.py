"""Takes the named libraries and torch's headers out of downloaded wheels.

usage: unpack_wheels.py WHEEL_DIR TARGET_DIR LIBRARY...

Writes TARGET_DIR/lib/LIBRARY and TARGET_DIR/include/; whatever else the wheels hold is left out.
Runs on any Python 3.8 or newer and needs nothing but its standard library.
"""

import os
import shutil
import sys
import zipfile


def main(wheel_dir, target_dir, libraries):
    missing = set(libraries)
    for wheel in sorted(os.listdir(wheel_dir)):
        with zipfile.ZipFile(os.path.join(wheel_dir, wheel)) as archive:
            for entry in archive.infolist():
                if entry.is_dir():
                    continue
                if entry.filename.startswith("torch/include/"):
                    relative = entry.filename[len("torch/") :]
                elif os.path.basename(entry.filename) in missing:
                    missing.discard(os.path.basename(entry.filename))
                    relative = "lib/" + os.path.basename(entry.filename)
                else:
                    continue
                target = os.path.join(target_dir, *relative.split("/"))
                os.makedirs(os.path.dirname(target), exist_ok=True)
                with archive.open(entry) as source, open(target, "wb") as out:
                    shutil.copyfileobj(source, out, 1 << 20)
    if missing:
        sys.exit("the wheels in %s lack %s" % (wheel_dir, ", ".join(sorted(missing))))


main(sys.argv[1], sys.argv[2], sys.argv[3:])

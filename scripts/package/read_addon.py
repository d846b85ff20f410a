"""Reads the headers of an addon, of any platform.

usage: read_addon.py ADDON

Prints JSON: format, architecture, libraries, exports, the newest glibc that it needs; for Mach-O, the oldest macOS, symbols
that are bound to no library, and whether its signature is valid. Needs LIEF.
"""

import hashlib
import json
import struct
import sys

import lief


def newest_glibc(binary):
    versions = [
        tuple(int(number) for number in version.name[len("GLIBC_") :].split("."))
        for needed in binary.symbols_version_requirement
        for version in needed.get_auxiliary_symbols()
        if version.name.startswith("GLIBC_")
    ]
    return ".".join(map(str, max(versions))) if versions else None


def signature(binary, file):
    """Returns `ad hoc` or `by somebody` if the hash of every page is as signed; else why it is invalid.

    Numbers are big-endian, as in Apple's `cs_blobs.h`; macOS on arm64 loads nothing whose pages don't match.
    """
    if not binary.has_code_signature:
        return "missing"
    blobs = bytes(file[binary.code_signature.data_offset :][: binary.code_signature.data_size])
    magic, _, count = struct.unpack_from(">III", blobs)
    if magic != 0xFADE0CC0:
        return "damaged"
    for blob in range(count):
        kind, start = struct.unpack_from(">II", blobs, 12 + 8 * blob)
        if kind != 0:
            continue
        directory = blobs[start:]
        _, _, _, flags, hashes, _, _, pages, limit = struct.unpack_from(">9I", directory)
        size, hash_type, _, page_bits = struct.unpack_from(">4B", directory, 36)
        if hash_type != 2:  # SHA-256
            return "of an unknown hash"
        for page in range(pages):
            first = page << page_bits
            signed = directory[hashes + page * size :][:size]
            if hashlib.sha256(file[first : min(first + (1 << page_bits), limit)]).digest() != signed:
                return "not that of its contents"
        if limit != binary.code_signature.data_offset:
            return "not of the whole file"
        return "ad hoc" if flags & 2 else "by somebody"
    return "damaged"


def main(path):
    lief.logging.disable()  # it warns of optional parts
    with open(path, "rb") as opened:
        file = opened.read()
    binary = lief.parse(path)
    if isinstance(binary, lief.ELF.Binary):
        addon = {
            "format": "elf",
            "architecture": binary.header.machine_type.name.lower(),
            "libraries": binary.libraries,
            "exports": [symbol.name for symbol in binary.exported_symbols],
            "glibc": newest_glibc(binary),
        }
    elif isinstance(binary, lief.PE.Binary):
        addon = {
            "format": "pe",
            "architecture": binary.header.machine.name.lower(),
            "libraries": [library.name for library in binary.imports],
            "exports": [function.name for function in binary.exported_functions],
        }
    elif isinstance(binary, lief.MachO.Binary):
        addon = {
            "format": "mach-o",
            "architecture": binary.header.cpu_type.name.lower(),
            "libraries": [
                library.name
                for library in binary.libraries
                if library.command != lief.MachO.LoadCommand.TYPE.ID_DYLIB
            ],
            "exports": [symbol.name for symbol in binary.exported_symbols],
            "macos": ".".join(map(str, binary.build_version.minos[:2])) if binary.has_build_version else None,
            "unbound": sorted(
                symbol.name
                for symbol in binary.imported_symbols
                if not (symbol.has_binding_info and symbol.binding_info.has_library)
            ),
            "signature": signature(binary, file),
        }
    else:
        sys.exit("%s is no library of a known kind" % path)
    json.dump(addon, sys.stdout)


main(sys.argv[1])

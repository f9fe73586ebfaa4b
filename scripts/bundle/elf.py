"""One edit of a shared object: that it looks for libraries in no default place of the machine.

The loader asks the object that wants a library (DF_1_NODEFLIB in its DT_FLAGS_1). The C library is such an object too: a
gateway's nsswitch.conf names modules of the gateway's own C library, which ours must not load."""

import struct
from pathlib import Path

PT_DYNAMIC = 2
DT_NULL, DT_FLAGS_1 = 0, 0x6FFFFFFB
DF_1_NODEFLIB = 0x800


def look_nowhere_else(file: Path) -> None:
    """Sets the flag in place, in one of the empty entries that linkers leave. ValueError: no 64-bit object, or no room."""
    data = bytearray(file.read_bytes())
    if data[:6] != b"\x7fELF\x02\x01":
        raise ValueError(f"{file}: not a little-endian 64-bit object")
    headers, size, count = struct.unpack_from("<Q", data, 32)[0], *struct.unpack_from("<HH", data, 54)
    for at in range(headers, headers + size * count, size):
        kind, _flags, offset, _address, _physical, length = struct.unpack_from("<IIQQQQ", data, at)
        if kind == PT_DYNAMIC:
            _set_flag(data, offset, offset + length, file)
            file.write_bytes(data)
            return
    raise ValueError(f"{file}: nothing dynamic in it")


def _set_flag(data: bytearray, begin: int, end: int, file: Path) -> None:
    for at in range(begin, end, 16):
        tag, value = struct.unpack_from("<qQ", data, at)
        if tag == DT_FLAGS_1:
            struct.pack_into("<Q", data, at + 8, value | DF_1_NODEFLIB)
            return
        if tag == DT_NULL:
            # The entry after it must be empty too: it ends the table from now on.
            if at + 32 > end or struct.unpack_from("<q", data, at + 16)[0] != DT_NULL:
                raise ValueError(f"{file}: no empty entry in its dynamic section")
            struct.pack_into("<qQ", data, at, DT_FLAGS_1, DF_1_NODEFLIB)
            return

"""Writes the archives of this folder: python3 make.py (Python 3.11)."""
import io
import tarfile

LONG = "a/" * 60 + "0123456789abcdef.jpg"
for name, kind in (("ustar", tarfile.USTAR_FORMAT), ("gnu", tarfile.GNU_FORMAT), ("pax", tarfile.PAX_FORMAT)):
    with tarfile.open(f"{name}.tar", "w", format=kind) as tar:
        folder = tarfile.TarInfo("index/0")
        folder.type = tarfile.DIRTYPE
        tar.addfile(folder)
        members = {"./0/0/0/000abc.jpg": b"first", "0/0/1/001abc.JPG": b"x" * 1000, "notes.txt": b"no picture",
                   "0/.hidden/a.jpg": b"hidden", LONG: b"deep", "0/0/0/empty.png": b""}
        if kind == tarfile.PAX_FORMAT:
            members["0/Köln.png"] = b"umlaut"
        for path, content in members.items():
            member = tarfile.TarInfo(path)
            member.size = len(content)
            if kind == tarfile.PAX_FORMAT:
                member.mtime = 1.5  # a header of its own for every member
            tar.addfile(member, io.BytesIO(content))

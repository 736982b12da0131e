"""Cleaned copies of photos: decoded, turned upright, and written anew without anything but the picture.

The worker makes them. What goes wrong with one file is a sentence about that file and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from app.files.pictures import FORMATS, HEIC
from app.files.rules import LARGEST_PIXELS

if TYPE_CHECKING:
    from PIL import Image

LONGEST_COPY, LONGEST_THUMBNAIL = 4096, 480
"""Longest side in pixels."""


class NotDecoded(Exception):
    """The picture cannot be decoded. The sentence says why."""


@dataclass(frozen=True, slots=True)
class Copies:
    """A copy and a thumbnail, both JPEG, with the size of the copy."""

    copy: bytes
    thumbnail: bytes
    width: int
    height: int


def make(original: bytes, mime: str) -> Copies:
    """The copies of a photo. Raises NotDecoded."""
    from PIL import Image, ImageFile, ImageOps

    ImageFile.LOAD_TRUNCATED_IMAGES = False  # WeasyPrint sets it for its whole process
    if mime == HEIC:
        import pillow_heif  # a native decoder that hardly any picture needs

        pillow_heif.register_heif_opener(thumbnails=False)
    try:
        with Image.open(BytesIO(original), formats=[FORMATS[mime]]) as picture:
            if picture.width * picture.height > LARGEST_PIXELS:
                raise NotDecoded("It has too many pixels to be decoded.")
            # JPEG is read at a fraction of its size where that is enough.
            picture.draft("RGB", (LONGEST_COPY, LONGEST_COPY))
            upright = ImageOps.exif_transpose(picture)
            copy = _plain(upright)
    except NotDecoded:
        raise
    except Exception as error:  # Pillow raises whatever foreign bytes make it run into
        raise NotDecoded(f"It cannot be decoded ({type(error).__name__}).") from error
    copy.thumbnail((LONGEST_COPY, LONGEST_COPY))
    written = _jpeg(copy, 90)
    width, height = copy.size
    copy.thumbnail((LONGEST_THUMBNAIL, LONGEST_THUMBNAIL))
    return Copies(written, _jpeg(copy, 80), width, height)


def blank() -> bytes:
    """A picture of nothing, to try on what is done to copies."""
    from PIL import Image

    return _jpeg(Image.new("RGB", (16, 16), "white"), 80)


def _plain(picture: Image.Image) -> Image.Image:
    """The picture in RGB on white, with nothing beside its pixels."""
    from PIL import Image

    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        layer = picture.convert("RGBA")
        ground = Image.new("RGB", layer.size, "white")
        ground.paste(layer, mask=layer.getchannel("A"))
        return ground
    plain = picture.convert("RGB")
    plain.info.clear()
    return plain


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, "JPEG", quality=quality, optimize=True, exif=b"", icc_profile=None)
    return buffer.getvalue()

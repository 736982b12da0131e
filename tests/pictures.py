"""Small pictures, made as phones make them."""

from io import BytesIO

from PIL import Image

PARIS = {1: "N", 2: (48.0, 51.0, 24.0), 3: "E", 4: (2.0, 21.0, 8.0)}
FORMATS = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}


def picture(kind: str = "JPEG", *, place: bool = False, size: tuple[int, int] = (64, 48), colour: str = "red") -> bytes:
    """A picture turned by its EXIF block, which says by which camera and when it was taken, and with `place` where."""
    exif = Image.Exif()
    exif.update({0x0112: 6, 0x010F: "Acme"})
    exif.get_ifd(0x8769).update({0x9003: "2026:11:29 10:00:00", 0x9011: "+01:00"})
    if place:
        exif.get_ifd(0x8825).update(PARIS)
    if kind == "HEIF":
        import pillow_heif

        pillow_heif.register_heif_opener()
        # The encoder turns the picture itself, and says nothing of it in the block.
        buffer = BytesIO()
        Image.new("RGB", size, colour).save(buffer, kind, exif=exif.tobytes(), quality=90)
        return buffer.getvalue()
    buffer = BytesIO()
    Image.new("RGB", size, colour).save(buffer, kind, exif=exif.tobytes())
    return buffer.getvalue()

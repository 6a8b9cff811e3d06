"""The pictures as PNG, for documents that show no inline SVG.

Draws what `llm_ar.evaluation.report.plots` makes: rectangles, circles, lines, and text that may be
turned; the colours are those of the report in its light theme. Pillow's own font, which needs no
installation, draws the letters of ASCII; others become boxes.
"""

from __future__ import annotations

import io
import re
from xml.etree.ElementTree import Element, fromstring

from PIL import Image, ImageDraw, ImageFont

_SCALE = 2
"""Pixels of the PNG for one of the SVG."""
_FINER = 2
"""Drawn so much larger and made smaller, which smooths lines and circles."""
_ZOOM = _SCALE * _FINER
_LETTERS = 12.0

Colour = tuple[int, int, int]
_PAPER: Colour = (255, 255, 255)
_INK: Colour = (28, 36, 48)
_FAINT: Colour = (90, 100, 116)
_GROUND: Colour = (247, 247, 244)
_FILLS: dict[str, Colour] = {
    "right": (47, 111, 222),
    "wrong": (226, 104, 60),
    "ground": _GROUND,
    "dot": _INK,
}
_TEXTS: dict[str, Colour] = {"on-ink": _PAPER, "figure": _INK}
_ANCHORS = {"start": "ls", "middle": "ms", "end": "rs"}
_TURNED = re.compile(r"translate\(([-\d.]+) ([-\d.]+)\) rotate\(([-\d.]+)\)")


def to_png(svg: str) -> bytes:
    """A picture of `plots` as the bytes of a PNG, twice as wide in pixels."""
    picture = fromstring(svg)
    _, _, width, height = map(float, picture.attrib["viewBox"].split())
    image = Image.new("RGB", (round(width * _ZOOM), round(height * _ZOOM)), _PAPER)
    font = ImageFont.load_default(_LETTERS * _ZOOM)
    for element in picture.iter():
        draw = {"rect": _rectangle, "circle": _circle, "line": _line}.get(element.tag)
        if draw is not None:
            draw(image, element)
        elif element.tag == "text":
            _text(image, element, font)
    small = image.resize((image.width // _FINER, image.height // _FINER), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    small.quantize(64).save(file, format="PNG", optimize=True)
    return file.getvalue()


def _numbers(element: Element, *names: str) -> list[float]:
    return [float(element.attrib[name]) * _ZOOM for name in names]


def _rectangle(image: Image.Image, element: Element) -> None:
    x, y, width, height = _numbers(element, "x", "y", "width", "height")
    share = float(element.get("fill-opacity", "1"))
    fill = _FILLS[element.attrib["class"]]
    shade = tuple(
        round(share * ink + (1 - share) * under) for ink, under in zip(fill, _GROUND, strict=True)
    )
    ImageDraw.Draw(image).rectangle((x, y, x + width, y + height), fill=shade)


def _circle(image: Image.Image, element: Element) -> None:
    x, y, radius = _numbers(element, "cx", "cy", "r")
    box = (x - radius, y - radius, x + radius, y + radius)
    ImageDraw.Draw(image).ellipse(box, fill=_FILLS[element.attrib["class"]])


def _line(image: Image.Image, element: Element) -> None:
    """A dashed line."""
    x1, y1, x2, y2 = _numbers(element, "x1", "y1", "x2", "y2")
    length = ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5
    along, across = (x2 - x1) / length, (y2 - y1) / length
    dash = 5.0 * _ZOOM
    pen = ImageDraw.Draw(image)
    for number in range(round(length / dash / 2)):
        begin, end = 2 * number * dash, min((2 * number + 1) * dash, length)
        ends = (x1 + along * begin, y1 + across * begin, x1 + along * end, y1 + across * end)
        pen.line(ends, fill=_FAINT, width=_ZOOM)


def _text(
    image: Image.Image, element: Element, font: ImageFont.FreeTypeFont | ImageFont.ImageFont
) -> None:
    words, colour = element.text or "", _TEXTS.get(element.get("class", ""), _FAINT)
    anchor = _ANCHORS[element.attrib["text-anchor"]]
    turned = _TURNED.fullmatch(element.get("transform", ""))
    if turned is None:
        x, y = _numbers(element, "x", "y")
        ImageDraw.Draw(image).text((x, y), words, fill=colour, font=font, anchor=anchor)
        return
    x, y, angle = float(turned[1]) * _ZOOM, float(turned[2]) * _ZOOM, float(turned[3])
    reach = int(font.getlength(words)) + round(_LETTERS * _ZOOM)
    mask = Image.new("L", (2 * reach, 2 * reach))
    ImageDraw.Draw(mask).text((reach, reach), words, fill=255, font=font, anchor=anchor)
    # SVG turns clockwise, Pillow the other way.
    mask = mask.rotate(-angle, resample=Image.Resampling.BICUBIC)
    image.paste(colour, (round(x) - reach, round(y) - reach), mask)

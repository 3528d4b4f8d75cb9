"""Places on the globe as Redis keeps them: as the score of a member, 52 bits of longitude and
latitude in turns; and the distances between them.

A *cell* is a part of the map: at step n each axis is halved n times. The members in a cell have
scores in one range, so a search looks at the cell of its centre and the eight around it, at a step
that makes them large enough. The formulas are those of the server operation by operation, as every
rounding can show.

>>> score = encoded(13.361389, 38.115556)
>>> score, decoded(score)
(3479099956230698, (13.361389338970184, 38.1155563954963))
>>> text(decoded(score))
b'sqc8b49rny0'

Source: https://redis.io/docs/latest/commands/geoadd/ ; Niemeyer's geohash.org (2008).
"""

from collections.abc import Iterator
from math import asin, cos, pi, sin, sqrt
from typing import NamedTuple

Place = tuple[float, float]
"""(longitude, latitude)."""

LONGITUDE_MAX, LATITUDE_MAX = 180.0, 85.05112878
STEPS = 26
EARTH_RADIUS_M = 6372797.560856
HALF_EQUATOR_M = 20037726.37
DEGREE = pi / 180.0
ALPHABET = b"0123456789bcdefghjkmnpqrstuvwxyz"


class Cell(NamedTuple):
    """A part of the map: its number along each axis, of 2^step."""

    column: int
    row: int
    step: int

    @classmethod
    def around(cls, place: Place, step: int) -> "Cell":
        return cls(
            int(offset(place[0], LONGITUDE_MAX) * (1 << step)),
            int(offset(place[1], LATITUDE_MAX) * (1 << step)),
            step,
        )

    def beside(self, east: int, north: int) -> "Cell":
        """The neighbour there; at its edge the map goes on at the other side.

        SUBTLE: a place on the last meridian is in a column beyond the last, where the server leaves
        it unless it moves along that axis.
        """
        size = 1 << self.step
        column = (self.column + east) % size if east else self.column
        row = (self.row + north) % size if north else self.row
        return Cell(column, row, self.step)

    def scores(self) -> tuple[int, int]:
        """The scores of its members: from the first to before the second."""
        bits, shift = interleaved(self.column, self.row), 2 * (STEPS - self.step)
        return bits << shift, bits + 1 << shift

    def edges(self) -> tuple[float, float, float, float]:
        """West, south, east, north."""
        (west, east), (south, north) = (
            (
                -most + number / (1 << self.step) * 2 * most,
                -most + (number + 1) / (1 << self.step) * 2 * most,
            )
            for number, most in ((self.column, LONGITUDE_MAX), (self.row, LATITUDE_MAX))
        )
        return west, south, east, north


def offset(degrees: float, most: float) -> float:
    return (degrees + most) / (most + most)


def encoded(longitude: float, latitude: float) -> int:
    cell = Cell.around((longitude, latitude), STEPS)
    return interleaved(cell.column, cell.row)


def decoded(score: float) -> Place:
    """The middle of the smallest cell; of what GEOADD did not make, as the server's C has it."""
    bits = as_unsigned(score)
    west, south, east, north = Cell(every_second(bits >> 1), every_second(bits), STEPS).edges()
    longitude, latitude = (west + east) / 2, (south + north) / 2
    return (
        max(-LONGITUDE_MAX, min(longitude, LONGITUDE_MAX)),
        max(-LATITUDE_MAX, min(latitude, LATITUDE_MAX)),
    )


def as_unsigned(score: float) -> int:
    """What a double becomes as C's ``uint64_t`` on the machines that most servers run on."""
    if score >= 1 << 64:
        return 0
    return int(max(score, float(-(1 << 63)))) % (1 << 64)


def interleaved(column: int, row: int) -> int:
    """The bits of both in turns, a bit of the row last."""
    return spread(column) << 1 | spread(row)


def spread(number: int) -> int:
    return int(f"{number:b}", 4)


def every_second(bits: int) -> int:
    """The inverse of `spread`, of the even bits."""
    return int(f"{bits:064b}"[1::2], 2)


def text(place: Place) -> bytes:
    """The usual geohash, whose latitudes go from pole to pole. Of its 55 bits Redis has 52."""
    column = int(offset(place[0], LONGITUDE_MAX) * (1 << STEPS))
    row = int(offset(place[1], 90.0) * (1 << STEPS))
    bits = interleaved(column, row)
    return bytes(ALPHABET[bits >> shift & 31] for shift in range(47, 0, -5)) + b"0"


def distance_m(one: Place, other: Place) -> float:
    """Along a great circle, by the haversine formula."""
    east = sin((other[0] * DEGREE - one[0] * DEGREE) / 2)
    if east == 0.0:
        return along_meridian_m(one, other)
    south, north = one[1] * DEGREE, other[1] * DEGREE
    up = sin((north - south) / 2)
    part = up * up + cos(south) * cos(north) * east * east
    return 2.0 * EARTH_RADIUS_M * asin(sqrt(part))


def along_meridian_m(one: Place, other: Place) -> float:
    return EARTH_RADIUS_M * abs(other[1] * DEGREE - one[1] * DEGREE)


def cells(
    centre: Place, bounds: tuple[float, float, float, float], reach_m: float
) -> Iterator[Cell]:
    """The cells that cover an area, in the order in which the server looks into them.

    ``bounds``: west, south, east and north; ``reach_m``: from the centre to the farthest point.
    """
    west, south, east, north = bounds
    step = step_for(reach_m, centre[1])
    cell = Cell.around(centre, step)
    sides = [cell.beside(*to).edges() for to in ((-1, 0), (0, -1), (1, 0), (0, 1))]
    short = sides[0][0] > west or sides[1][1] > south or sides[2][2] < east or sides[3][3] < north
    if short and step > 1:
        step -= 1
        cell = Cell.around(centre, step)
    its_west, its_south, its_east, its_north = cell.edges()
    last = None
    for to_east, to_north in AROUND:
        useless = (
            (to_east < 0 and its_west < west)
            or (to_east > 0 and its_east > east)
            or (to_north < 0 and its_south < south)
            or (to_north > 0 and its_north > north)
        )
        each = cell.beside(to_east, to_north)
        if not (useless and step >= 2) and each != last:
            yield each
            last = each if (to_east, to_north) != (0, 0) else None


AROUND = ((0, 0), (0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1))
"""The cell itself, then its neighbours: steps to the east and to the north."""


def step_for(reach_m: float, latitude: float) -> int:
    """How often to halve the map so that a cell is about as large as the reach."""
    if reach_m == 0:
        return STEPS
    step = -1
    while reach_m < HALF_EQUATOR_M:
        reach_m *= 2
        step += 1
    step -= (abs(latitude) > 66) + (abs(latitude) > 80)
    return max(1, min(step, STEPS))

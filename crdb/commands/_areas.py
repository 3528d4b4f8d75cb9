"""Areas that a search looks into: a circle, a box, or a polygon.

The formulas are those of the server operation by operation, as every rounding can show.

Source: https://redis.io/docs/latest/commands/geosearch/ ; BYPOLYGON is Valkey's.
"""

from math import atan2, cos, isfinite, nan, sin, sqrt
from typing import NamedTuple, Protocol

from crdb.commands._geohash import DEGREE, EARTH_RADIUS_M, Place, along_meridian_m, distance_m

Bounds = tuple[float, float, float, float]
"""West, south, east and north, in degrees."""


class Area(Protocol):
    @property
    def unit_m(self) -> float:
        """Metres in the unit that distances are shown in."""
        ...

    def bounds(self, centre: Place) -> Bounds: ...

    def reach_m(self, centre: Place) -> float:
        """From the centre to the farthest point."""
        ...

    def holds(self, centre: Place, where: Place) -> bool: ...


class Circle(NamedTuple):
    """What is not farther than the radius."""

    radius_m: float
    unit_m: float

    def bounds(self, centre: Place) -> Bounds:
        return around(centre, self.radius_m, self.radius_m)

    def reach_m(self, centre: Place) -> float:
        return self.radius_m

    def holds(self, centre: Place, where: Place) -> bool:
        return distance_m(centre, where) <= self.radius_m


class Box(NamedTuple):
    """What is inside of a box with sides along the meridians and parallels."""

    width: float
    height: float
    unit_m: float

    def bounds(self, centre: Place) -> Bounds:
        return around(centre, self.unit_m * (self.width / 2), self.unit_m * (self.height / 2))

    def reach_m(self, centre: Place) -> float:
        width, height = self.width / 2, self.height / 2
        return sqrt(width * width + height * height) * self.unit_m

    def holds(self, centre: Place, where: Place) -> bool:
        if along_meridian_m(centre, where) > self.height * self.unit_m / 2:
            return False
        beside = centre[0], where[1]
        return distance_m(where, beside) <= self.width * self.unit_m / 2


class Polygon(NamedTuple):
    """What is inside of straight lines on a map of degrees."""

    corners: tuple[Place, ...]
    unit_m: float = 1.0

    def centre(self) -> Place:
        """The corners' mean in space, seen from the middle of the earth."""
        x = y = z = 0.0
        for longitude, latitude in self.corners:
            east, north = longitude * DEGREE, latitude * DEGREE
            x += cos(north) * cos(east)
            y += cos(north) * sin(east)
            z += sin(north)
        x, y, z = (each / len(self.corners) for each in (x, y, z))
        return atan2(y, x) / DEGREE, atan2(z, sqrt(x * x + y * y)) / DEGREE

    def bounds(self, centre: Place) -> Bounds:
        longitudes, latitudes = zip(*self.corners, strict=True)
        return min(longitudes), min(latitudes), max(longitudes), max(latitudes)

    def reach_m(self, centre: Place) -> float:
        """To the corners of the box around it: the server looks no closer."""
        west, south, east, north = self.bounds(centre)
        corners = ((x, y) for x in (west, east) for y in (south, north))
        return max(distance_m(centre, corner) for corner in corners)

    def holds(self, centre: Place, where: Place) -> bool:
        """Whether a line from there to the east crosses the border an odd number of times."""
        inside, (x, y) = False, where
        before = self.corners[-1]
        for corner in self.corners:
            (x1, y1), (x2, y2) = corner, before
            if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
                inside = not inside
            before = corner
        return inside


def around(centre: Place, width_m: float, height_m: float) -> Bounds:
    """A box by its half sides; the side nearer to a pole spans more degrees."""
    longitude, latitude = centre
    up = height_m / EARTH_RADIUS_M / DEGREE
    polar = latitude - up if latitude < 0 else latitude + up
    # Of an infinite height C's cosine is no number, and every comparison with the box false.
    shrunk = cos(polar * DEGREE) if isfinite(polar) else nan
    aside = width_m / EARTH_RADIUS_M / shrunk / DEGREE
    return longitude - aside, latitude - up, longitude + aside, latitude + up

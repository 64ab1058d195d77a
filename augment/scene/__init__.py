"""What a perturbation is given: the scene before it, and its draw."""

from augment.acoustics.spectrum import Weighting
from augment.scene.draw import Block, Draw, Stage
from augment.scene.scene import Scene
from augment.scene.stems import NoiseRequest, Room, Stem
from augment.scene.track import A_WEIGHTED, FULL_BAND, Shelf, Sounding, Track

__all__ = [
    "A_WEIGHTED",
    "FULL_BAND",
    "Block",
    "Draw",
    "NoiseRequest",
    "Room",
    "Scene",
    "Shelf",
    "Sounding",
    "Stage",
    "Stem",
    "Track",
    "Weighting",
]

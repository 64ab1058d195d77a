"""What a perturbation is handed: the scene before it, and its draw."""

from augment.acoustics.spectrum import Weighting
from augment.scene.dealt import Babble, Dealt, Segment, Spectrum, Standing, Voice
from augment.scene.draw import Block, Draw, Stage
from augment.scene.scene import Scene
from augment.scene.stems import NoiseRequest, Room, Stem
from augment.scene.track import A_WEIGHTED, FULL_BAND, Shelf, Sounding, Track

__all__ = [
    "A_WEIGHTED",
    "FULL_BAND",
    "Babble",
    "Block",
    "Dealt",
    "Draw",
    "NoiseRequest",
    "Room",
    "Scene",
    "Segment",
    "Shelf",
    "Sounding",
    "Spectrum",
    "Stage",
    "Standing",
    "Stem",
    "Track",
    "Voice",
    "Weighting",
]

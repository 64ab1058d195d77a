"""What a perturbation is handed: the scene before it, and its draw."""

from augment.scene.dealt import Babble, Dealt, Segment, Spectrum, Standing, Voice
from augment.scene.draw import Draw, Stage
from augment.scene.scene import Scene
from augment.scene.stems import A_WEIGHTED, FULL_BAND, Memo, NoiseRequest, Room, SnrDefinition, Stem

__all__ = [
    "A_WEIGHTED",
    "FULL_BAND",
    "Babble",
    "Dealt",
    "Draw",
    "Memo",
    "NoiseRequest",
    "Room",
    "Scene",
    "Segment",
    "SnrDefinition",
    "Spectrum",
    "Stage",
    "Standing",
    "Stem",
    "Voice",
]
